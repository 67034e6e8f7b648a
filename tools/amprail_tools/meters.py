"""Find the meters on a serial line: what they are, how they are set, and what they show.

Nothing else may read the line meanwhile: end `run` first, and disconnect an inverter that asks
the same meter. All speeds, parities and addresses that meters come with are tried, the likeliest
first: a meter as it comes out of its box is found at once, and all of it takes a minute and a
half. Ctrl-C ends it; what was found until then is shown.

Exit code: 0 a meter was found and read, 1 none, 2 your error (one line says which).
"""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from amprail_tools import Failure, UserError, options
from amprail_tools.launch import END_S, micropython_command
from amprail_tools.meters_text import Progress, heading, site, text
from amprail_tools.run import SIGNALS, check_serial, open_serial

DEVICE = Path(__file__).parent / "meters_device"
PROGRAM = """\
import sys, asyncio
sys.path[:0] = sys.argv[1:4]
import find_meters
asyncio.run(find_meters.main())
"""
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--serial", metavar="DEV", help="serial device, e.g. /dev/ttyUSB0")
    parser.add_argument(
        "--baud",
        type=int,
        nargs="+",
        choices=BAUDS,
        metavar="BAUD",
        help=f"try these speeds only, of {', '.join(map(str, BAUDS))} (default: all)",
    )
    which = parser.add_mutually_exclusive_group()
    which.add_argument(
        "--address",
        type=_address,
        nargs="+",
        metavar="N",
        help="try these addresses only, 1 to 247 (default: the usual ones)",
    )
    which.add_argument(
        "--all-addresses", action="store_true", help="try 1 to 247: half a second each and speed"
    )
    parser.add_argument("--json", action="store_true", help="one JSON object on stdout")
    parser.add_argument(
        "--micropython",
        type=options.program,
        metavar="PATH",
        help="a Unix port of MicroPython 1.28 or newer (default: the one this command installs)",
    )


def _address(text: str) -> int:
    return options.number(text, 1, 247)


def check(arguments: argparse.Namespace) -> None:
    """UserError if there is no such line."""
    if not arguments.serial:
        raise UserError("--serial DEV is missing: expected the line's device, e.g. /dev/ttyUSB0")
    check_serial(arguments.serial)


def holders(device: str, processes: Path = Path("/proc")) -> list[tuple[int, str]]:
    """(number, name) of other processes that have the device open, of those that we may look at.
    A pty is left out: its other end is a program, too."""
    real = os.path.realpath(device)
    found = []
    for entry in [] if real.startswith("/dev/pts/") else processes.glob("[0-9]*/fd/*"):
        try:
            if os.readlink(entry) == real:
                process = entry.parent.parent
                if process.name != str(os.getpid()):
                    found.append((int(process.name), (process / "comm").read_text().strip()))
        except OSError:
            continue  # it has just ended, or is not ours to look at
    return found


def main(arguments: argparse.Namespace) -> int:
    serial = os.path.abspath(arguments.serial)
    # Kept open until the end: a pty's other end may not bear to be left alone
    line = open_serial(serial)
    try:
        _refuse_to_share(arguments.serial)
        with tempfile.TemporaryDirectory(prefix="amprail-meters-") as folder:
            command = _command(Path(folder), arguments.micropython)
            addresses = list(range(1, 248)) if arguments.all_addresses else arguments.address
            task = {"serial": serial, "bauds": arguments.baud, "addresses": addresses}
            found, end = _search(command, task)
    finally:
        os.close(line)
    if arguments.json:
        shown = [{**meter, "site": site(meter) if meter["phases"] else None} for meter in found]
        print(json.dumps({"meters": shown, **end}), flush=True)
    else:
        print(text(found, end), flush=True)
    if end["error"]:
        raise Failure(f"{arguments.serial}: the search ended with an error: {end['error']}")
    return 0 if any(meter["phases"] for meter in found) else 1


def _refuse_to_share(serial):
    for number, name in holders(serial):
        raise UserError(
            f"--serial {serial}: process {number} ({name}) has it open, "
            "expected a line that nobody else reads"
        )


def _command(folder, micropython):
    from amprail_tools.build import build, compile_file, with_constants

    slot = build() / "modules"
    source = folder / "find_meters.txt"
    source.write_text(with_constants((DEVICE / "find_meters.py").read_text()))
    compile_file(source, folder / "find_meters.mpy", "find_meters")
    start = [*micropython_command(micropython), "-X", "heapsize=160K", "-c", PROGRAM]
    return [*start, str(folder), str(slot / "lib"), str(slot)]


def _search(command: list[str], task: dict) -> tuple[list[dict], dict]:
    """What was found, and how it ended. A signal ends it early."""
    process = subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, process_group=0
    )
    interrupted = []

    def interrupt(*_):
        interrupted.append(True)
        process.stdin.close()

    begin = time.monotonic()
    old = {number: signal.signal(number, interrupt) for number in SIGNALS}
    try:
        process.stdin.write(json.dumps(task) + "\n")
        process.stdin.flush()
        found, end = _listen(process.stdout)
    except (OSError, ValueError) as error:
        raise Failure(f"the search cannot be run: {error}") from None
    finally:
        for number, handler in old.items():
            signal.signal(number, handler)
        _end(process)
    if end is None:
        raise Failure(f"the search ended by itself (exit code {process.returncode})")
    seconds = round(time.monotonic() - begin, 1)
    return found, {**end, "interrupted": bool(interrupted), "seconds": seconds}


# It ends when its stdin is closed, as the firmware does.
def _end(process):
    try:
        process.stdin.close()
    except OSError:
        pass  # it has ended already
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    process.stdout.close()


def _listen(lines) -> tuple[list[dict], dict | None]:
    found, end, progress = [], None, Progress(sys.stderr)
    for line in lines:
        said = json.loads(line)
        if "trying" in said:
            progress.show(*said["trying"])
        elif "found" in said:
            found.append(said["found"])
            progress.say(f"found: {heading(found[-1])}")
        else:
            end = said["end"]
    progress.end()
    return found, end
