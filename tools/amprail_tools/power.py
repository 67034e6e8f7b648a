"""Cut the power of a device's flash at every step of all that writes to it.

A real littlefs on a block device in memory, in MicroPython's Unix port: each operation is cut
before, in the middle of and after each program and erase, and the launcher is started for real
each time. Broken is what does not run whole, or runs with settings that are neither the old ones
nor the new ones. `--pairs` cuts twice, at random places, the second time in the start or the
operation after the first.
"""

import argparse
import functools
import json
import os
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amprail_tools import ROOT, Failure
from amprail_tools.launch import micropython_command

OPERATIONS = ("saving site.json", "saving chargers.jsonl", "update", "marking healthy")
OPERATIONS += ("going back", "factory settings")
UNSAFE = ("removing first", "switching first")
PROGRAM = ROOT / "host_tests" / "power" / "cuts.py"
UNIT = ROOT / "host_tests" / "unit"
SOURCES = (PROGRAM, UNIT / "bundles.py", UNIT / "update_test_keys.py")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--pairs", type=int, default=1000, metavar="N", help="of each operation (default: 1000)"
    )
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="another one, other pairs"
    )


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.build import build

    build_dir = build()
    _sources()
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        jobs = [(build_dir, name, arguments.pairs, arguments.seed) for name in OPERATIONS]
        results = list(pool.map(lambda job: cut(*job), jobs))
    print(table(results))
    for line in (error for result in results for error in result["errors"]):
        print(line)
    print("Blocks of 4 KB erased:", json.dumps(wear(build_dir)))
    return 1 if any(result["errors"] for result in results) else 0


def cut(build_dir: Path, name: str, pairs: int, seed: int) -> dict:
    """{"programs", "erases", "rows", "errors"} of an operation (host_tests/power/cuts.py)."""
    return _run(build_dir, name, str(pairs), str(seed))


def wear(build_dir: Path) -> dict:
    """Blocks erased by what writes."""
    return _run(build_dir, "wear", str(build_dir / "a"))


def table(results: list[dict]) -> str:
    """The rows as people read them."""
    lines = ["| operation | power cuts | old | new | broken |", "|---|---|---|---|---|"]
    for row in (row for result in results for row in result["rows"]):
        cells = [str(row[name]) for name in ("operation", "cuts", "old", "new", "broken")]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


@functools.cache
def _sources():
    """The programs as they have to be beside the device's code."""
    from amprail_tools.build import with_constants

    return {path.name: with_constants(path.read_text()) for path in SOURCES}


def _run(build_dir, *arguments):
    code = build_dir / "modules"
    with tempfile.TemporaryDirectory(prefix="amprail-power-") as folder:
        for name, text in _sources().items():
            (Path(folder) / name).write_text(text)
        command = [*micropython_command(), "-X", "heapsize=96M", PROGRAM.name]
        done = subprocess.run(
            [*command, str(ROOT / "firmware" / "main.py"), *arguments],
            env={
                **os.environ,
                "MICROPYPATH": f"{folder}:{ROOT / 'host_tests'}:{code / 'lib'}:{code}:.frozen",
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            cwd=folder,
        )
    if done.returncode:
        raise Failure(f"{PROGRAM.name} {arguments[0]}: {(done.stdout + done.stderr)[-2000:]}")
    return json.loads(done.stdout.splitlines()[-1])
