"""The file system of a board as one image, littlefs as MicroPython mounts it."""

from pathlib import Path

from amprail_tools import ROOT, Failure
from amprail_tools.boards import Board, board
from amprail_tools.partitions import BLOCK

DIST = ROOT / "dist"

# MicroPython's defaults for VfsLfs2 (extmod/vfs_lfs.c): 32 bytes for each, and a disk format that
# its littlefs reads in every version with .mpy 6.3.
FORMAT = {
    "block_size": BLOCK,
    "read_size": 32,
    "prog_size": 32,
    "lookahead_size": 32,
    "disk_version": 0x00020000,
}

# What the stock firmware's table leaves: 2 MB of 4 for the file system, and more of more.
FIRMWARE_BYTES = 0x200000


def image_of(files: dict[str, bytes], size: int) -> bytes:
    """A littlefs of `size` bytes with the files, by their path; Failure if they do not fit."""
    from littlefs import LittleFS, LittleFSError

    fs = LittleFS(block_count=size // BLOCK, **FORMAT)
    try:
        for path, content in sorted(files.items()):
            fs.makedirs(str(Path(path).parent), exist_ok=True)
            with fs.open(path, "wb") as file:
                file.write(content)
        left = size - fs.used_block_count * BLOCK
    except LittleFSError as error:
        raise Failure(f"a file system of {size} bytes: {path}: {error}") from None
    slot = sum(len(content) for path, content in files.items() if path.startswith("/a/"))
    if left < slot * 5 // 4:
        raise Failure(
            f"a file system of {size} bytes: {left} left, an update needs {slot * 5 // 4}"
        )
    return bytes(fs.context.buffer)


def files_of(folder: Path, name: str, data: dict[str, bytes] | None = None) -> dict[str, bytes]:
    """What lies on the board `name`: the build in `folder`, and `data` in its data directory."""
    paths = [folder / "main.py", *(path for path in (folder / "a").rglob("*") if path.is_file())]
    files = {f"/{path.relative_to(folder).as_posix()}": path.read_bytes() for path in paths}
    files["/board"] = name.encode()
    led = board(name).led
    if led is not None:
        files["/led"] = str(led).encode()
    files |= {f"/data/{path}": content for path, content in (data or {}).items()}
    return files


def write_image(folder: Path, name: str) -> str:
    """Writes dist/BOARD.littlefs, without a device's secrets; returns a line about it."""
    size = size_on(board(name))
    files = files_of(folder, name)
    DIST.mkdir(exist_ok=True)
    path = DIST / f"{name}.littlefs"
    path.write_bytes(image_of(files, size))
    taken = sum(len(content) for content in files.values())
    return f"{path.relative_to(ROOT)}: {size} bytes, the files in it {taken}"


def size_on(board: Board) -> int:
    """Bytes of the file system with the stock firmware."""
    return board.flash_bytes - FIRMWARE_BYTES
