"""The launcher, `firmware/main.py`, on the Unix port, in front of firmware that is not ours."""

import shutil
import subprocess
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.launch import micropython_command

APP = """\
import sys
def main(code_dir, data_dir):
    paths = [code_dir + "/lib", code_dir]
    print("slot", code_dir[-1], data_dir == sys.argv[2], sys.path[:2] == paths)
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
        assert words[2:] == ["True", "True"], done.stdout
        return words[1]


@pytest.fixture
def device(tmp_path):
    return Device(tmp_path, "ab")


def test_slot_a_runs_without_a_slot_file(device):
    assert device.slot() == "a"


def test_the_slot_file_chooses(device):
    device.write(slot=b"b\n")
    assert device.slot() == "b"


@pytest.mark.parametrize("content", [b"", b"c", b"ab", b"../x", b"\xff\xfe\x00", b"B" * 100_000])
def test_a_broken_slot_file_means_a(device, content):
    device.write(slot=content)
    assert device.slot() == "a"


def test_every_start_counts_as_a_try(device):
    counted = []
    for _ in range(3):
        device.slot()
        counted.append(device.read("tries"))
    assert counted == ["1", "2", "3"]


@pytest.mark.parametrize("content", [b"", b"x", b"-1", b"\xff", b"1e9", b"9" * 5000])
def test_broken_tries_start_from_nothing(device, content):
    device.write(tries=content, slot=b"b")
    assert device.slot() == "b"
    assert device.read("tries") == "1"


def test_after_three_tries_without_health_the_other_slot_stays(device):
    device.write(slot=b"b")
    assert [device.slot() for _ in range(4)] == ["b", "b", "b", "a"]
    assert device.read("slot") == "a"
    (device.data / "tries").unlink()  # slot a became healthy
    assert device.slot() == "a"


def test_a_power_cut_while_going_back_gives_the_old_slot_a_try_and_not_the_bad_one_for_ever(
    device,
):
    device.write(slot=b"b", tries=b"1")  # tries were written, the slot was not
    assert [device.slot() for _ in range(3)] == ["b", "b", "a"]


def test_without_another_slot_there_is_nothing_to_go_back_to(tmp_path):
    device = Device(tmp_path, "a")
    assert [device.slot() for _ in range(12)] == ["a"] * 12


def test_a_chosen_slot_that_is_not_there_means_the_other(tmp_path):
    device = Device(tmp_path, "a")
    device.write(slot=b"b")
    assert device.slot() == "a"


def test_a_data_directory_that_cannot_be_written_does_not_keep_it_from_running(device):
    done = device.start(data=str(device.root / "main.py"))
    assert done.returncode == 0
    assert "slot a" in done.stdout
    assert "tries not written" in done.stdout


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
    device.write(slot=b"b")
    assert [device.start().returncode for _ in range(3)] == [1, 1, 1]
    assert device.slot() == "a"


def test_a_board_is_reset_whatever_happens(device):
    (device.root / "machine.py").write_text(
        "def reset():\n    print('reset')\n    raise SystemExit(77)"
    )
    program = device.root / "main.py"
    shadow = "import sys\nsys.path.insert(0, sys.argv[1])\nimport machine\n"
    program.write_text(shadow + "del sys.path[0]\n" + program.read_text())
    for end in ("return 0", "return 2", "1 / 0", "sys.exit(3)"):
        device.install("a", end)
        done = device.start()
        assert (done.returncode, done.stdout.splitlines()[-1]) == (77, "reset"), end
