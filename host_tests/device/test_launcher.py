"""The launcher, `firmware/main.py`, on the Unix port, in front of firmware that is not ours."""

import shutil
import subprocess
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.launch import micropython_command

APP = """\
import sys
def main(code_dir, data_dir, tries):
    paths = [code_dir + "/lib", code_dir]
    print("slot", code_dir[-1], tries, data_dir == sys.argv[2], sys.path[:2] == paths)
    {end}
"""


class Device:
    """The file system of a device with these slots, and what its data directory holds."""

    def __init__(self, root: Path, slots: str):
        self.root = root
        self.data = root / "data"
        self.data.mkdir()
        shutil.copy(ROOT / "firmware" / "main.py", root)
        for slot in slots:
            self.install(slot)

    def install(self, slot: str, end: str = "return 0") -> None:
        app = self.root / slot / "app"
        app.mkdir(parents=True, exist_ok=True)
        (app / "start.py").write_text(APP.format(end=end))
        (self.root / slot / "manifest").write_text("amprail 1\nversion 0.1.0\n")

    def write(self, **files) -> None:
        for name, content in files.items():
            (self.data / name).write_bytes(content)

    def read(self, name: str) -> str | None:
        path = self.data / name
        return path.read_text() if path.exists() else None

    def start(self, data: str = "") -> subprocess.CompletedProcess:
        arguments = [str(self.root), data or str(self.data)]
        return subprocess.run(
            [*micropython_command(), str(self.root / "main.py"), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=20,
            check=False,
        )

    def slot(self) -> str:
        """The slot that runs, having checked that it was started as it should be."""
        done = self.start()
        assert done.returncode == 0, done.stdout
        words = done.stdout.splitlines()[-1].split()
        assert words[3:] == ["True", "True"], done.stdout
        assert self.read("slot") == words[1] + words[2], done.stdout
        return words[1] + words[2]


@pytest.fixture
def device(tmp_path):
    return Device(tmp_path, "ab")


def test_slot_a_runs_without_a_slot_file(device):
    assert device.slot() == "a1"


def test_the_slot_file_chooses(device):
    device.write(slot=b"b\n")
    assert device.slot() == "b1"


BROKEN = [b"", b"c", b"ab", b"../x", b"\xff\xfe\x00", b"B" * 100_000, b"b9", b"b-1", b"1b"]


@pytest.mark.parametrize("content", BROKEN)
@pytest.mark.parametrize("good", ["a", "b"])
def test_a_broken_slot_file_means_the_one_that_was_healthy_last(device, content, good):
    device.write(slot=content, good=good.encode())
    assert device.slot() == good + "1"


@pytest.mark.parametrize("content", BROKEN)
def test_a_broken_mark_of_the_good_one_means_a(device, content):
    device.write(good=content)
    assert device.slot() == "a1"


def test_after_three_tries_it_goes_back_and_after_three_more_there_is_control_only(device):
    device.write(slot=b"b0", good=b"a")
    tried = [device.slot() for _ in range(8)]
    assert tried == ["b1", "b2", "b3", "a4", "a5", "a6", "a7", "a7"]


def test_control_only_is_of_the_slot_that_was_healthy_last(device):
    device.write(slot=b"a6", good=b"b")
    assert device.slot() == "b7"


def test_a_slot_that_became_healthy_stays(device):
    device.write(slot=b"b3", good=b"a")
    assert device.slot() == "a4"
    device.write(slot=b"a")
    assert device.slot() == "a1"


def test_without_another_slot_there_is_nothing_to_go_back_to(tmp_path):
    device = Device(tmp_path, "a")
    assert [device.slot() for _ in range(8)] == [f"a{min(n, 7)}" for n in range(1, 9)]


def test_a_slot_that_is_not_whole_is_none(device):
    (device.root / "b" / "manifest").unlink()
    device.write(slot=b"b0", good=b"a")
    assert device.slot() == "a1"
    device.write(slot=b"a3")
    assert device.slot() == "a4"


def test_a_chosen_slot_that_is_not_there_means_the_other(tmp_path):
    device = Device(tmp_path, "a")
    device.write(slot=b"b", good=b"b")
    assert device.slot() == "a1"


def test_a_data_directory_that_cannot_be_written_does_not_keep_it_from_running(device):
    done = device.start(data=str(device.root / "main.py"))
    assert done.returncode == 0
    assert "slot a" in done.stdout
    assert "slot not written" in done.stdout


@pytest.mark.parametrize(
    ("end", "code"),
    [("return 2", 2), ("return 1", 1), ("1 / 0", 1), ("sys.exit(0)", 1)],
)
def test_the_exit_code_is_the_firmwares(device, end, code):
    device.install("a", end)
    assert device.start().returncode == code


def test_an_exception_is_shown_with_its_place(device):
    device.install("a", "raise MemoryError('full')")
    done = device.start()
    assert "start.py" in done.stdout
    assert "MemoryError: full" in done.stdout


def test_a_slot_that_cannot_be_imported_is_given_up_after_three_tries(device):
    (device.root / "b" / "app" / "start.py").write_text("import nothing_like_this")
    device.write(slot=b"b", good=b"a")
    assert [device.start().returncode for _ in range(3)] == [1, 1, 1]
    assert device.read("died").startswith("ImportError")
    assert device.slot() == "a4"


MACHINE = """
import sys
PWRON_RESET = 1
def reset():
    print('reset')
    raise SystemExit(77)
def reset_cause():
    return {cause}
def WDT(timeout):
    print('watchdog', timeout)
class Pin:
    OUT = 1
    def __init__(self, number, mode):
        self.number = number
    def value(self, level):
        print('pin', self.number, int(level))
"""


@pytest.fixture
def board(device):
    """A device with this `machine`."""
    program = device.root / "main.py"
    shadow = "import sys\nsys.path.insert(0, sys.argv[1])\nimport machine\n"
    program.write_text(shadow + "del sys.path[0]\n" + program.read_text())
    (device.root / "machine.py").write_text(MACHINE.format(cause=2))
    return device


def test_a_board_is_reset_whatever_happens(board):
    for end in ("return 0", "return 2", "1 / 0", "sys.exit(3)"):
        board.install("a", end)
        done = board.start()
        assert (done.returncode, done.stdout.splitlines()[-1]) == (77, "reset"), end


def test_a_board_is_under_a_watchdog_before_anything_of_ours_is_imported(board):
    board.install("a", "print('in')")
    said = board.start().stdout.splitlines()
    assert said[0] == "watchdog 60000" and said[2] == "in", said


def test_at_the_prompt_nothing_is_reset_for_an_hour(board):
    board.install("a", "raise KeyboardInterrupt")
    said = board.start().stdout.splitlines()
    assert said[-1] == "watchdog 3600000"


def test_power_cuts_are_no_tries_of_a_good_slot_but_of_a_new_one(board):
    board.write(slot=b"b", good=b"b")
    (board.root / "machine.py").write_text(MACHINE.format(cause=1))
    for _ in range(5):
        assert "slot b 1" in board.start().stdout
    board.write(good=b"a")
    assert [board.start() and board.read("slot") for _ in range(3)] == ["b2", "b3", "a4"]


def test_the_led_blinks_the_number_of_the_try(board):
    board.write(slot=b"b1", good=b"a")
    for led, lit in (("2", 1), ("-13", 0)):
        (board.root / "led").write_text(led)
        said = [line for line in board.start().stdout.splitlines() if line[:3] == "pin"]
        tries = int(board.read("slot")[1])
        pin = led.strip("-")
        assert said == [f"pin {pin} {lit}", f"pin {pin} {1 - lit}"] * tries
    for broken in ("", "x", "99999"):
        (board.root / "led").write_text(broken)
        assert board.start().returncode == 77
