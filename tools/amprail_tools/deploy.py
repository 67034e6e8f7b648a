"""Put the code of this checkout on a board that runs it already, by mpremote, for developers.

Only what has changed is copied, into the slot that the board starts from; its settings stay. The
device is stopped meanwhile and started again at the end. `flash` is for a board's first time.
"""

import argparse
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from amprail_tools import Failure, boards
from amprail_tools.build import build_device
from amprail_tools.flash import add_board_options, only_port

# A watchdog outlives the firmware and would reset the board in the middle. It cannot be stopped,
# but a new one with more time takes its place (MicroPython, ports/esp32/machine_wdt.c).
PATIENT = "import machine; machine.WDT(timeout=600000)"

# The launcher starts what DATA/slot says (firmware/main.py); so that it is this one:
USE_SLOT_A = """
import os
for name in ("tries", "slot", "good"):
    try:
        os.remove("/data/" + name)
    except OSError:
        pass
"""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_board_options(parser)


def main(arguments: argparse.Namespace) -> int:
    board = boards.board(arguments.board)
    port = arguments.port or only_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        shutil.copytree(build_device() / "a", folder / "a")
        shutil.copy(build_device() / "main.py", folder)
        (folder / "board").write_text(board.name)
        command = ["connect", port, "exec", PATIENT]
        command += ["+", "cp", "-r", *(str(path) for path in sorted(folder.iterdir())), ":/"]
        command += ["+", "exec", USE_SLOT_A, "+", "reset"]
        done = subprocess.run([sys.executable, "-m", "mpremote", *command], check=False)
    if done.returncode:
        raise Failure(f"mpremote ended with code {done.returncode}, see above: try again")
    return 0
