"""Promises of the design, seen from outside: bytes of a meter in, requests to chargers out."""

import json
import signal
import socket
import subprocess
import sys
import threading
import time

from amprail_tools import ROOT
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from device.conftest import SLACK_S, codes

# Three cars of 16 A fit under this connection with a quiet house, and not with a loud one.
SITE = {"limit_ma": 63000, "largest_consumer_ma": 32000, "supply_ma": 63000, "lag_s": (1, 2)}
HOUSE = [8000, 8000, 8000]
LOUD = [30000, 30000, 30000]


def quiet(device):
    device.site.house.set(HOUSE)
    return device


def test_a_load_step_is_answered_before_the_fuse_could_mind(device):
    one = quiet(device(chargers=3, phases=["123"] * 3, car_phases=[3] * 3, **SITE))
    one.wait_for_cars(3)
    time.sleep(8)
    before = sum(one.told_ma())
    one.site.house.set(LOUD)
    time.sleep(7)
    assert max(one.site.phase_ma) <= 63000
    assert 0 < sum(one.told_ma()) < before
    assert one.site.record.seconds_beyond_reaction == 0


def test_a_silent_meter_leaves_the_cars_the_fallback_and_says_so_and_comes_back(device):
    meter = {"type": "eastron_sdm630", "lost_after_s": 3}
    one = quiet(device(chargers=2, meter=meter, without_meter_ma=7000, **SITE))
    one.wait_for_cars(2)
    one.site.meter.silence(True)
    status = one.wait_for(lambda s: "meter_lost" in codes(s), 3 + SLACK_S, "the meter is lost")
    assert status["grid"]["ok"] is False and status["grid"]["phase_ma"] is None
    assert status["readings"]["timeout"] > 0
    one.wait_for(lambda _: sum(one.told_ma()) <= 7000, SLACK_S, "the cars share 7 A")
    one.site.meter.silence(False)
    one.wait_for(lambda s: s["grid"]["ok"], SLACK_S, "the meter is back")
    one.wait_for(lambda _: max(one.told_ma()) > 7000, 20, "the cars get more again")


def test_the_meters_dongle_pulled_out_and_put_back_is_found_again_within_2_s(device):
    one = quiet(device(chargers=1, **SITE))
    one.wait_for(lambda s: s["grid"]["ok"], 3, "the meter answers")
    one.site.unplug_line()
    time.sleep(1.5)
    one.site.plug_in_line()
    read = one.status()["readings"]["ok"]
    one.wait_for(lambda s: s["readings"]["ok"] > read, 2, "the meter is read again")


def test_a_charger_that_disappears_is_reserved_for_and_found_again(device):
    one = quiet(device(chargers=3, defaults_ma=6000, **SITE))
    one.wait_for_cars(3)
    told = one.told_ma()[0]
    one.site.chargers[0].disappear()
    status = one.wait_for(lambda s: s["chargers"][0]["state"] == "?", 14, "it is unreachable")
    assert codes(status)[0] == "unreachable"
    assert max(status["chargers"][0]["booked_ma"]) >= told
    assert status["chargers"][1]["state"] == "C"
    one.site.chargers[0].appear()
    one.wait_for(lambda s: s["chargers"][0]["state"] == "C", 12, "it is found again")


def test_a_charger_that_accepts_and_never_answers_does_not_delay_the_others_cut(device):
    one = quiet(device(chargers=4, phases=["123"] * 4, car_phases=[3] * 4, **SITE))
    one.wait_for_cars(4)
    one.site.chargers[0].disappear(mute=True)
    one.wait_for(lambda s: s["chargers"][0]["state"] == "?", 14, "it is unreachable")
    told = one.told_ma()
    one.site.house.set(LOUD)
    one.wait_for(
        lambda _: all(new < old for new, old in zip(one.told_ma()[1:], told[1:], strict=True)),
        1 + SLACK_S,
        "the other three are cut",
    )


def test_chargers_that_accept_and_never_answer_do_not_keep_the_others_from_being_asked(device):
    one = quiet(device(chargers=6, **SITE))
    for charger in one.site.chargers[:4]:
        charger.disappear(mute=True)
    one.wait_for(lambda s: s["failures"] >= 12, 30, "the silent four are given up")
    status = one.wait_for(
        lambda s: [c["state"] for c in s["chargers"][:4]] == ["?"] * 4, 5, "and said to be silent"
    )
    assert [c["state"] for c in status["chargers"][4:]] == ["A", "A"]
    for charger in one.site.chargers[:4]:
        charger.appear()
    one.wait_for(
        lambda s: [c["state"] for c in s["chargers"]] == ["A"] * 6, 30, "all four come back"
    )


def test_web_clients_that_say_nothing_are_gone_after_2_s(device):
    one = quiet(device(chargers=1, **SITE))
    silent = [socket.create_connection(("127.0.0.1", one.firmware.port)) for _ in range(3)]
    try:
        time.sleep(3)
        assert one.status()["uptime_s"] >= 2
    finally:
        for client in silent:
            client.close()


def test_a_charger_that_answers_200_and_ignores_the_value_is_seen_and_made_room_for(device):
    one = quiet(device(chargers=3, phases=["123"] * 3, car_phases=[3] * 3, **SITE))
    one.wait_for_cars(3)
    one.site.chargers[0].ignore_writes(True)
    one.site.house.set(LOUD)
    status = one.wait_for(lambda s: codes(s)[0] == "not_obeying", 12, "it is seen")
    assert max(status["chargers"][0]["booked_ma"]) > status["chargers"][0]["set_ma"]
    one.wait_for(lambda _: max(one.site.phase_ma) <= 63000, 12, "the fuse holds")
    one.site.chargers[0].ignore_writes(False)
    one.wait_for(lambda s: codes(s)[0] != "not_obeying", 12, "it is trusted again")


def test_a_restart_in_mid_charge_stops_no_car(device):
    one = quiet(device(chargers=3, **SITE))
    one.wait_for_cars(3)
    assert one.firmware.stop() == 0
    offered = [charger.offered_ma for charger in one.site.chargers]
    zeros = []
    watch = threading.Event()

    def look():
        while not watch.wait(0.02):
            zeros.extend(c.told_ma for c in one.site.chargers if c.told_ma == 0)

    old = one.firmware
    one.firmware = Firmware(build(), old.data_dir, one.site.serial, old.port)
    thread = threading.Thread(target=look)
    thread.start()
    try:
        one.start()
        time.sleep(8)
    finally:
        watch.set()
        thread.join()
        one.firmware.stop()
    assert not zeros
    assert [charger.offered_ma > 0 for charger in one.site.chargers] == [True] * 3
    assert min(offered) > 0


def test_bad_lines_of_chargers_are_reserved_for_and_the_others_go_on(device):
    def spoil(data_dir):
        with open(data_dir / "chargers.jsonl", "a") as file:
            file.write('{"id":1,"driver":"warp","url":"http://127.0.0.1:1"}\n')
            file.write('{"id":7,"driver":"nonesuch","url":"http://127.0.0.1:1"}\n')
            file.write("\x00\x01 no JSON at all\n" + "x" * 5000 + "\n")

    one = quiet(
        device(data=spoil, chargers=1, **{**SITE, "limit_ma": 250000, "supply_ma": 250000})
    )
    status = one.wait_for(lambda s: s["chargers"][0]["state"] == "A", 5, "the good one is read")
    assert codes(status)[1:] == ["bad_settings"] * 4
    assert [charger["booked_ma"] for charger in status["chargers"][1:]] == [[32000] * 3] * 4
    errors = [w["error"] for w in status["warnings"] if w["code"] == "bad_charger"]
    assert any("used by a line before" in error for error in errors)
    assert any("nonesuch" in error for error in errors)
    one.wait_for_cars(1)


def test_a_site_that_cannot_be_used_ends_with_2_and_one_clear_line(device):
    def spoil(data_dir):
        (data_dir / "site.json").write_text('{"limit_ma": 5, "supply_ma": 63000}')

    one = device(data=spoil, chargers=1, start=False)
    one.firmware.start()
    end = time.monotonic() + 10
    while one.firmware.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    assert one.firmware.poll() == 2
    said = [line for line in one.firmware.lines if "limit_ma" in line]
    assert len(said) == 1 and "16000..524000 mA" in said[0]


def test_the_status_keeps_the_contract(device):
    one = quiet(device(chargers=2, **SITE))
    status = one.wait_for(lambda s: s["grid"]["ok"], 5, "the meter answers")
    assert {"uptime_s", "cycle", "grid", "budget_ma", "chargers", "loop", "heap"} <= set(status)
    assert set(status["grid"]) == {
        "ok",
        "age_ms",
        "phase_ma",
        "target_ma",
        "largest_jump_ma",
        "trouble",
    }
    assert status["grid"]["target_ma"] == 56200
    for charger in status["chargers"]:
        assert charger["state"] in "ABCDEF?"
        assert len(charger["booked_ma"]) == 3
        assert isinstance(charger["reason"]["code"], str)
    assert set(status["loop"]) >= {"cycle_us", "stretch_p999_us"}
    assert set(status["heap"]) == {"used", "free"}


def test_a_meter_that_never_answers_starts_no_car(device):
    def wrong_address(data_dir):
        site = json.loads((data_dir / "site.json").read_text())
        site["meter"]["address"] = 9
        (data_dir / "site.json").write_text(json.dumps(site))

    one = quiet(device(data=wrong_address, chargers=1, **SITE))
    one.wait_for(lambda _: one.told_ma() == [0], 10, "without a car it is told 0")
    one.site.cars[0].plug_in()
    one.wait_for(lambda s: s["chargers"][0]["state"] == "B", 10, "its car is seen")
    tried = one.status()["readings"]["timeout"]
    status = one.wait_for(lambda s: s["readings"]["timeout"] >= tried + 6, 10, "nobody answers")
    assert not status["grid"]["ok"] and status["grid"]["age_ms"] is None
    assert one.told_ma() == [0] and status["restarts"] == 0


def run_command(data_dir, serial, port):
    command = [sys.executable, str(ROOT / "tools/amprail"), "run", "--data", str(data_dir)]
    command += ["--serial", serial, "--port", str(port)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children") as file:
        return [int(child) for child in file.read().split()]


# A process that has ended and that nobody has asked for its exit code is gone as well.
def runs(pid):
    try:
        with open(f"/proc/{pid}/stat") as file:
            return file.read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(pid, within_s):
    end = time.monotonic() + within_s
    while runs(pid) and time.monotonic() < end:
        time.sleep(0.05)
    return not runs(pid)


def test_three_at_once_share_nothing_and_a_killed_command_leaves_no_firmware(device, free_port):
    sites = [device(chargers=1, start=False, **SITE) for _ in range(3)]
    commands = []
    try:
        for one in sites:
            one.site.house.set(HOUSE)
            one.firmware.port = free_port()
            data_dir = one.firmware.data_dir
            commands.append(run_command(data_dir, one.site.serial, one.firmware.port))
        for one in sites:
            end = time.monotonic() + 20
            while True:
                try:
                    if one.firmware.status(timeout_s=1)["grid"]["ok"]:
                        break
                except (OSError, ValueError):
                    pass
                assert time.monotonic() < end, "not ready"
                time.sleep(0.1)
        firmware = children(commands[0].pid)
        assert firmware
        commands[0].kill()
        assert all(gone(pid, 2) for pid in firmware)
        commands[1].send_signal(signal.SIGINT)
        commands[2].send_signal(signal.SIGTERM)
        for run in commands[1:]:
            out, _ = run.communicate(timeout=2.5)
            assert run.returncode == 0
            assert json.loads(out)["readings"]["ok"] > 0
    finally:
        for run in commands:
            if run.poll() is None:
                run.kill()
            run.communicate()
