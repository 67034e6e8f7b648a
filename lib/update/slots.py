# The two slots of a device's file system, ROOT/a and ROOT/b, hold two versions of the firmware;
# which of them starts is in DATA/slot (app/trial.py). A slot is whole if its manifest is there:
# that goes first when a slot is cleared, and a new slot comes by the renaming of its folder.

import os

from clock import sleep_ms

_FOLDER = 0x4000


def other(code_dir: str) -> str:
    """The folder of the other slot."""
    return code_dir[:-1] + ("b" if code_dir[-1:] == "a" else "a")


def check(web) -> None:
    """ValueError, as `net.guard.Guard` has it, unless the device takes an update now: what runs
    has to have been healthy, since the other slot will be overwritten."""
    if web.busy:
        raise ValueError(409, b"", '"code":"update_busy"')
    if web.code_dir[:-2] + "/data" != web.data_dir:
        raise ValueError(409, b"", '"code":"update_computer"')
    try:
        with open(web.data_dir + "/good") as file:
            good = file.read(1)
    except (OSError, ValueError):
        good = ""
    if good != web.code_dir[-1:]:
        raise ValueError(409, b"", '"code":"update_trial"')


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
