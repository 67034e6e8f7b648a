"""Makes every plain test of `unit/` run twice: on CPython and under MicroPython's Unix port.

A test is plain if it takes no arguments. The second item, `test_x[micropython]`, runs compiled,
with the built library, in 96 KB or what the module's `HEAP` says. Modules named
`test_*_cpython.py` are not for MicroPython.
"""

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


# Tests of the whole firmware wait for most of a minute each: each worker begins with some of them,
# a module's together, since what they share is started once a worker.
def pytest_collection_modifyitems(items):
    workers = int(os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1"))
    modules = {}
    for item in items:
        if item.path.is_relative_to(HERE / "device") or item.path.is_relative_to(HERE / "browser"):
            modules.setdefault(item.path, []).append(item)
    rows = [[] for _ in range(workers)]
    for path in sorted(modules, key=lambda path: (-len(modules[path]), path)):
        min(rows, key=len).extend(modules[path])
    slow = {item for row in rows for item in row}
    rest = iter([item for item in items if item not in slow])
    share = -(-len(items) // workers)
    items[:] = [item for row in rows for item in [*row, *islice(rest, max(0, share - len(row)))]]
    items.extend(rest)


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
