"""Speed and memory of the deciding core, and how long cuts take to reach the chargers.

Every scenario of bench_device/bench_scenarios.py, with 8, 64 and more chargers: the time of a call
of the allocator and of a whole cycle, and what they allocate. Each is timed in a process of its
own in every run; the interpreters take turns. The spread is that of the runs' medians, p90 is
within a run. If valgrind is there, the machine instructions of a call are counted as well.

With --latency instead: the whole firmware in real time with 8 and 64 chargers, from a reading
above target until the last of the cuts was answered, and read back.

With --line instead: the Modbus line with one exchange in a hundred damaged, by each kind of
fault: what is accepted and lost, and how long the loop is kept.

With --cpu instead: the CPU time of the whole firmware with 64 chargers and 0, 1 and 3 pages.

With --clients instead: how much later cuts come while clients of the web server mean harm, each in
its way, when the page is back, and what memory is lost.
"""

import argparse
import json
import shutil
import subprocess
import sys
import tempfile
from itertools import product
from pathlib import Path
from statistics import median

from amprail_tools import (
    ROOT,
    Failure,
    bench_cpu,
    bench_table,
    hostile_clients,
    instructions,
    latency,
    line_stress,
    options,
    say,
    use_device_code,
)
from amprail_tools.launch import micropython_command

DEVICE = Path(__file__).parent / "bench_device"
PROGRAM = """\
import sys
room = [bytearray(8192)]
sys.path[:0] = sys.argv[1:4]
import bench_measure
bench_measure.main(room)
"""

# Calls in a run with 64 chargers: more with fewer, so that all take about as long.
CALLS = 48

LINE_REQUESTS = 100_000

# The budget of a cycle with 64 chargers on the Unix port; an ESP32 at 240 MHz takes 60 to 90 times
# as long (an estimate: emulated instructions set against published scores of the ESP32).
TARGET_US = 250
TARGET_CHARGERS = 64
ESP32_TIMES = (60, 90)

# Tinkerforge's allocator in C++ with 64 chargers, compiled for a computer with -Os (callgrind).
WARP = {"scenario": "shortage", "instructions": 456000, "bytes": 288}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("--json", action="store_true", help="one JSON object instead of tables")
    parser.add_argument(
        "--runs", type=_runs, default=5, metavar="N", help="runs on each interpreter (5)"
    )
    parser.add_argument(
        "--latency",
        type=_steps,
        nargs="?",
        const=latency.MOST_STEPS,
        metavar="STEPS",
        help=f"measure the latency instead, in 1 to {latency.MOST_STEPS} steps (default: all)",
    )
    parser.add_argument(
        "--chargers",
        type=_chargers,
        metavar="N",
        help="with --latency: so many, not 8 and then 64",
    )
    parser.add_argument(
        "--latency-ms",
        type=options.latency_ms,
        metavar="MS",
        help="with --latency: what a charger takes to answer (default: 50)",
    )
    parser.add_argument(
        "--update",
        action="store_const",
        const=True,
        help="with --latency: while one update after the other comes in",
    )
    parser.add_argument(
        "--dead",
        type=_dead,
        metavar="N",
        help="with --latency: so many of them never answer (default: 0)",
    )
    parser.add_argument(
        "--brands",
        type=options.brands,
        metavar="LIST",
        help="with --latency: as warp,goe, in turn, or eight (default: warp)",
    )
    parser.add_argument(
        "--line",
        type=_requests,
        nargs="?",
        const=LINE_REQUESTS,
        metavar="REQUESTS",
        help=f"stress the line instead, with so many requests a fault (default: {LINE_REQUESTS})",
    )
    parser.add_argument(
        "--clients",
        action="store_true",
        help="measure how much later cuts come while clients of the web server mean harm",
    )
    parser.add_argument(
        "--cpu",
        action="store_true",
        help="measure the CPU time of the whole firmware, with --runs windows of 30 s",
    )
    parser.set_defaults(calls=CALLS, count=shutil.which("valgrind") is not None)


def _runs(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 1000:
        raise argparse.ArgumentTypeError(f"{text}: 1..1000 expected")
    return int(text)


def _steps(text: str) -> int:
    return options.number(text, 1, latency.MOST_STEPS)


def _chargers(text: str) -> int:
    return options.number(text, 4, 64)


def _dead(text: str) -> int:
    return options.number(text, 0, 3)


def _cases(arguments) -> tuple:
    """What was asked for, or the usual ones."""
    names = {"chargers": arguments.chargers, "request_ms": arguments.latency_ms}
    names |= {"dead": arguments.dead, "brands": arguments.brands, "update": arguments.update}
    given = {name: value for name, value in names.items() if value is not None}
    return (latency.Case(**{"chargers": 64} | given),) if given else latency.USUAL


def _requests(text: str) -> int:
    return options.number(text, 1, 100_000_000)


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.build import build

    if arguments.clients:
        rows = hostile_clients.measure(build())
        print(json.dumps(rows) if arguments.json else hostile_clients.text(rows))
        return 0
    if arguments.cpu:
        result = bench_cpu.measure_all(arguments.runs)
        print(json.dumps(result) if arguments.json else bench_cpu.text(result))
        return 0
    if arguments.latency:
        result = latency.measure_all(arguments.latency, _cases(arguments))
        print(json.dumps(result) if arguments.json else latency.text(result))
        return 0
    if arguments.line:
        result = line_stress.measure(arguments.line)
        print(json.dumps(result) if arguments.json else line_stress.text(result))
        return 0
    use_device_code()
    sys.path.insert(1, str(DEVICE))
    with tempfile.TemporaryDirectory() as folder:
        where = interpreters(build() / "modules", Path(folder))
        found = _runs_of(where, arguments.runs, arguments.calls)
        result = _result(found)
        if arguments.count:
            instructions.add(result["rows"], *where["micropython"], TARGET_CHARGERS)
    print(json.dumps(result) if arguments.json else bench_table.text(result))
    return 0


def interpreters(slot: Path, folder: Path) -> dict[str, tuple[list[str], list[str]]]:
    """How each interpreter is started, and the three folders in which it finds its modules."""
    from amprail_tools.build import compile_file, with_constants

    for source in DEVICE.glob("*.py"):
        text = folder / source.name
        text.write_text(with_constants(source.read_text()))
        compile_file(text, folder / f"{source.stem}.mpy", source.stem)
        text.unlink()
    cpython = [DEVICE, ROOT / "lib", ROOT / "tools" / "amprail_tools" / "cpython"]
    micropython = [*micropython_command(), "-X", "heapsize=1M"]
    return {
        "micropython": (micropython, [str(path) for path in (folder, slot / "lib", slot)]),
        "cpython": ([sys.executable, "-I"], [str(path) for path in cpython]),
    }


def _runs_of(interpreters: dict, runs: int, calls: int) -> dict[tuple, list[dict]]:
    """By scenario, number of chargers and interpreter, what each run found."""
    from bench_scenarios import SCENARIOS, SIZES

    found = {key: [] for key in product(SCENARIOS, SIZES, interpreters)}
    for run in range(1, runs + 1):
        say(f"run {run} of {runs} ...")
        for (scenario, count, name), results in found.items():
            start, folders = interpreters[name]
            calls_now = max(TARGET_CHARGERS * calls // count, 1)
            command = [*start, "-c", PROGRAM, *folders, scenario, str(count), str(calls_now)]
            results.append(json.loads(output(command)))
    return found


def output(command: list[str]) -> str:
    """What a measuring program writes. Failure with its last words if it fails."""
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        words = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
        raise Failure(f"the core cannot be measured (exit code {done.returncode}): {words[-1]}")
    return done.stdout


def _result(found: dict[tuple, list[dict]]) -> dict:
    first = {name: runs[0] for (_, _, name), runs in found.items()}
    return {
        "versions": {name: run["version"] for name, run in first.items()},
        "runs": len(next(iter(found.values()))),
        "bytes_per_charger": first["cpython"]["bytes_per_charger"],
        "heap_bytes_per_charger": first["micropython"]["heap_bytes_per_charger"],
        "warp": WARP,
        "target": {"chargers": TARGET_CHARGERS, "us": TARGET_US},
        "rows": _rows(found),
    }


def _rows(found: dict[tuple, list[dict]]) -> list[dict]:
    """One row for each part of the core, interpreter, scenario and number of chargers."""
    rows = []
    for key, runs in found.items():
        for of_part in zip(*(run["rows"] for run in runs), strict=True):
            rows.append(_merged(key, of_part))
    rows.sort(key=lambda row: (row["part"], row["interpreter"] == "cpython"))
    before = {}
    for row in rows:
        call = (row["part"], row["interpreter"], row["scenario"])
        if call in before:
            row["growth"] = round(row["median_us"] / before[call], 2)
        before[call] = row["median_us"]
    return rows


def _merged(key: tuple, rows: tuple) -> dict:
    scenario, chargers, interpreter = key
    medians = [row["median_us"] for row in rows]
    merged = {
        "part": rows[0]["part"],
        "scenario": scenario,
        "chargers": chargers,
        "interpreter": interpreter,
        "median_us": round(median(medians), 1),
        "lowest_us": round(min(medians), 1),
        "highest_us": round(max(medians), 1),
        "p90_us": round(median(row["p90_us"] for row in rows), 1),
        "allocated_bytes": max(row["allocated_bytes"] for row in rows),
    }
    if interpreter == "micropython":
        merged["passes_heap_lock"] = all(row["passes_heap_lock"] for row in rows)
        merged["esp32_ms"] = [round(merged["median_us"] * n / 1000, 1) for n in ESP32_TIMES]
        if chargers == TARGET_CHARGERS:
            merged["of_target"] = round(merged["median_us"] / TARGET_US, 2)
    return merged
