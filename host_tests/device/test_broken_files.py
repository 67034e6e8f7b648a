"""Whatever is wrong with its files, a board starts: nothing is raised without settings, the page
says why, and new settings mend it."""

import json
import time

import pytest
from device.conftest import free_port
from device.owner import PASSWORD
from device.test_wifi import CODE, HEAP_KB, Box, box

__all__ = ["box", "free_port"]

# As few bytes as can be for 170 KB of empty lists.
MEMORY = b'{"limit_ma":63000,"supply_ma":63000,"x":[' + b"[]," * 2700 + b"[]]}"
UNKNOWN = b'{"limit_ma":63000,"supply_ma":63000,"meter":{"type":"nonesuch"}}'

BROKEN = {
    "is not JSON": b'{"limit_ma": 63000, "supply_ma',
    "memory allocation failed": MEMORY,
    "a value expected": b"",
    "is not UTF-8": b'{"name": "\xff"}',
    "is not an object": b"[1]",
    "is missing and has no default": b"{}",
    "5 mA is below 16000..524000 mA": b'{"limit_ma":5,"supply_ma":63000}',
    "is longer than 8192 bytes": b'{"limit_ma":63000,"supply_ma":63000}' + b" " * 300000,
    "'nonesuch': is not known": UNKNOWN,
}


def warnings(status, code):
    return [one["error"] for one in status["warnings"] if one["code"] == code]


def wait_for(box, condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition(status := box.firmware.status(timeout_s=3)):
        assert time.monotonic() < end, f"not within {seconds} s: {what}\n{status}"
        time.sleep(0.1)
    return status


def is_told(box, least_ma, most_ma):
    return all(least_ma <= charger.told_ma <= most_ma for charger in box.site.chargers)


def test_whatever_is_in_site_json_a_board_runs_and_says_why_nothing_is_raised(box):
    path = box.data / "site.json"
    for why, raw in BROKEN.items():
        path.write_bytes(raw)
        box.start_again()
        status = box.firmware.status()
        assert [why in error for error in warnings(status, "bad_site")] == [True], status
        assert (status["site"]["limit_ma"], status["budget_ma"]) == (0, [0, 0, 0])
        assert path.read_bytes() == raw, "it is kept until there are others"
    path.unlink()
    path.mkdir()
    box.start_again()
    assert "cannot be read" in warnings(box.firmware.status(), "bad_site")[0]
    path.rmdir()
    box.start_again()
    assert warnings(box.firmware.status(), "bad_site") == []


def test_cars_pause_when_the_limit_is_lost_until_the_owner_has_saved_settings(box):
    box.start()
    for car in box.site.cars:
        car.plug_in()
    wait_for(box, lambda _: is_told(box, 6000, 32000), 30, "both charge")
    path = box.data / "site.json"
    good = json.loads(path.read_text())
    broken = json.dumps({**good, "limit_ma": 630000})
    path.write_text(broken)
    box.start_again()
    wait_for(box, lambda _: is_told(box, 0, 0), 30, "both pause: a missing limit is 0 A")
    assert box.owner.log_in(PASSWORD).status == 200
    shown = box.owner.ask("GET", "/api/settings").json
    assert shown["site"] is None and len(shown["chargers"]) == 2
    assert shown["error"] == "site.json: limit_ma: 630000 mA is above 16000..524000 mA"
    assert json.loads(box.owner.ask("GET", "/api/backup").body)["site"]["limit_ma"] == 630000
    assert box.owner.ask("GET", "/api/report").json["error"] == shown["error"]
    charger = {**shown["chargers"][0], "min_ma": 8000}
    assert box.owner.ask("PUT", "/api/chargers/1", charger).status == 200
    assert warnings(box.firmware.status(), "bad_site") == [shown["error"]]

    assert box.owner.ask("PUT", "/api/site", {**good, "limit_ma": 1}).code == "setting"
    assert path.read_text() == broken
    assert box.owner.ask("PUT", "/api/site", good).code == "confirm"
    proof = box.owner.confirmed()
    assert box.owner.ask("PUT", "/api/site", good, proof).status == 200
    status = wait_for(box, lambda s: min(s["budget_ma"]) >= 6000, 20, "there is room again")
    assert status["grid"]["ok"] and warnings(status, "bad_site") == []
    assert box.firmware.poll() is None and status["restarts"] == 0


@pytest.fixture
def roomy(tmp_path, free_port):
    """A board with the memory for a restore."""
    made = Box(tmp_path, free_port(), HEAP_KB + 32)
    yield made
    made.stop()


def test_a_backup_mends_it_and_what_the_parser_let_through_is_not_taken_for_in_force(roomy):
    box = roomy
    box.start()
    backup = box.owner.ask("GET", "/api/backup").json
    path = box.data / "site.json"
    # MicroPython's own parser takes this for good; no meter is read by it.
    path.write_text(path.read_text().replace(":", " ", 1))
    box.start_again()
    assert warnings(box.firmware.status(), "bad_site")
    assert box.owner.log_in(PASSWORD).status == 200
    assert box.owner.ask("PUT", "/api/backup", backup, box.owner.confirmed()).status == 200
    status = wait_for(box, lambda s: s["grid"]["ok"], 20, "the meter is read")
    assert warnings(status, "bad_site") == []


def test_files_of_anything_at_all_do_not_keep_a_board_from_starting(box):
    lists = b'{"id":1,"x":[' + b"[]," * 330 + b"[]]}\n"
    noise = bytes(range(256)) * 40
    for raw in (noise, noise.replace(b"\n", b"") * 40, b"\n" * 200000, lists * 200):
        for name in ("chargers.jsonl", "wifi.json", "ap", "login.json", "token", "update_key.pem"):
            (box.data / name).write_bytes(raw)
        for name in ("claim", "resets", "answered", "good", "died"):
            (box.data / name).write_bytes(raw)
        box.start_again()
        box.firmware.status()
    (box.data / "login.json").unlink()
    (box.data / "claim").write_text(CODE)
    (box.data / "chargers.jsonl").write_bytes(b"\n" * 200000)
    box.start_again()
    assert box.owner.claim(code=CODE).status == 200
    assert box.owner.ask("GET", "/api/settings").json["chargers"] == []
    line = {"driver": "warp", "url": "http://127.0.0.1:1"}
    assert box.owner.ask("PUT", "/api/chargers/1", line).status == 200
    assert len((box.data / "chargers.jsonl").read_bytes().splitlines()) == 511
    for name in ("chargers.jsonl", "wifi.json", "ap", "login.json", "update_key.pem", "resets"):
        (box.data / name).unlink()
        (box.data / name).mkdir()
    for name in ("factory_settings", "both.restored"):
        (box.data / name).mkdir()
    box.start_again()
    status = box.firmware.status()
    assert [charger["booked_ma"] for charger in status["chargers"]] == [[32000] * 3]
    assert "cannot be read" in warnings(status, "bad_charger")[0]
