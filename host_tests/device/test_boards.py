"""Each board.py under the Unix port, on a fake `machine` that knows the chip's pins."""

import json
import subprocess
from pathlib import Path

import pytest
from amprail_tools import boards
from amprail_tools.build import NAMES, build_device
from amprail_tools.launch import micropython_command

FAKES = Path(__file__).parent / "fakes"

# As the vendors' documents have it: TX, RX, DE, and outputs with their level after the start.
PINS = {
    "esp32_generic": (17, 16, 4, {4: 0, 2: 0}),
    "lilygo_t_can485": (22, 21, None, {16: 1, 17: 1, 19: 1}),
    "waveshare_esp32_s3_relay_6ch": (17, 18, None, dict.fromkeys((1, 2, 41, 42, 45, 46, 21), 0)),
    "m5stack_stamplc": (0, 39, 46, {46: 0}),
    "kincony_kc868_a6": (27, 14, None, {}),
    "kincony_kc868_a16": (13, 16, None, {}),
}

PRELUDE = """\
import sys
sys.path[:0] = sys.argv[1:4]
import json, time, asyncio
import fake_machine as machine
sys.modules["machine"] = machine
machine.chip, name = sys.argv[4:6]
def say(**what):
    print(json.dumps(what))
def taken():
    done = machine.calls[:]
    machine.calls.clear()
    return done
short = {}
for line in open(sys.argv[6]):
    new, old = line.split()
    short[old] = new
class Named:  # what the build has renamed, by the names of the source
    def __init__(self, real):
        self.real = real
    def __getattr__(self, name):
        return getattr(self.real, short.get(name, name))
def load():
    path = "boards.%s.board" % name
    sys.modules.pop(path, None)
    __import__(path)
    return Named(sys.modules[path].board)
board = load()
"""


@pytest.fixture
def run(tmp_path):
    """A function that runs a script beside a board; gives what it says."""
    slot = build_device() / "a"
    # `machine` is built in: under that name the import would find that one. What boards have is
    # bytecode, so this computer runs it as it is.
    (tmp_path / "fake_machine.py").write_text((FAKES / "machine.py").read_text())
    (tmp_path / "neopixel.py").write_text((FAKES / "neopixel.py").read_text())

    def run(name, script):
        program = tmp_path / "program.py"
        program.write_text(PRELUDE + script)
        command = [*micropython_command(), str(program), str(tmp_path)]
        command += [str(slot / "lib"), str(slot), boards.board(name).chip, name]
        command.append(str(slot.parent / NAMES))
        done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
        return [json.loads(line) for line in done.stdout.splitlines()]

    return run


def test_every_board_is_in_the_table_and_has_pins_here():
    folders = {path.parent.name for path in boards.TABLE.parent.glob("*/board.py")}
    assert folders - {"linux"} == set(boards.names()) == set(PINS)


LINE = """\
say(levels=sorted(machine.levels.items()))
taken()
for baud, parity, stop in ((9600, "N", 1), (19200, "E", 1), (9600, "O", 2)):
    port = Named(board.open_port(board.arguments()[0], baud, parity, stop))
    port.write(bytes(8))
    say(none=port.readinto(bytearray(4)) is None)
    port.close()
    say(calls=taken())
"""


@pytest.mark.parametrize("name", PINS)
def test_pins_and_the_line_are_as_the_vendor_has_them(run, name):
    tx, rx, enable, levels = PINS[name]
    said = run(name, LINE)
    assert dict(said[0]["levels"]) == levels
    kinds = {"N": None, "E": 0, "O": 1}
    for at, (baud, parity, stop) in enumerate(((9600, "N", 1), (19200, "E", 1), (9600, "O", 2))):
        assert said[2 * at + 1] == {"none": True}
        calls = said[2 * at + 2]["calls"]
        assert calls[0][:2] == ["uart", 1]
        options = calls[0][2]
        given = {key: options[key] for key in ("tx", "rx", "baudrate", "parity", "stop", "bits")}
        wanted = {"tx": tx, "rx": rx, "baudrate": baud, "parity": kinds[parity], "stop": stop}
        assert given == {**wanted, "bits": 8}
        assert (options["timeout"], options["timeout_char"]) == (0, 0)
        sending = [call for call in calls[1:-1] if call != ["pin", enable, 0]]
        if enable is None:
            assert sending == [["write", 8]]
        else:
            assert sending[:2] == [["pin", enable, 1], ["write", 8]]
        assert calls[-1] == ["deinit"]


DIRECTION = """\
taken()
port = Named(board.open_port("rs485", 9600))
taken()
port.write(bytes(8))
say(calls=taken())
"""


def test_the_driver_lets_go_of_the_line_as_soon_as_the_last_bit_is_out(run):
    calls = run("esp32_generic", DIRECTION)[0]["calls"]
    begin = calls.index(["pin", 4, 1])
    assert calls[begin:] == [["pin", 4, 1], ["write", 8], ["flush"], ["pin", 4, 0]]


SLOW = """\
async def main():
    port = Named(board.open_port("rs485", 1200, "E", 1))
    taken()
    begin = time.ticks_ms()
    port.write(bytes(8))
    say(blocked_ms=time.ticks_diff(time.ticks_ms(), begin), calls=taken())
    turns = 0
    while not machine.calls:
        await asyncio.sleep_ms(1)
        turns += 1
    say(after_ms=time.ticks_diff(time.ticks_ms(), begin), turns=turns, calls=taken())
    port.write(bytes(8))
    port.write(bytes(8))
    port.close()
    await asyncio.sleep_ms(100)
    say(calls=taken())
asyncio.run(main())
"""


def test_what_takes_longer_than_10_ms_is_slept_and_not_waited_for(run):
    at_once, later, closed = run("esp32_generic", SLOW)
    assert at_once["calls"] == [["pin", 4, 0], ["pin", 4, 1], ["write", 8]]
    assert later["calls"] == [["flush"], ["pin", 4, 0]]
    # 8 characters of 11 bits are 73.3 ms at 1200 baud: the last 10 are left to `flush`
    assert later["after_ms"] >= 64 and later["turns"] > 10
    assert ["flush"] not in closed["calls"]
    assert closed["calls"][-2:] == [["pin", 4, 0], ["deinit"]]


def test_a_line_that_cannot_be_set_is_an_error_of_the_port(run):
    script = """
class Refuses:
    def __init__(self, *args, **options):
        raise ValueError("invalid baudrate")
sys.modules["boards.esp32"].UART = Refuses
try:
    board.open_port("rs485", 115200)
except OSError as error:
    say(error=str(error))
"""
    assert run("esp32_generic", script) == [{"error": "rs485: invalid baudrate"}]


def test_the_watchdog_starts_with_the_first_feeding(run):
    script = "taken()\nboard.feed()\nsay(calls=taken())\nboard.feed()\nsay(calls=taken())\n"
    first, second = run("kincony_kc868_a6", script)
    assert first["calls"] == [["wdt", 10000], ["feed"]]
    assert second["calls"] == [["feed"]]


def test_a_page_on_a_board_is_for_the_network(run):
    assert run("kincony_kc868_a16", "say(given=board.arguments())") == [
        {"given": ["rs485", 80, "0.0.0.0"]}
    ]


def test_a_board_hands_out_its_wifi_and_remembers_what_it_does(run):
    script = """
sys.modules["network"] = "the driver"
say(network=board.network(), wifi=board.wifi, portal=board.portal)
board.show(3, 201, None)
say(wifi=board.wifi, portal=board.portal)
"""
    before, after = run("lilygo_t_can485", script)
    assert before == {"network": "the driver", "wifi": None, "portal": None}
    assert after == {"wifi": 3, "portal": None}


LIGHTS = """\
taken()
for colour in (4, 2, 1, 7, 0):
    board.light(colour)
say(calls=taken())
say(pressed=board.pressed())
machine.held.add(0)
say(pressed=board.pressed())
"""


def test_a_pixel_shows_colours_and_a_lamp_shows_light(run):
    for name, pin in (("lilygo_t_can485", 4), ("waveshare_esp32_s3_relay_6ch", 38)):
        calls, up, down = run(name, LIGHTS)
        shown = [(24, 0, 0), (0, 24, 0), (0, 0, 24), (24, 24, 24), (0, 0, 0)]
        assert calls["calls"] == [["pixel", pin, list(colour)] for colour in shown]
        assert (up["pressed"], down["pressed"]) == (False, True)
    calls, up, down = run("esp32_generic", LIGHTS)
    assert calls["calls"] == [["pin", 2, on] for on in (1, 1, 1, 1, 0)]
    assert (up["pressed"], down["pressed"]) == (False, True)


def test_the_front_of_a_stamplc_is_behind_its_expander(run):
    script = """
for colour in (4, 2, 1, 7, 0):
    board.light(colour)
    say(off=machine.I2C.registers[7] & 0x70)
say(direction=machine.I2C.registers[3], level=machine.I2C.registers[5] & 0x70)
say(pressed=board.pressed())
machine.I2C.registers[15] = 0b101
say(pressed=board.pressed())
machine.I2C.answers = False
board.light(7)
say(pressed=board.pressed())
"""
    said = run("m5stack_stamplc", script)
    assert [line["off"] for line in said[:5]] == [0x30, 0x50, 0x60, 0, 0x70]
    assert said[5] == {"direction": 0xF8, "level": 0}
    assert [line["pressed"] for line in said[6:]] == [False, True, False]


def test_a_stamplc_without_its_expander_still_has_a_line(run):
    script = """
machine.I2C.answers = False
load().open_port("rs485")
say(ok=True)
"""
    assert run("m5stack_stamplc", script) == [{"ok": True}]


def test_a_fake_chip_refuses_pins_it_does_not_have(run):
    script = """
for pin, output in ((6, True), (24, False), (34, True), (25, True), (34, False)):
    try:
        machine.Pin(pin, machine.Pin.OUT if output else machine.Pin.IN)
        say(pin=pin, good=True)
    except ValueError:
        say(pin=pin, good=False)
"""
    said = run("esp32_generic", script)
    assert [line["good"] for line in said] == [False, False, False, True, True]
