"""What each package of a build takes in a device's memory once it is imported."""

import json
import subprocess
from pathlib import Path

from amprail_tools import Failure
from amprail_tools.join import HOME
from amprail_tools.launch import micropython_command

# Of the meters a device loads the one that it has.
METERS = "modbus.meters."
METER = METERS + "eastron_sdm630"

# Of the chargers' drivers a site has a few.
DRIVERS = "chargers."
DRIVER = ("chargers.warp",)

# Needed at start only, by the meters that describe themselves, or while something is looked for.
APART = (
    "modbus.maps",
    "modbus.sunspec",
    "modbus.detect",
    "modbus.signatures",
    "balance.wiring",
    "balance.steps",
)
# Of a board with Wi-Fi: at its start, while its access point is on, when the page asks.
APART += ("app.portal", "app.wifi_api", "app.wifi_save", "app.wifi_start")
APART += ("net.dns", "settings.label", "settings.wifi")

MEASURE = """\
import asyncio, gc, json, sys, time
asyncio.Event
sys.path[:0] = [sys.argv[1] + "/lib", sys.argv[1]]
def used():
    gc.collect()
    return gc.mem_alloc()
taken = []
for name, modules in PACKAGES:
    before = used()
    for module in modules:
        __import__(module)
    taken.append((name, used() - before))
print(json.dumps(taken))
"""


def imported(folder: Path) -> dict[str, int]:
    """Bytes of heap by package of the build, on this computer; an ESP32 needs about two thirds.

    Modules that share something count where they come first.
    """
    slot = folder / "a"
    program = MEASURE.replace("PACKAGES", repr(_packages(slot)))
    command = [*micropython_command(), "-X", "heapsize=1024K", "-c", program, str(slot)]
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failure(f"the build cannot be imported: {done.stdout}{done.stderr}")
    return dict(json.loads(done.stdout))


def _packages(slot: Path) -> list[tuple[str, list[str]]]:
    """(path in the build, its modules) in the order of import."""
    packages = {}
    for path in sorted(slot.rglob("*.mpy")):
        parts = path.relative_to(slot).parts
        name = "/".join(("a", *parts[: 2 if parts[0] == "lib" else 1]))
        module = ".".join(path.relative_to(slot).with_suffix("").parts).removeprefix("lib.")
        name = "a/" + path.relative_to(slot).as_posix() if module == HOME else name
        apart = module.startswith(METERS) and module != METER
        apart |= module.startswith(DRIVERS) and module not in DRIVER
        if not apart and module not in APART:
            packages.setdefault(name, []).append(module)
    return sorted(packages.items(), key=_turn)


def _turn(package: tuple[str, list[str]]) -> tuple:
    name, modules = package
    return modules[0] != HOME, not name.startswith("a/lib"), name
