"""`tools/amprail deploy`: the real mpremote, and a board's raw REPL under the Unix port."""

import os
import shutil
import subprocess
import sys
import tty
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.build import build_device
from amprail_tools.launch import micropython_command

HERE = Path(__file__).parent


class Console:
    """The console of a board that has been in use."""

    def __init__(self, folder: Path):
        self.files = folder / "board"
        (self.files / "data").mkdir(parents=True)
        self._has_a_version()
        (self.files / "data" / "site.json").write_text("{}")
        (self.files / "data" / "tries").write_text("2")
        (self.files / "data" / "slot").write_text("b")
        (self.files / "data" / "good").write_text("b")
        (folder / "fake_machine.py").write_text((HERE / "fakes" / "machine.py").read_text())
        master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self.port = os.ttyname(self._slave)
        program = str(HERE / "raw_repl.py")
        self.log = folder / "log"
        self.process = subprocess.Popen(
            [*micropython_command(), program, str(folder), str(self.files)],
            stdin=master,
            stdout=master,
            stderr=self.log.open("w"),
        )
        os.close(master)

    # Another version, in which some files are the same, some are not and some are not there.
    def _has_a_version(self):
        shutil.copytree(build_device() / "a", self.files / "a")
        for name in ("app/panel.mpy", "boards/esp32.mpy"):
            (self.files / "a" / name).write_bytes(b"old")
        (self.files / "a" / "lib" / "net" / "dns.mpy").unlink()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self._slave)


@pytest.fixture
def console(tmp_path):
    one = Console(tmp_path)
    yield one
    one.close()


def deploy(port):
    command = [sys.executable, str(ROOT / "tools" / "amprail"), "deploy", "--port", port]
    return subprocess.run(
        [*command, "--board", "lilygo_t_can485"],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=90,
        check=False,
    )


def test_a_board_gets_the_code_and_keeps_its_settings(console):
    done = deploy(console.port)
    assert done.returncode == 0, done.stdout + done.stderr + console.log.read_text()
    built = build_device()
    paths = [built / "main.py", *(path for path in (built / "a").rglob("*") if path.is_file())]
    assert len(paths) > 50
    for path in paths:
        assert (console.files / path.relative_to(built)).read_bytes() == path.read_bytes()
    assert (console.files / "board").read_text() == "lilygo_t_can485"
    assert [path.name for path in (console.files / "data").iterdir()] == ["site.json"]
    assert console.process.wait(10) == 0  # reset


def test_no_board_is_said():
    done = deploy("/dev/ttyUSB99")
    assert done.returncode == 1
    assert "mpremote ended with code 1" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr
