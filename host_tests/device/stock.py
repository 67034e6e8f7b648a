"""A stand-in for the stock MicroPython of micropython.org, which cannot be downloaded by a test.

It is an image as esptool itself writes and checks it: a bootloader, a partition table with its
checksum, and an app that describes itself as MicroPython, with valid headers, checksums and
SHA-256. Only the programs in it are not there.
"""

import hashlib
import struct
from pathlib import Path

from amprail_tools.partitions import TABLE_AT, TABLE_SIZE, Partition, table_bytes
from esptool.bin_image import ELFSection, ESP32FirmwareImage, ESP32S3FirmwareImage

APP_AT = 0x10000

# Where each chip's constants (DROM) and code (IRAM) are mapped.
CHIPS = {
    "esp32": (ESP32FirmwareImage, 0x3F400020, 0x40080000, 0x1000),
    "esp32s3": (ESP32S3FirmwareImage, 0x3C000020, 0x40374000, 0),
}

# MicroPython's partitions-4MiB.csv, without the `vfs` that its build leaves out today.
TABLE = [
    Partition("nvs", 1, 2, 0x9000, 0x6000),
    Partition("phy_init", 1, 1, 0xF000, 0x1000),
    Partition("factory", 0, 0, APP_AT, 0x1F0000),
]


def stock_image(
    folder: Path,
    chip: str = "esp32",
    flash_mb: int = 4,
    table: list[Partition] | None = None,
    version: str = "v1.28.0",
    project: str = "micropython",
) -> bytes:
    """The content of the .bin."""
    boot = _image(folder, chip, flash_mb, hashlib.sha256(b"bootloader").digest() * 32)
    app = _image(folder, chip, flash_mb, _description(version, project) + bytes(3000))
    offset = CHIPS[chip][3]
    raw = boot.ljust(TABLE_AT - offset, b"\xff") + table_bytes(table or TABLE)
    assert len(raw) == TABLE_AT - offset + TABLE_SIZE
    return raw.ljust(APP_AT - offset, b"\xff") + app


# esp_app_desc_t: magic, secure version, 8 bytes, version, project, time, date, IDF, SHA-256, rest
def _description(version, project):
    texts = (version, project, "12:00:00", "Nov 26 2026", "v5.5.1")
    sizes = (32, 32, 16, 16, 32)
    padded = (text.encode().ljust(size, b"\0") for text, size in zip(texts, sizes, strict=True))
    return struct.pack("<II8x", 0xABCD5432, 0) + b"".join(padded) + bytes(112)


def _image(folder, chip, flash_mb, content):
    kind, constants, code, _ = CHIPS[chip]
    image = kind()
    image.entrypoint = code
    image.flash_size_freq = image.ROM_LOADER.parse_flash_size_arg(f"{flash_mb}MB")
    image.segments = [
        ELFSection(b".rodata", constants, content + bytes(-len(content) % 4), 0),
        ELFSection(b".iram", code, bytes(64), 0),
    ]
    path = folder / "image.bin"
    image.save(str(path))
    return path.read_bytes()
