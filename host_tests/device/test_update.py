"""An update of the running firmware, over HTTP, at a simulated site with cars that charge."""

import json
import shutil
import socket
import threading
import time
from pathlib import Path

import pytest
from amprail_tools import UserError, keys, ota
from amprail_tools.build import build, compile_file
from amprail_tools.bundle import joined, manifest_of, slot_files
from amprail_tools.launch import Firmware
from device.owner import PASSWORD, Owner

CHARGERS = 8
HEAP_KB = 192  # in 160 there is room for an update, or for the settings over HTTP
SITE = {"limit_ma": 125000, "largest_consumer_ma": 16000, "supply_ma": 125000, "lag_s": (1, 2)}
SITE |= {"phases": ["123"] * CHARGERS, "car_phases": [3] * CHARGERS}
QUIET = [8000, 8000, 8000]
LOUD = [60000, 60000, 60000]


class Board:
    """The Unix port in the place of a board: all on one file system, and started again whenever
    the launcher ends, which is what a reset does."""

    def __init__(self, one, root: Path, heap_kb: int = HEAP_KB):
        self.one = one
        self.root = root
        self.heap_kb = heap_kb
        shutil.copytree(build(), root, symlinks=True)
        shutil.copytree(one.firmware.data_dir, root / "data")
        self.starts = 0
        self.since = 0.0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self):
        while not self._end.is_set():
            port = self.one.firmware.port
            serial = self.one.site.serial
            firmware = Firmware(self.root, self.root / "data", serial, port, self.heap_kb)
            self.one.firmware = firmware
            firmware.start()
            self.starts += 1
            while firmware.poll() is None and not self._end.wait(0.02):
                pass
            firmware.stop()

    @property
    def owner(self):
        """Its owner, at another computer."""
        owner = ota.Device(f"127.0.0.1:{self.one.firmware.port}", password=PASSWORD)
        owner.log_in()
        return owner

    def stop(self):
        self._end.set()
        self._thread.join()

    def ready(self):
        """What it runs, once it answers."""
        end = time.monotonic() + 60
        while True:
            try:
                return self.owner.state()
            except Exception:
                if time.monotonic() > end:
                    raise
                time.sleep(0.1)

    def healthy(self):
        """As if two minutes had passed, which test_health.py lets pass."""
        self.ready()
        slot = self.data("slot")[0]
        (self.root / "data" / "slot").write_text(slot)
        (self.root / "data" / "good").write_text(slot)

    def data(self, name):
        return (self.root / "data" / name).read_text()

    def wait(self, condition, what, seconds=60):
        end = time.monotonic() + seconds
        while not condition():
            assert time.monotonic() < end, (
                f"not within {seconds} s: {what}\n{self.one.firmware.lines}"
            )
            time.sleep(0.05)


@pytest.fixture
def key(tmp_path):
    path = tmp_path / "keys" / "key.pem"
    keys.make(path)
    return path


@pytest.fixture
def board(device, tmp_path, key):
    """A board whose eight chargers charge; its version has shown that it works."""
    one = device(chargers=CHARGERS, start=False, heap_kb=HEAP_KB, **SITE)
    one.site.house.set(QUIET)
    made = Board(one, tmp_path / "root")
    shutil.copy(keys.public_path(key), made.root / "data" / "update_key.pem")
    try:
        made.wait(lambda: claimed(one.firmware), "it can be claimed")
        made.healthy()
        one.site.begin()
        one.wait_for_cars(CHARGERS, 60)
        made.since = time.monotonic()
        yield made
    finally:
        made.stop()


def bundle(key, number, replaced=()):
    """A bundle of this build as version `number`, with other content of some files."""
    files = [(path, dict(replaced).get(path, body)) for path, body in slot_files(build() / "a")]
    manifest = manifest_of(files, number)
    return joined(manifest, keys.signature_of(manifest, keys.read_private(key)), files)


def claimed(firmware):
    try:
        return Owner(firmware.port).claim().status == 200
    except OSError:
        return False


def states(status):
    return [row["state"] for row in status["chargers"]]


def stopped(board):
    """Every setpoint of 0 that a charger got."""
    return [
        (round(at - board.since, 1), charger.told_ma)
        for charger in board.one.site.chargers
        for at, ma, _ in charger.writes
        if ma == 0 and at > board.since
    ]


def test_an_update_is_received_while_control_goes_on_and_stops_no_car(board, key):
    content = bundle(key, "0.2.0")
    one = board.one
    board.owner.prepare()
    board.wait(lambda: sum(one.told_ma()) > 100_000, "they charge with all there is")
    starts = board.starts
    fields = {"Content-Length": len(content), **board.owner.fields("PUT")}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    head = f"PUT /api/update HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n".encode()
    with socket.create_connection(("127.0.0.1", one.firmware.port), 30) as upload:
        upload.sendall(head + content[: len(content) // 2])
        board.wait((board.root / "new" / "app").exists, "half of it is there")
        before = sum(one.told_ma())
        one.site.house.set(LOUD)
        at = len(content) // 2
        while sum(one.told_ma()) > before * 0.8 and at < len(content) - 100:
            upload.sendall(content[at : at + 100])
            at += 100
            time.sleep(0.05)
        assert sum(one.told_ma()) <= before * 0.8, "the cars give way during the upload"
        assert not (board.root / "b").exists(), "the upload is not at its end yet"
        upload.sendall(content[at:])
        answer = upload.makefile("rb").read()
    assert answer.endswith(b'{"version":"0.2.0","restart":true}\n'), answer
    board.wait(lambda: board.starts == starts + 1, "it starts again")
    state = board.ready()
    assert (state["version"], state["slot"], state["other"]) == ("0.2.0", "b", "0.1.0")
    assert state["trial"] and board.data("slot") == "b1"
    assert board.data("answered") == f"1 {CHARGERS} chargers 125000 mA"
    one.wait_for(lambda s: s["grid"]["ok"] and states(s) == ["C"] * CHARGERS, 30, "it controls")
    one.wait_for(lambda _: one.drawing() == CHARGERS, 30, "all cars charge")
    assert not stopped(board)
    assert state["resets"][-2]["ended"] == 3


def test_a_version_that_does_not_become_healthy_is_undone_by_itself(board, key, tmp_path):
    source = tmp_path / "build.py"
    source.write_text("1 / 0\n")
    compile_file(source, tmp_path / "build.mpy", "app.build")
    content = bundle(key, "0.2.0", [("app/build.mpy", (tmp_path / "build.mpy").read_bytes())])
    assert board.owner.send(content)["version"] == "0.2.0"
    board.wait(lambda: board.data("slot") == "a4", "three tries, and the old one")
    state = board.ready()
    assert (state["version"], state["slot"], state["other"]) == ("0.1.0", "a", "0.2.0")
    died = [line["died"] for line in state["resets"] if "died" in line]
    assert len(died) == 3 and all("ZeroDivision" in text for text in died), died
    board.one.wait_for(lambda s: s["grid"]["ok"], 30, "it controls")
    assert not stopped(board)


def test_a_bundle_of_somebody_else_is_refused_and_the_owners_new_key_is_not(board, key, tmp_path):
    other = tmp_path / "other.pem"
    keys.make(other)
    device = board.owner
    device.ask("POST", "/api/update", b"")
    device.wait(lambda now: now["ready"] and board.starts == 2)
    before = sorted(board.root.rglob("*"))
    with pytest.raises(UserError, match="refused: the bundle is not signed by the key"):
        device.send(bundle(other, "0.2.0"))
    with pytest.raises(UserError, match=r"0.0.9 is older than 0.1.0"):
        device.send(bundle(key, "0.0.9"))
    assert sorted(board.root.rglob("*")) == before
    assert board.starts == 2 and board.data("slot") == "a1"
    for wrong in (b"", b"x", other.read_bytes()[:1000]):
        with pytest.raises(UserError, match="it has no key"):
            device.ask("PUT", "/api/update/key", wrong)
    public = keys.public_path(other).read_bytes()
    assert device.put_key(public) == public
    assert json.dumps(device.state()["resets"][0]["cause"]) == '"started"'
    with pytest.raises(UserError, match="not signed"):
        device.send(bundle(key, "0.2.0"))
    assert not stopped(board)


def test_a_computer_is_not_updated_over_the_network(device, key):
    one = device(chargers=1, heap_kb=HEAP_KB)
    shutil.copy(keys.public_path(key), one.firmware.data_dir / "update_key.pem")
    address = f"127.0.0.1:{one.firmware.port}"
    token = (one.firmware.data_dir / "token").read_text()
    with pytest.raises(UserError, match="it wants its token"):
        ota.Device(address).send(b"")
    with pytest.raises(UserError, match="it wants its token"):
        ota.Device(address, "another token").send(b"")
    for path in ("", "/key"):
        with pytest.raises(UserError, match="it has no key" if path else "it is a computer"):
            known = ota.Device(address, token)
            known.log_in()
            known.ask("PUT", "/api/update" + path, bundle(key, "0.2.0")[:200])


def test_what_runs_is_told_with_little_memory_too(device, key):
    one = device(chargers=1, heap_kb=160)
    shutil.copy(keys.public_path(key), one.firmware.data_dir / "update_key.pem")
    one.wait_for(lambda _: claimed(one.firmware), 10, "it can be claimed")
    owner = Owner(one.firmware.port)
    one.wait_for(lambda _: owner.log_in().status == 200, 10, "it lets its owner in")
    told = []

    def tell(_):
        told.append(owner.ask("GET", "/api/update"))
        return told[-1].status == 200

    one.wait_for(tell, 10, "it says what runs")
    assert (told[-1].json["version"], told[-1].json["other"]) == ("0.1.0", None)
    assert told[-1].json["key"] == keys.fingerprint(keys.public_path(key).read_bytes())
