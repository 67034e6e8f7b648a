# Changes chargers.jsonl a line at a time, between two of which the other tasks run. A
# line that goes leaves an empty one, so that the others keep their numbers, until a new charger
# takes it. Bad lines stay as they are.

from app.api.routes import refused
from clock import sleep_ms
from micropython import const
from settings.files import Staged
from settings.raw import id_of, parts

# As in settings.store, which is larger than this.
_CHARGERS = const(64)


async def replace_line(data_dir: str, id_: int, number: int, line: bytes) -> None:
    """Puts `line` (b"": none) in the place of all those with the id and of the one with the
    number; where there are none, of the first empty line or at the end. OSError; ValueError where
    there are 64 others."""
    staged = Staged(data_dir + "/chargers.jsonl")
    try:
        others = last = 0
        ours = False
        raw = b"\n"
        for at, raw in parts(data_dir):
            if at != last:
                empty = not raw.strip()
                ours = at == number or id_of(raw) == id_
                if ours or (empty and line and not number):
                    staged.write(line + b"\n")
                    line = b""
                else:
                    others += not empty
                    staged.write(raw)
            elif not ours:
                staged.write(raw)
            last = at
            if at % 4 == 0:
                await sleep_ms(0)
        if line:
            if others >= _CHARGERS:
                raise refused(409, "full", {"most": _CHARGERS})
            staged.write((b"" if raw[-1:] == b"\n" else b"\n") + line + b"\n")
        staged.keep()
    finally:
        staged.drop()
