"""A stock MicroPython image for an ESP32 (a .bin of micropython.org): bootloader, partitions and
firmware in one file. It is checked here before a board is touched.

Formats: ESP-IDF, "Firmware Image Format" of esptool's documentation, and "Partition Tables".
"""

import hashlib
import re
import struct
from dataclasses import dataclass, replace
from pathlib import Path

from amprail_tools import UserError
from amprail_tools.boards import Board

BLOCK = 4096

# Where ESP-IDF has the table by default; MicroPython leaves it there.
TABLE_AT = 0x8000
TABLE_SIZE = 0xC00
ENTRY = struct.Struct("<HBBII16sI")
ENTRY_MAGIC = 0x50AA
SUM_MAGIC = b"\xeb\xeb" + b"\xff" * 14
APP, DATA, FAT = 0, 1, 0x81

IMAGE_MAGIC = 0xE9
CHIP_ID_AT = 12
SIZE_AT = 3  # upper half: 0 is 1 MB, 1 is 2 MB, ...
HASHED_AT = 23

# esp_app_desc_t, behind the headers of the image and of its first segment.
DESCRIPTION_AT = 32
DESCRIPTION_MAGIC = 0xABCD5432
VERSION_AT, NAME_AT = 16, 48

# .mpy 6.3, which the build makes.
OLDEST_MICROPYTHON = (1, 23)

LARGEST_FILE = LARGEST_FLASH = 16 << 20


@dataclass(frozen=True)
class Partition:
    name: str
    type: int
    subtype: int
    offset: int
    size: int
    flags: int = 0

    @property
    def end(self) -> int:
        return self.offset + self.size


@dataclass(frozen=True)
class Firmware:
    """content: what goes to flash at `offset`; files: where the file system goes."""

    content: bytes
    offset: int
    version: str
    files: Partition


def read_firmware(path: Path, board: Board) -> Firmware:
    """The image in the file, for this board; UserError, one line, if it cannot be that."""
    raw = _read(path)
    try:
        return _firmware(raw, board)
    except ValueError as error:
        wanted = f"{board.micropython}-*.bin of micropython.org"
        raise UserError(f"{path.name}: {error}: expected {wanted}") from None


def _read(path):
    try:
        with path.open("rb") as file:
            raw = file.read(LARGEST_FILE + 1)
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from None
    if len(raw) > LARGEST_FILE:
        raise UserError(f"{path.name}: is longer than {LARGEST_FILE} bytes")
    return raw


def _firmware(raw, board):
    from esptool.targets import CHIP_DEFS

    chip = CHIP_DEFS[board.chip]
    for magic, kind in ((b"UF2\n", "a UF2 file"), (b"\x7fELF", "an ELF file")):
        if raw.startswith(magic):
            raise ValueError(f"is {kind}")
    if len(raw) < HASHED_AT + 1 or raw[0] != IMAGE_MAGIC:
        raise ValueError("is no firmware")
    found = int.from_bytes(raw[CHIP_ID_AT : CHIP_ID_AT + 2], "little")
    if found != chip.IMAGE_CHIP_ID:
        raise ValueError(f"is for {_chip_name(found)}, not for {chip.CHIP_NAME}")
    offset = chip.BOOTLOADER_FLASH_OFFSET
    table_at = TABLE_AT - offset
    table = read_table(raw[table_at : table_at + TABLE_SIZE])
    version = _check_app(raw, table, offset, board.chip)
    flash_bytes = 1 << 20 + (raw[SIZE_AT] >> 4)
    table = with_files(table, flash_bytes)
    files = files_in(table, flash_bytes)
    written = raw[:table_at] + table_bytes(table) + raw[table_at + TABLE_SIZE :]
    return Firmware(written, offset, version, files)


def _chip_name(chip_id):
    from esptool.targets import CHIP_DEFS

    for chip in CHIP_DEFS.values():
        if chip.IMAGE_CHIP_ID == chip_id and chip.CHIP_NAME != "ESP8266":
            return chip.CHIP_NAME
    return f"chip {chip_id}"


def read_table(raw: bytes) -> list[Partition]:
    """The partitions of a table; ValueError."""
    table = []
    for at in range(0, len(raw) - ENTRY.size + 1, ENTRY.size):
        entry = raw[at : at + ENTRY.size]
        if entry[:16] == SUM_MAGIC:
            if entry[16:] != hashlib.md5(raw[:at]).digest():
                raise ValueError("its partition table is damaged")
            return table
        if entry == b"\xff" * ENTRY.size:
            return table
        magic, kind, subtype, offset, size, name, flags = ENTRY.unpack(entry)
        if magic != ENTRY_MAGIC:
            break
        text = name.rstrip(b"\0").decode("ascii", "replace")
        table.append(Partition(text, kind, subtype, offset, size, flags))
    if table:
        raise ValueError("its partition table is damaged")
    raise ValueError("has no partition table at 0x8000, so it is not a whole image")


def table_bytes(table: list[Partition]) -> bytes:
    """The table as it lies in flash, with its checksum."""
    entries = b"".join(
        ENTRY.pack(ENTRY_MAGIC, p.type, p.subtype, p.offset, p.size, p.name.encode(), p.flags)
        for p in table
    )
    whole = entries + SUM_MAGIC + hashlib.md5(entries).digest()
    return whole.ljust(TABLE_SIZE, b"\xff")


def with_files(table: list[Partition], flash_bytes: int) -> list[Partition]:
    """The table with a `vfs`.

    MicroPython makes one of what is left where the table has none; by how much it reckons has
    changed with its versions, and littlefs wants to know exactly. So it is put into the table.
    """
    if any(p.name == "ffat" for p in table):
        raise ValueError("is made for TinyUF2 and has a FAT file system")
    if any(p.name == "vfs" for p in table):
        return table
    begin = -(-max(p.end for p in table) // BLOCK) * BLOCK
    return [*table, Partition("vfs", DATA, FAT, begin, flash_bytes - begin)]


def files_in(table: list[Partition], flash_bytes: int) -> Partition:
    """The partition of the file system, in whole blocks; ValueError if it makes no sense."""
    files = next(p for p in table if p.name == "vfs")
    others = [p for p in table if p.name != "vfs"]
    bad = any(p.offset < files.end and files.offset < p.end for p in others)
    bad = bad or files.end > min(flash_bytes, LARGEST_FLASH) or files.size < 16 * BLOCK
    if bad or files.offset % BLOCK:
        raise ValueError(f"has no room for files: {files.size} bytes at {files.offset:#x}")
    return replace(files, size=files.size // BLOCK * BLOCK)


# The checks that a bootloader makes, and that it is MicroPython.
def _check_app(raw, table, offset, chip):
    app = next((p for p in table if p.type == APP), None)
    if app is None:
        raise ValueError("has no firmware in its partition table")
    image = raw[app.offset - offset : app.end - offset]
    begin = image[DESCRIPTION_AT : DESCRIPTION_AT + NAME_AT + 32]
    if image[:1] != bytes((IMAGE_MAGIC,)) or len(begin) < NAME_AT + 32:
        raise ValueError("ends before its firmware")
    described = int.from_bytes(begin[:4], "little") == DESCRIPTION_MAGIC
    name, version = (_text(begin[at : at + 32]) for at in (NAME_AT, VERSION_AT))
    if not described or name != "micropython":
        raise ValueError(f"is not MicroPython but '{name}'" if described else "is not MicroPython")
    _check_whole(image, chip)
    numbers = re.match(r"v?(\d+)\.(\d+)", version)
    if numbers and tuple(map(int, numbers.groups())) < OLDEST_MICROPYTHON:
        raise ValueError(f"is MicroPython {version}, older than 1.23")
    return version


def _text(raw):
    return raw.split(b"\0")[0].decode("ascii", "replace")


def _check_whole(image, chip):
    from esptool.bin_image import LoadFirmwareImage

    try:
        loaded = LoadFirmwareImage(chip, image)
        whole = loaded.calculate_checksum() == loaded.checksum
        whole = whole and (not loaded.append_digest or loaded.stored_digest == loaded.calc_digest)
    except Exception:  # its parser has many words for damage
        whole = False
    if not whole:
        raise ValueError("is damaged or was not downloaded whole")
