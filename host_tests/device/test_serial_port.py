"""The serial port of a computer: the Unix port opens a pty by name and reads a meter there."""

import json
import os
import select
import subprocess
import termios
import threading
import time
import tty
from pathlib import Path

import pytest
from amprail_tools.build import with_constants
from amprail_tools.launch import micropython_command
from modbus.rtu import crc16

DATA = bytes(range(24))
REQUEST = bytes.fromhex("01 04 0006 000c 100e")

HEAD = """\
import asyncio, json, sys, time
sys.path[:0] = [sys.argv[1] + "/modules/lib", sys.argv[1] + "/modules"]
sys.argv[:] = ["main.py", "", "", sys.argv[2], "8080"]
from boards.linux import board
from modbus.rtu import Line, LineError

name, _, _ = board.arguments()
line = Line(lambda: board.open_port(name, 9600, "N", 1), 9600)

def say(**words):
    print(json.dumps(words))

async def read(timeout_ms=500):
    start = time.ticks_ms()
    try:
        result = bytes(await line.read_registers(1, 4, 6, 12, timeout_ms)).hex()
    except LineError as error:
        result = error.kind
    return result, time.ticks_diff(time.ticks_ms(), start)

"""


class Meter:
    """A pty whose other side answers each request with `answer`; `path` is its name for ever."""

    def __init__(self, folder: Path):
        self.path = folder / "meter"
        self.answer = sealed(b"\x01\x04\x18" + DATA)
        self.requests = []
        self._master = self._slave = self._thread = None

    def plug_in(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        self.path.symlink_to(os.ttyname(self._slave))
        self._stop, self._stopped = os.pipe()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def unplug(self) -> None:
        if self._thread is None:
            return
        os.close(self._stopped)
        self._thread.join()
        self._thread = None
        self.path.unlink()
        for end in (self._slave, self._master, self._stop):
            os.close(end)

    def _serve(self) -> None:
        while True:
            ready, _, _ = select.select([self._master, self._stop], [], [])
            if self._stop in ready:
                return
            self.requests.append(os.read(self._master, 256))
            if self.answer:
                os.write(self._master, self.answer)

    def fill(self) -> None:
        """From now on nobody takes what the device writes, and the pty is full of it."""
        self.unplug()
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._slave, False)
        for _ in range(5):  # the kernel moves bytes on to the other side meanwhile
            try:
                while os.write(self._slave, bytes(256)):
                    pass
            except BlockingIOError:
                time.sleep(0.02)
        os.set_blocking(self._slave, True)
        self.path.symlink_to(os.ttyname(self._slave))


def sealed(content: bytes) -> bytes:
    return content + crc16(content, 0, len(content)).to_bytes(2, "little")


@pytest.fixture
def meter(tmp_path):
    meter = Meter(tmp_path)
    meter.plug_in()
    yield meter
    meter.unplug()


class Device:
    """A script after HEAD on the Unix port; `ask()` is the next thing it says."""

    def __init__(self, folder: Path, build: Path, serial: Path, script: str, stdin):
        program = folder / "program.py"
        program.write_text(with_constants(HEAD + script))
        self.process = subprocess.Popen(
            [*micropython_command(), str(program), str(build), str(serial)],
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )

    def next(self) -> dict:
        ready, _, _ = select.select([self.process.stdout], [], [], 10)
        assert ready, "it says nothing for 10 s"
        line = self.process.stdout.readline()
        assert line, f"it ended with {self.process.wait()}"
        assert line.startswith("{"), line + self.process.stdout.read()
        return json.loads(line)


@pytest.fixture
def device(request, tmp_path, meter):
    started = []

    def start(script, stdin=subprocess.PIPE) -> Device:
        started.append(Device(tmp_path, request.config.device_build, meter.path, script, stdin))
        return started[-1]

    yield start
    for one in started:
        one.process.kill()
        one.process.wait()
        one.process.stdout.close()
        if one.process.stdin:
            one.process.stdin.close()


def test_a_meter_is_read_through_a_pty_opened_by_name(device, meter):
    one = device("for i in range(3): say(read=asyncio.run(read()))\n")
    for _ in range(3):
        result, took_ms = one.next()["read"]
        assert result == DATA.hex()
        assert took_ms < 150
    assert meter.requests == [REQUEST] * 3


def test_what_waits_in_the_tty_before_it_is_opened_is_thrown_away(device, meter):
    os.write(meter._master, sealed(b"\x01\x04\x18" + bytes(24)))
    one = device("say(read=asyncio.run(read()), counts=list(line.counts))\n")
    said = one.next()
    assert said["read"][0] == DATA.hex()
    assert sum(said["counts"]) == 1


SET = """
for parity in "NEEONE":
    board.open_port(name, 9600, parity, 1).close()
    say(set=parity)
    sys.stdin.readline()
"""


def test_a_parity_can_be_set_where_nothing_else_changes_and_is_checked(device, meter):
    one = device(SET)
    for parity in "NEEONE":
        assert one.next() == {"set": parity}
        settings = termios.tcgetattr(meter._master)
        assert bool(settings[0] & termios.INPCK) == (parity != "N")
        assert bool(settings[2] & termios.PARODD) == (parity == "O")
        assert settings[5] == termios.B9600
        one.process.stdin.write("\n")
        one.process.stdin.flush()


READ_FOR_EVER = """
async def main():
    while True:
        say(read=(await read(100))[0])
        await asyncio.sleep_ms(100)

asyncio.run(main())
"""


def test_a_dongle_that_is_put_back_is_read_again_within_two_seconds(device, meter):
    one = device(READ_FOR_EVER)
    assert one.next() == {"read": DATA.hex()}
    for away_s in (0.3, 1.3):
        meter.unplug()
        until = time.monotonic() + away_s
        kinds = set()
        while time.monotonic() < until:
            kinds.add(one.next()["read"])
        assert "gone" in kinds
        meter.plug_in()
        back = time.monotonic()
        while one.next()["read"] != DATA.hex():
            assert time.monotonic() - back < 2
        assert time.monotonic() - back < 2


TICKS = """
async def tick():
    global longest
    last = time.ticks_ms()
    while True:
        await asyncio.sleep_ms(1)
        longest = max(longest, time.ticks_diff(time.ticks_ms(), last))
        last = time.ticks_ms()

async def main():
    asyncio.create_task(tick())
    results = []
    for _ in range(4):
        results.append(await read(200))
    say(results=results, longest=longest)

longest = 0
asyncio.run(main())
"""


def test_other_tasks_go_on_while_nothing_arrives(device, meter):
    meter.answer = b""
    said = device(TICKS).next()
    assert [kind for kind, _ in said["results"]] == ["timeout"] * 4
    assert said["longest"] < 250


def test_a_line_that_takes_no_bytes_blocks_nothing(device, meter):
    meter.fill()
    said = device(TICKS).next()
    assert [kind for kind, _ in said["results"]] == ["gone"] * 4
    assert said["longest"] < 500
    assert said["results"][3][1] < 1500


def test_a_device_that_cannot_be_opened_is_named(device, meter, tmp_path):
    meter.unplug()
    script = """
for path in (name, sys.argv[0] + "/../program.py", "/dev/null"):
    try:
        board.open_port(path)
        say(error="none")
    except OSError as error:
        say(error=str(error))
"""
    one = device(
        script.replace('sys.argv[0] + "/../program.py"', repr(str(tmp_path / "program.py")))
    )
    assert one.next()["error"] == f"serial device {meter.path}: no such device"
    assert one.next()["error"].endswith("program.py: not a serial device")
    assert one.next()["error"] == "serial device /dev/null: not a serial device"


def test_a_name_full_of_quotes_reaches_no_shell(device, meter, tmp_path):
    bad = tmp_path / "a'; touch hacked; 'b"
    bad.symlink_to("/dev/null")
    one = device(f"try: board.open_port({str(bad)!r})\nexcept OSError as e: say(error=str(e))\n")
    assert "not a serial device" in one.next()["error"]
    assert not list(Path().glob("hacked")) and not (tmp_path / "hacked").exists()


ENDED = """
async def main():
    await asyncio.wait_for_ms(board.ended(), 1500)
    say(ended=True)

try:
    asyncio.run(main())
except asyncio.TimeoutError:
    say(ended=False)
"""


def test_it_ends_when_stdin_closes_and_not_when_something_is_typed(device, meter):
    one = device(ENDED)
    one.process.stdin.write("hello\n")
    one.process.stdin.flush()
    ready, _, _ = select.select([one.process.stdout], [], [], 0.5)
    assert not ready
    one.process.stdin.close()
    assert one.next() == {"ended": True}


def test_dev_null_as_stdin_is_nobody_who_could_close_it(device, meter):
    assert device(ENDED, stdin=subprocess.DEVNULL).next()["ended"] is False


def test_a_tty_as_stdin_is_no_end(device, meter):
    master, slave = os.openpty()
    try:
        assert device(ENDED, stdin=slave).next()["ended"] is False
    finally:
        os.close(master)
        os.close(slave)


def test_a_tty_as_stdin_ends_it_when_it_hangs_up(device, meter):
    master, slave = os.openpty()
    one = device(ENDED, stdin=slave)
    os.close(slave)
    time.sleep(0.3)
    os.close(master)
    assert one.next() == {"ended": True}
