"""The core decides the same as machine code, as bytecode and on CPython."""

import subprocess
from pathlib import Path

import pytest
from amprail_tools import build
from amprail_tools.launch import micropython_command
from decisions import Site

UNIT = Path(__file__).parent
CYCLES = 300
HELPERS = ("decisions", "random_sites", "allocation", "chance", "core")

PROGRAM = """\
import sys
sys.path[:0] = sys.argv[1:3]
import decisions
decisions.main(int(sys.argv[3]), int(sys.argv[4]))
"""

# Byte 2 of a .mpy holds from bit 2 on for which processor its machine code is: 0 is none.
# docs.micropython.org, "MicroPython .mpy files"
PROCESSOR = slice(2, 3)


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """The helpers of the tests, and the core in both ways, each in a folder of its own."""
    folder = tmp_path_factory.mktemp("machine_code")
    helpers = folder / "helpers"
    helpers.mkdir()
    for name in HELPERS:
        source = helpers / f"{name}.py"
        source.write_text(build.with_constants((UNIT / source.name).read_text()))
        build.compile_file(source, source.with_suffix(".mpy"), name)
        source.unlink()
    return helpers, compiled(folder / "as it is", build.MACHINE_CODE), compiled(folder / "b", None)


def compiled(folder: Path, machine_code: str | None) -> Path:
    """The core as the build makes it for a computer with or without an emitter."""
    jobs = build._jobs(folder, ".", build._apart(build._sources()), machine_code)
    jobs = [job for job in jobs if job[1].parent.name == "balance"]
    assert jobs
    for job in jobs:
        build.compile_file(*job, build.options(machine_code))
    return folder / "lib"


def decided(helpers: Path, lib: Path, seed: int) -> list[str]:
    command = [*micropython_command(), "-X", "heapsize=1M", "-c", PROGRAM]
    command += [str(helpers), str(lib), str(seed), str(CYCLES)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout[-500:] + done.stderr
    return done.stdout.splitlines()


def has_machine_code(lib: Path) -> set[str]:
    paths = (lib / "balance").glob("*.mpy")
    return {path.stem for path in paths if path.read_bytes()[PROCESSOR][0] >> 2}


def test_only_one_of_both_is_machine_code(folders):
    _, machine_code, bytecode = folders
    with_loops = {"allocator", "bookings", "sessions", "shares"} if build.MACHINE_CODE else set()
    assert has_machine_code(machine_code) >= with_loops
    assert has_machine_code(bytecode) == set()


@pytest.mark.parametrize("seed", range(6))
def test_every_decision_is_the_same(folders, seed):
    helpers, machine_code, bytecode = folders
    expected = decided(helpers, machine_code, seed)
    assert len(expected) == CYCLES and len(set(expected)) > CYCLES // 3
    assert decided(helpers, bytecode, seed) == expected
    site = Site(seed)
    assert [str(site.step()) for _ in range(CYCLES)] == expected
