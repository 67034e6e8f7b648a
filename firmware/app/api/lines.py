# Reads and changes chargers.jsonl a line at a time, between two of which the other tasks run. A
# line that goes leaves an empty one, so that the others keep their numbers, until a new charger
# takes it. Bad lines stay as they are.

import json

from app.api.routes import refused
from clock import diff_ms, now_ms, sleep_ms
from micropython import const
from settings.files import Staged

# As in settings.store, which is larger than this.
_CHARGERS = const(64)
_LINE_SIZE = const(1024)

# So long a change waits for a cut that is under way.
_CALM_MS = const(5000)


async def calm(cycle) -> None:
    """Waits until no cut is unanswered, since writing blocks; 5 s at most."""
    begin = now_ms()
    while cycle.grid.over and diff_ms(now_ms(), begin) < _CALM_MS:
        await sleep_ms(50)


async def charger_line(data_dir: str, id_: int) -> tuple:
    """The charger of the first line with this id, unchecked, and its number; None, 0."""
    file = _opened(data_dir)
    number = 0
    if file:
        with file:
            while True:
                raw = file.readline(_LINE_SIZE + 2)
                if not raw:
                    break
                number += 1
                if _id(raw) == id_:
                    return json.loads(raw), number
                if number % 4 == 0:
                    await sleep_ms(0)
    return None, 0


async def replace_line(data_dir: str, id_: int, number: int, line: bytes) -> None:
    """Puts `line` (b"": none) in the place of all those with the id and of the one with the
    number; where there are none, of the first empty line or at the end. OSError; ValueError where
    there are 64 others."""
    staged = Staged(data_dir + "/chargers.jsonl")
    try:
        others = at = 0
        whole = True
        ours = False
        for raw in _parts(data_dir):
            begins = whole
            whole = raw[-1:] == b"\n"
            if begins:
                at += 1
                empty = not raw.strip()
                ours = at == number or _id(raw) == id_
                if ours or (empty and line and not number):
                    raw = line + b"\n"
                    line = b""
                else:
                    others += not empty
            elif ours:
                raw = b""
            staged.write(raw)
            if at % 4 == 0:
                await sleep_ms(0)
        if line:
            if others >= _CHARGERS:
                raise refused(409, "full", {"most": _CHARGERS})
            staged.write((b"" if whole else b"\n") + line + b"\n")
        staged.keep()
    finally:
        staged.drop()


def _parts(data_dir):
    file = _opened(data_dir)
    if file:
        with file:
            while True:
                raw = file.readline(_LINE_SIZE + 2)
                if not raw:
                    break
                yield raw


def _opened(data_dir):
    try:
        return open(data_dir + "/chargers.jsonl", "rb")
    except OSError as error:
        if error.errno != 2:  # ENOENT
            raise
    return None


def _id(raw):
    try:
        id_ = json.loads(raw)["id"]
        return id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
    except (ValueError, KeyError, TypeError):
        return None
