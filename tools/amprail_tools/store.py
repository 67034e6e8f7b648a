"""Folders that are made once and shared by all runs in this checkout: the tools and the build.

A folder is named by a key, the hash of what it is made from, and made at its final name (a venv
cannot be moved), under a lock. Its stamp is written last: a folder without one, left by a kill,
is made anew. The visible name (`.venv`, `build`) is a link that is renamed into place when the
folder is whole. Whoever uses a folder holds a shared lock on its stamp, so a newer one never takes
it away under a running firmware; it is removed by the next making after that.
"""

import fcntl
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable
from pathlib import Path

from amprail_tools import ROOT, UserError, say

STORE = ROOT / ".cache"
STAMP = ".whole"

_held = {}


def key_of(parts: Iterable[bytes | str | Path]) -> str:
    """Hash over texts and the names and contents of files."""
    whole = hashlib.sha256()
    for part in parts:
        if isinstance(part, Path):
            whole.update(str(part.relative_to(ROOT)).encode() + b"\0")
            part = part.read_bytes()
        part = part.encode() if isinstance(part, str) else part
        whole.update(hashlib.sha256(part).digest())
    return whole.hexdigest()[:16]


def made(name: str, key: str, make: Callable[[Path], None]) -> Path:
    """The folder `name` made from `key`, made now by `make(folder)` if there is none.

    The folder is kept for as long as this process lives, also over an `exec`. Processes started by
    `make` with `close_fds=False` keep the lock: if this one is killed, nobody starts before them.
    """
    link = ROOT / name
    folder = STORE / f"{name.lstrip('.')}-{key}"
    if not (_points_to(link, folder) and _hold(folder)):
        STORE.mkdir(exist_ok=True)
        with open(STORE / f"{name.lstrip('.')}.lock", "w") as lock:
            os.set_inheritable(lock.fileno(), True)
            _wait_for(lock, name)
            if not _hold(folder):
                shutil.rmtree(folder, ignore_errors=True)
                folder.mkdir()
                make(folder)
                (folder / STAMP).touch()
                _hold(folder)
            _point(link, folder)
            _remove_unused(name, folder)
    return folder


def _points_to(link: Path, folder: Path) -> bool:
    return link.is_symlink() and Path(os.readlink(link)).name == folder.name


def _point(link: Path, folder: Path) -> None:
    if link.exists() and not link.is_symlink():
        raise UserError(f"{link} is in the way and was not made by this command: move it away")
    new = STORE / f"{link.name}.link"
    new.unlink(missing_ok=True)
    new.symlink_to(os.path.relpath(folder, link.parent))
    new.replace(link)


def _wait_for(lock, name: str) -> None:
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        say(f"waiting for another amprail that is making {name} ...")
        fcntl.flock(lock, fcntl.LOCK_EX)


def _hold(folder: Path) -> bool:
    """Takes a share in a whole folder; False if it is not whole."""
    stamp = folder / STAMP
    if stamp in _held and stamp.exists():
        return True
    try:
        file = open(stamp)
        fcntl.flock(file, fcntl.LOCK_SH)
        if not os.path.samestat(os.stat(stamp), os.fstat(file.fileno())):
            return False
    except FileNotFoundError:
        return False
    os.set_inheritable(file.fileno(), True)
    _held[stamp] = file
    return True


def _remove_unused(name: str, folder: Path) -> None:
    for other in STORE.glob(f"{name.lstrip('.')}-*"):
        if other != folder and _free(other / STAMP):
            shutil.rmtree(other, ignore_errors=True)


def _free(stamp: Path) -> bool:
    """Unmarks a folder that nobody uses."""
    try:
        with open(stamp) as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            stamp.unlink()
    except BlockingIOError:
        return False
    except FileNotFoundError:
        pass
    return True
