# The lines of chargers.jsonl as they are, for who changes or shows them; `store`, which checks
# them, is larger.

import errno
import json

from micropython import const

# As in `store`.
_LINE_SIZE = const(1024)
_LINES = const(512)
_PIECE_SIZE = const(256)


def parts(data_dir: str):
    """Yields each line that counts as (number, bytes), one that is too long in parts. OSError;
    without the file there are none."""
    try:
        file = open(data_dir + "/chargers.jsonl", "rb")
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        return
    number = 0
    whole = True
    with file:
        raw = line(file)
        while raw:
            number += whole
            if number == _LINES:
                break
            whole = raw[-1:] == b"\n"
            yield number, raw
            raw = line(file)


# In pieces: MicroPython's `readline` takes as much memory at once as it may read.
def line(file) -> bytes:
    """The next line, or the begin of one that is too long; b"" at the end. OSError."""
    raw = b""
    size = _PIECE_SIZE
    while size:
        piece = file.readline(size)
        raw += piece
        if len(piece) < size or piece[-1:] == b"\n":
            break
        size = min(_PIECE_SIZE, _LINE_SIZE + 2 - len(raw))
    return raw


def id_of(raw: bytes):
    """The id in a line, None where it has none."""
    try:
        id_ = json.loads(raw)["id"]
        return id_ if isinstance(id_, int) and not isinstance(id_, bool) else None
    except (ValueError, KeyError, TypeError):
        return None


def chargers(data_dir: str):
    """Yields each charger as (number of its line, dict), unchecked but with an id."""
    for number, raw in parts(data_dir):
        if id_of(raw):
            yield number, json.loads(raw)
