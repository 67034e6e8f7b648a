"""Makes every plain test of `unit/` run twice: on CPython and under MicroPython's Unix port.

A test is plain if it takes no arguments. The second item, `test_x[micropython]`, runs compiled,
with the built library, in 96 KB or what the module's `HEAP` says. Modules named
`test_*_cpython.py` are not for MicroPython.
"""

import contextlib
import fcntl
import os
import subprocess
import sys
from itertools import islice
from pathlib import Path

import pytest
from amprail_tools.build import build, compile_file, with_constants
from amprail_tools.environment import device_sources
from amprail_tools.launch import micropython_command

HERE = Path(__file__).parent
UNIT = HERE / "unit"
SCENARIOS = HERE.parent / "tools" / "amprail_tools" / "bench_device" / "bench_scenarios.py"
HEAP = "96K"

# About how long a test of a module waits, where that is more than a second or so. It is only for
# the order: whoever knows it better may correct it. The scenarios, which are held against
# simulated ones to the second, come before those that take much of the computer.
TAKES_S = {
    "test_watchdogs": 68,
    "test_scenarios": 60,
    "test_brands": 58,
    "test_hostile_chargers": 54,
    "test_latency": 50,
    "test_hostile_clients": 30,
    "test_update": 20,
    "test_openapi": 16,
    "test_firmware": 12,
    "test_site": 12,
    "test_passwords": 11,
    "test_settings": 9,
    "test_wifi": 8,
    "test_meters": 5,
}

# With more workers than this one of them has nothing that waits.
MANY = 3

# So many tests that calculate may run at once, and none beside those that hold the wall clock
# against a budget.
PLACES = 3
MEASURING = ("test_latency", "test_hostile_clients")

RUNNER = """\
import sys
sys.path[:0] = sys.argv[1:4]
module = __import__(sys.argv[4])
test = getattr(module, sys.argv[5])
for name in dir(module):  # the other tests leave the memory to this one
    if name.startswith("test_"):
        delattr(module, name)
test()
"""

sys.path.append(str(device_sources()))  # umodbus, as released


def pytest_configure(config):
    config.device_build = build()


def pytest_pycollect_makeitem(collector, name, obj):
    module = collector.path
    plain = module.is_relative_to(UNIT) and not module.stem.endswith("_cpython")
    if plain and name.startswith("test") and _takes_nothing(obj):
        twice = MicroPythonItem.from_parent(collector, name=f"{name}[micropython]", test=name)
        return [*collector._genfunctions(name, obj), twice]
    return None


# Tests of the whole firmware wait in real time; the others calculate. So one worker calculates
# from the beginning, first in virtual time (closed_loop), and the others begin with what waits,
# the longest first. In the end all calculate, as each takes over what another one has left.
def pytest_collection_modifyitems(items):
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    share = -(-len(items) // workers)
    rest = [item for item in items if not _waits(item)]
    alone = rest[:share] if workers > MANY else []
    rows = [[] for _ in range(workers - bool(alone))]
    taken_s = [0] * len(rows)
    for unit in sorted(_waiting(items), key=_takes_s, reverse=True):
        least = taken_s.index(min(taken_s))
        rows[least].extend(unit)
        taken_s[least] += _takes_s(unit)
    others = iter(rest[len(alone) :])
    for row in rows:
        row.extend(islice(others, max(0, share - len(row))))
    items[:] = [*(item for row in rows for item in row), *others, *alone]


def _waiting(items):
    """The tests that wait: each alone, but those of a module in `browser` share a browser."""
    units = {}
    for item in filter(_waits, items):
        in_browser = item.path.is_relative_to(HERE / "browser")
        units.setdefault(item.path if in_browser else item, []).append(item)
    return units.values()


def _waits(item):
    return any(item.path.is_relative_to(HERE / name) for name in ("device", "browser"))


def _takes_s(unit):
    return sum(TAKES_S.get(item.path.stem, 1) for item in unit)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item):
    with contextlib.ExitStack() as held:
        for place in _places(item):
            path = item.config._tmp_path_factory.getbasetemp().parent / f"place{place}"
            fcntl.flock(held.enter_context(open(path, "w")), fcntl.LOCK_EX)
        return (yield)


def _places(item):
    """Those that it holds while it runs, always in the same order."""
    worker = os.environ.get("PYTEST_XDIST_WORKER")
    if worker is None:
        return []
    if _waits(item):
        return range(PLACES) if item.path.stem in MEASURING else []
    return [int(worker.removeprefix("gw")) % PLACES]


def _takes_nothing(obj) -> bool:
    code = getattr(obj, "__code__", None)
    return code is not None and code.co_argcount + code.co_kwonlyargcount == 0


class MicroPythonFailure(Exception):
    """What the Unix port wrote about a failed test."""


class MicroPythonItem(pytest.Item):
    def __init__(self, *, test, **options):
        super().__init__(**options)
        self.test = test

    def runtest(self):
        slot = self.config.device_build / "modules"
        folder = _compiled(self.config, self.path)
        heap = getattr(self.parent.obj, "HEAP", HEAP)
        command = [*micropython_command(), "-X", f"heapsize={heap}", "-c", RUNNER, str(folder)]
        command += [str(slot / "lib"), str(slot), self.path.stem, self.test]
        try:
            done = subprocess.run(
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                errors="replace",
                timeout=120,
                cwd=folder,
                check=False,
            )
        except subprocess.TimeoutExpired as error:
            raise MicroPythonFailure(f"{self.name} did not end within 120 s") from error
        if done.returncode:
            raise MicroPythonFailure(f"exit code {done.returncode}\n{done.stdout}{done.stderr}")

    def repr_failure(self, excinfo, style=None):
        if isinstance(excinfo.value, MicroPythonFailure):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)

    def reportinfo(self):
        return self.path, None, self.name


def _compiled(config, module: Path) -> Path:
    """A folder with the module and what tests share, compiled."""
    if not hasattr(config, "micropython_tests"):
        config.micropython_tests = config._tmp_path_factory.mktemp("micropython")
    folder = config.micropython_tests
    shared = [path for path in UNIT.glob("*.py") if not path.stem.startswith("test_")]
    for source in (HERE / "both.py", SCENARIOS, *shared, module):
        target = folder / f"{source.stem}.mpy"
        if not target.exists():
            text = target.with_suffix(".txt")
            text.write_text(with_constants(source.read_text()))
            # Without -O: asserts are what a test is for
            compile_file(text, target, os.path.relpath(source, HERE.parent), options=())
    return folder
