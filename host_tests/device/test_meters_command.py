"""`tools/amprail meters` on a line with several meters, through the firmware's own port."""

import json
import os
import signal
import subprocess
import sys
import time

import pytest
from amprail_tools import ROOT, UserError, meters, meters_text, use_device_code
from amprail_tools.sim.bus import Bus
from amprail_tools.sim.loop_thread import LoopThread
from amprail_tools.sim.meter import Meter

COMMAND = [sys.executable, str(ROOT / "tools" / "amprail"), "meters", "--serial"]
TRUTH_MA = [7500, -5000, 16000]


@pytest.fixture
def thread():
    thread = LoopThread("bus")
    yield thread
    thread.stop()


@pytest.fixture
def bus(thread):
    bus = Bus()
    thread.call(bus.start)
    yield bus
    thread.call(bus.stop)


def connect(thread, bus, kind, *setting, address=1):
    meter = Meter(bus.tap(*setting), lambda: TRUTH_MA, address=address, noise_a=0, type=kind)
    thread.call(meter.start)
    return meter


def search(bus, *arguments):
    command = [*COMMAND, bus.path, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def test_three_meters_at_different_speeds_and_parities_are_found(thread, bus):
    connect(thread, bus, "eastron_sdm630", 9600, address=1)
    connect(thread, bus, "cg_em3xx", 19200, address=2)
    connect(thread, bus, "abb_b23", 38400, "E", address=1)
    done = search(bus, "--baud", 9600, 19200, 38400, "--address", 1, 2, "--json")
    assert done.returncode == 0, done.stderr
    result = json.loads(done.stdout)
    found = {meter["types"][0]: meter for meter in result["meters"]}
    assert {name: (meter["line"], meter["address"]) for name, meter in found.items()} == {
        "eastron_sdm630": ([9600, "N", 1], 1),
        "cg_em3xx": ([19200, "N", 1], 2),
        "abb_b23": ([38400, "E", 1], 1),
    }
    for meter in found.values():
        assert meter["signed"] and not meter["trouble"]
        assert meter["phase_ma"] == pytest.approx(TRUTH_MA, abs=10)
        assert meter["phase_v"] == pytest.approx([230] * 3, abs=2)
        assert meter["phase_w"] == pytest.approx([1725, -1150, 3680], rel=0.02)
    assert result["noisy"] == [] and not result["interrupted"]
    assert "found: ABB B23" in done.stderr and "\x1b" not in done.stderr


def test_the_line_for_the_settings_is_one_that_they_take(thread, bus):
    connect(thread, bus, "cg_em3xx", 38400, "E", address=5)
    done = search(bus, "--baud", 38400, "--address", 5)
    assert done.returncode == 0, done.stderr
    assert "Carlo Gavazzi EM330/EM340" in done.stdout and "38400 8E1, address 5" in done.stdout
    assert '"invert": true' in done.stdout
    line = next(line for line in done.stdout.splitlines() if "in site.json: " in line)
    use_device_code()
    from settings.schema import check_site

    meter = json.loads("{" + line.partition("in site.json: ")[2] + "}")
    site = check_site({"limit_ma": 63000, "supply_ma": 63000, **meter})
    assert site["meter"]["type"] == "cg_em3xx" and site["meter"]["address"] == 5


def test_where_nothing_answers_it_says_what_to_look_at(bus):
    done = search(bus, "--baud", 57600, "--address", 1)
    assert done.returncode == 1
    for words in ("swapped", "Carlo Gavazzi and ABB", "no power", "120 ohms", "Another master"):
        assert words in done.stdout


def test_what_cannot_be_read_is_named_with_the_setting(thread, bus):
    bus.tap(57600).receive = lambda data: bus.send(b"\x55\x99\x12\xfe")
    done = search(bus, "--baud", 57600, "--address", 1)
    assert done.returncode == 1
    assert "not readable at 57600 8N1" in done.stdout
    assert "57600 8E1" not in done.stdout


def test_a_cable_that_is_pulled_ends_it_with_one_line(thread, bus):
    tap = bus.tap(57600)
    tap.receive = lambda data: bus.unplug()
    done = search(bus, "--baud", 57600, "--address", 1, 2)
    assert done.returncode == 1
    last = done.stderr.splitlines()[-1]
    assert last.startswith("amprail: ") and bus.path in last, done.stderr


def test_a_program_that_is_no_micropython_is_one_line(bus):
    done = search(bus, "--micropython", "/bin/true")
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr


def test_ctrl_c_shows_what_was_found_until_then(thread, bus):
    connect(thread, bus, "eastron_sdm630", 9600)
    command = [*COMMAND, bus.path, "--all-addresses"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    for line in process.stderr:
        if "found:" in line:
            process.send_signal(signal.SIGINT)
            break
    shown, _ = process.communicate(timeout=20)
    assert process.returncode == 0
    assert "Eastron SDM630" in shown and "ended early" in shown
    requests = bus.requests
    time.sleep(0.7)  # longer than one try
    assert bus.requests == requests


@pytest.mark.parametrize(
    "arguments, words",
    [
        ([], "--serial DEV is missing"),
        (["--serial", "/dev/nothing"], "no such device"),
        (["--serial", "/dev/null"], "not a tty"),
        (["--serial", "/dev/null", "--baud", "300"], "invalid choice: 300"),
        (["--serial", "/dev/null", "--address", "248"], "1..247"),
    ],
)
def test_a_wrong_argument_is_named_in_one_line(arguments, words):
    done = subprocess.run(
        [*COMMAND[:-1], *arguments], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 2 and done.stdout == ""
    assert words in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr


def test_a_device_that_may_not_be_opened_names_the_group(monkeypatch):
    def refuse(*arguments):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(UserError, match=r"permission denied.*dialout"):
        meters.open_serial("/dev/ttyUSB0")


def test_a_device_that_somebody_has_open_is_busy(tmp_path):
    device = tmp_path / "ttyUSB0"
    device.write_text("")
    assert meters.holders(str(device)) == []
    with device.open() as file:
        assert meters.holders(str(device)) == []  # we ourselves may
        other = subprocess.Popen(["sleep", "60"], stdin=file)
        try:
            assert meters.holders(str(device)) == [(other.pid, "sleep")]
        finally:
            other.kill()
            other.wait()


class Stream:
    """What a terminal shows, or a file."""

    def __init__(self, terminal):
        self.isatty = lambda: terminal
        self.written = ""

    def write(self, words):
        self.written += words

    def flush(self):
        pass


@pytest.mark.parametrize("terminal", [True, False])
def test_progress_is_one_line_on_a_terminal_and_a_line_a_setting_elsewhere(terminal):
    stream = Stream(terminal)
    progress = meters_text.Progress(stream)
    for done, line, address in ((0, "N", 1), (1, "N", 2), (2, "E", 1)):
        progress.show(done, 3, [9600, line, 1], address)
    progress.end()
    if terminal:
        assert stream.written.count("\r\x1b[K") == 4 and "\n" not in stream.written
    else:
        assert stream.written.count("\n") == 2 and "3 of 3: 9600 8E1, address 1" in stream.written


def test_every_meter_has_a_name():
    for path in (ROOT / "lib" / "modbus" / "meters").glob("[a-z]*.py"):
        assert 5 < len(meters_text.title(path.stem)) < 100
