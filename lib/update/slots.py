# The two slots of a device's file system, ROOT/a and ROOT/b, hold two versions of the firmware;
# which of them starts is in DATA/slot (app/trial.py). A slot is whole if its manifest is there:
# that goes first when a slot is cleared, and a new slot comes by the renaming of its folder.

import os

from clock import sleep_ms
from update.bundle import head

_FOLDER = 0x4000


def other(code_dir: str) -> str:
    """The folder of the other slot."""
    return code_dir[:-1] + ("b" if code_dir[-1:] == "a" else "a")


def version(slot_dir: str) -> tuple:
    """The version in a slot as three numbers, (0, 0, 0) where there is none."""
    try:
        with open(slot_dir + "/manifest", "rb") as file:
            return head(file)
    except (OSError, ValueError):
        return 0, 0, 0


async def clear(folder: str) -> None:
    """Removes a folder with all in it, its manifest first; OSError."""
    try:
        os.remove(folder + "/manifest")
    except OSError:
        pass  # of a folder that came without one
    try:
        names = os.listdir(folder)
    except OSError:
        return
    for name in names:
        path = folder + "/" + name
        if os.stat(path)[0] & _FOLDER:
            await clear(path)
        else:
            os.remove(path)
        await sleep_ms(0)
    os.rmdir(folder)


def blocks(folder: str, size: int) -> int:
    """At least as many blocks of `size` bytes as clearing a folder gives back."""
    count = 0
    for name in os.listdir(folder):
        status = os.stat(folder + "/" + name)
        if status[0] & _FOLDER:
            count += blocks(folder + "/" + name, size)
        else:
            count += status[6] // size
    return count
