"""Flash a board, the stock MicroPython for it and Amprail's files in one go, and make its label.

The file is the .bin of micropython.org for the board. Everything is checked before the board is
touched, and read back after it was written. What was on the board is gone after it, its settings
too (back them up on its page); --data puts a data directory of `amprail run` on it. If it breaks
off, do it again: the chip's own loader cannot be overwritten. The label has the device's secrets,
which are new each time and nowhere else: stick it on.
"""

import argparse
from pathlib import Path

from amprail_tools import ROOT, UserError, boards, keys, say
from amprail_tools.build import build_device
from amprail_tools.images import files_of, image_of
from amprail_tools.partitions import read_firmware

SETTINGS = ("site.json", "chargers.jsonl")
LARGEST_SETTINGS = 128 * 1024


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_board_options(parser)
    parser.add_argument(
        "--firmware",
        type=Path,
        required=True,
        metavar="FILE",
        help="the stock MicroPython, a .bin",
    )
    parser.add_argument(
        "--data", type=Path, metavar="DIR", help="a folder with site.json and chargers.jsonl"
    )
    parser.add_argument(
        "--labels",
        type=Path,
        default=ROOT / "labels",
        metavar="DIR",
        help="where the label goes, as SVG and PNG (default: labels/)",
    )


def add_board_options(parser: argparse.ArgumentParser) -> None:
    """The board and where it is plugged in."""
    parser.add_argument(
        "--board",
        choices=boards.names(),
        required=True,
        metavar="B",
        help=", ".join(boards.names()),
    )
    parser.add_argument(
        "--port",
        metavar="P",
        help="the serial port, as /dev/ttyUSB0 (default: the only one on USB)",
    )


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.identity import new_identity
    from amprail_tools.label import write_label
    from amprail_tools.loader import connected

    board = boards.board(arguments.board)
    firmware = read_firmware(arguments.firmware, board)
    settings = settings_in(arguments.data)
    folder = made_writable(arguments.labels)
    build = build_device()
    with connected(arguments.port or only_port()) as loader:
        loader.attach(board)
        check_size(firmware.files, loader.flash_bytes)
        identity = new_identity(loader.mac)
        files = files_of(build, board.name, {**settings, **identity.files(), **keys.on_device()})
        image = image_of(files, firmware.files.size)
        say(f"{identity.name}: MicroPython {firmware.version}, {len(files)} files")
        loader.write([(firmware.offset, firmware.content), (firmware.files.offset, image)])
        labels = write_label(identity, folder)
        loader.restart()
    say(
        "done, and read back as it was written. Print and stick on: " + ", ".join(map(str, labels))
    )
    return 0


def only_port() -> str:
    """The one serial port on USB; UserError if there is none or more."""
    from amprail_tools.loader import ports

    found = ports()
    if len(found) == 1:
        return found[0]
    seen = f"there are {', '.join(found)}" if found else "no serial port on USB: is it plugged in?"
    raise UserError(f"--port: {seen}")


def settings_in(folder: Path | None) -> dict[str, bytes]:
    """The two files of settings, checked as the device checks them; UserError."""
    if folder is None:
        return {}
    from amprail_tools import use_device_code

    use_device_code()
    from settings.schema import SettingsError
    from settings.store import read_chargers, read_site

    try:
        read_site(str(folder))
    except SettingsError as error:
        raise UserError(f"{folder}: {error}") from None
    for _, _, error in read_chargers(str(folder)):
        if error:
            raise UserError(f"{folder}: {error}")
    paths = [folder / name for name in SETTINGS if (folder / name).exists()]
    return {path.name: path.read_bytes()[:LARGEST_SETTINGS] for path in paths}


# Before the board is touched: afterwards it would be a device without a label.
def made_writable(folder: Path) -> Path:
    """The folder, made if needed; UserError if nothing can be written into it."""
    probe = folder / ".probe"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe.touch()
        probe.unlink()
    except OSError as error:
        raise UserError(f"--labels: {folder}: {error.strerror}") from None
    return folder


def check_size(files, flash_bytes: int) -> None:
    """UserError if the flash is smaller than what is to be written."""
    if files.end > flash_bytes:
        needed = -(-files.end // (1 << 20))
        raise UserError(
            f"the board's flash has {flash_bytes >> 20} MB, this firmware needs {needed} MB: "
            "expected the firmware for a smaller flash"
        )
