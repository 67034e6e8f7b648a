# Installs the files of a bundle whose manifest lies in ROOT/new, signed (app/updater.py).

import os

from app import start
from clock import sleep_ms
from micropython import const
from update import slots
from update.bundle import Refused, head, name
from update.entries import entries

# What a file takes beside its bytes, at most: the end of its last block and a share of a folder's
# two. And what has to stay free: settings, and the folders' own blocks.
_BLOCKS_A_FILE = const(2)
_BLOCKS_LEFT = const(16)


async def run(incoming, older: bool) -> str:
    """Receives, verifies and switches; returns the version. Refused, OSError."""
    other = slots.other(incoming.web.code_dir)
    version = _version(incoming, older)
    count, size = await _sum(incoming)
    if size != incoming.exchange.left:
        raise Refused("update_size", "bytes", incoming.exchange.left, "expected", size)
    await _make_room(incoming, other, count, size)
    await _receive(incoming)
    await _verify(incoming)
    await slots.clear(other)
    os.rename(incoming.new, other)
    await incoming.quiet()
    _switch(incoming.web, other[-1:])
    return version


def _running(code_dir):
    try:
        with open(code_dir + "/manifest", "rb") as file:
            return head(file)
    except (OSError, ValueError):
        return 0, 0, 0


# It has the next start.
def _switch(web, slot):
    from app import trial

    trial.note(web.data_dir, web.cycle)
    trial.write(web.data_dir, slot + "0")
    start.forget("app.trial")


def _version(incoming, older):
    with open(incoming.manifest, "rb") as file:
        version = head(file)
    running = _running(incoming.web.code_dir)
    if version < running and not older:
        raise Refused("update_older", "version", name(version), "running", name(running))
    return name(version)


# How many files there are and how large they are together, once all lines have been checked.
async def _sum(incoming):
    count = total = 0
    with open(incoming.manifest, "rb") as file:  # noqa: ASYNC230
        head(file)
        for _, size, _ in entries(file):
            count += 1
            total += size
            await sleep_ms(0)
    return count, total


async def _make_room(incoming, other, count, size):
    root = incoming.web.code_dir[:-1]
    status = os.statvfs(root)
    needed = _BLOCKS_LEFT + _BLOCKS_A_FILE * count + size // status[0]
    if needed > status[3] and other[-1:] in os.listdir(root):
        if needed <= status[3] + slots.blocks(other, status[0]):
            await slots.clear(other)
            return
    if needed > status[3]:
        kb = status[0] / 1024
        free = int(status[3] * kb)
        raise Refused("update_space", "needed_kb", int(needed * kb), "free_kb", free)


async def _receive(incoming):
    made = set()
    with open(incoming.manifest, "rb") as file:  # noqa: ASYNC230
        head(file)
        for _, size, path in entries(file):
            at = path.find("/")
            while at > 0:
                folder = incoming.new + "/" + path[:at]
                if folder not in made:
                    made.add(folder)
                    os.mkdir(folder)
                at = path.find("/", at + 1)
            await incoming.copy(size, incoming.new + "/" + path)


# All that lies in flash, and that its manifest is still the one that was signed.
async def _verify(incoming):
    with open(incoming.manifest, "rb") as file:  # noqa: ASYNC230
        head(file)
        for digest, _, path in entries(file):
            if await incoming.hash(incoming.new + "/" + path) != digest:
                raise Refused("update_file", "path", path)
    if await incoming.hash(incoming.manifest) != incoming.digest:
        raise Refused("update_file", "path", "manifest")
