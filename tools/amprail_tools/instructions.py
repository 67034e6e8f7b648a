"""Counts the machine instructions of a call, which no other process on the computer disturbs."""

import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

from amprail_tools import Failure, say

PROGRAM = """\
import gc, sys
room = bytearray(8192)
sys.path[:0] = sys.argv[1:4]
from bench_scenarios import Scenario
prepare, call = Scenario(sys.argv[4], int(sys.argv[5])).timed(sys.argv[6])
del room
gc.collect()
prepare()
call()
for _ in range(int(sys.argv[7])):
    prepare()
    call()
for _ in range(int(sys.argv[8])):
    prepare()
"""

CALLS = 4

VALGRIND = ["valgrind", "--tool=cachegrind", "--cache-sim=no", "--cachegrind-out-file=/dev/null"]


def add(rows: list[dict], start: list[str], folders: list[str], chargers: int) -> None:
    """Adds `instructions` to the rows of the Unix port with so many chargers.

    start: how the Unix port is started; folders: the three where it finds the modules.
    """
    say(f"counting instructions with {chargers} chargers ...")
    command = [*VALGRIND, *start, "-c", PROGRAM, *folders]
    counted = [
        row for row in rows if row["interpreter"] == "micropython" and row["chargers"] == chargers
    ]
    with ThreadPoolExecutor(2) as pool:
        results = pool.map(lambda row: _of_a_call(command, row), counted)
        for row, result in zip(counted, results, strict=True):
            row["instructions"] = result


def _of_a_call(command: list[str], row: dict) -> int:
    command = [*command, row["scenario"], str(row["chargers"]), row["part"]]
    with_calls = _instructions([*command, str(CALLS), "0"])
    return (with_calls - _instructions([*command, "0", str(CALLS)])) // CALLS


def _instructions(command: list[str]) -> int:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    total = re.search(r"I +refs: +([\d,]+)", done.stderr)
    if done.returncode or not total:
        words = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        raise Failure(f"valgrind cannot count (exit code {done.returncode}): {words[-1]}")
    return int(total[1].replace(",", ""))
