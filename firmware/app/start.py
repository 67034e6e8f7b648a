# Starts the firmware and ends it. The building of the parts is in `build`, which goes again once
# it is done: on a small heap code that runs once is as much in the way as anything else.

import asyncio
import gc
import sys

from app import log
from clock import sleep_ms

# What stays of the settings would lie scattered between what was needed to read them, and leave no
# hole large enough for the next table of names. So it is collected often while they are read.
_COLLECT_AT_START_BYTES = 2048

# A collection before the heap is full is short and, on an ESP32, keeps it from growing: memory
# that Python has taken, Wi-Fi never gets back (MicroPython issue 14421). It takes the same time
# however much there is to collect, so where much is free it is rarer; where little is, what lives
# on is scattered among what does not, and there is no hole for a request to a charger.
_COLLECT_EVERY_BYTES = 5 * 1024


def main(code_dir: str, data_dir: str, tries: int = 1) -> int:
    """Runs until the board says that it is over. Returns 0, 1 (failure), 2 (the user's error), 3
    (start it again at once). `tries`: of the launcher, from 7 on with control only."""
    gc.threshold(_COLLECT_AT_START_BYTES)
    _note(data_dir, tries, code_dir[-1:])
    try:
        board, health, tasks = _built(code_dir, data_dir, tries)
    except ValueError as error:
        log.error(error)
        code = 2
    else:
        code = asyncio.run(_run(board, health, tasks))
    _note(data_dir, code)
    return code


def _built(code_dir, data_dir, tries):
    from app import build

    try:
        return build.build(code_dir, data_dir, tries)
    finally:
        forget("app.build")


def has_room(size: int) -> bool:
    """Whether so many bytes are free. Who is not needed for control asks before it takes memory:
    where there is none left, tasks die."""
    if gc.mem_free() < size:
        gc.collect()
    return gc.mem_free() >= size


# Whatever is wrong with that, it keeps nobody from controlling.
def _note(data_dir, number, slot=""):
    try:
        from app import trial

        if slot:
            trial.begin(data_dir, slot, number)
        else:
            trial.end(data_dir, number)
    except Exception as error:
        log.error("not kept: {}".format(repr(error)))
    forget("app.trial")


# Whoever has memory that control can do without says here how it is given back.
givers = []


def relieve() -> None:
    """For control, where it has no memory left."""
    for give in givers:
        give()
    gc.collect()


def forget(*names) -> None:
    """Lets modules go; the next import loads them again."""
    for name in names:
        loaded = sys.modules.pop(name, None)
        package, _, module = name.rpartition(".")
        if loaded and package in sys.modules:
            delattr(sys.modules[package], module)
    gc.collect()


async def _run(board, health, tasks):
    while tasks:
        name, run, beats = tasks.pop()
        health.start(name, run, beats)
    health.start("end", _ending(board, health), False)
    gc.collect()
    gc.threshold(max(_COLLECT_EVERY_BYTES, gc.mem_free() // 4))
    log.info("started, {} bytes free".format(gc.mem_free()))
    await health.ended.wait()
    log.info("ends with code {}".format(health.code))
    return health.code


def _ending(board, health):
    async def run():
        await board.ended()
        health.end(0)
        await sleep_ms(60000)

    return run
