# Lines for people: printed, and the last 32 kept for the page. Levels as in aioble: a number and
# an `if`, not a framework. They are kept in one buffer: as strings they would stay where they were
# made and leave no hole in the heap as large as what is needed next.
# A line carries the seconds since start, since a board has no clock.

import time

from micropython import const

_ERROR = const(0)
_WARNING = const(1)
_INFO = const(2)

_LINES = const(32)
_LENGTH = const(72)
_NAMES = ("E", "W", "I")

level = _INFO
_ring = bytearray(_LINES * _LENGTH)
_next = 0
_begin = time.ticks_ms()


def error(text) -> None:
    """Something failed that needs a person."""
    _line(_ERROR, text)


def warning(text) -> None:
    """Something failed and is being dealt with."""
    _line(_WARNING, text)


def info(text) -> None:
    """Something changed."""
    _line(_INFO, text)


def lines():
    """The kept lines, oldest first."""
    for number in range(_next, _next + _LINES):
        at = number % _LINES * _LENGTH
        line = bytes(_ring[at : at + _LENGTH]).rstrip(b"\0")
        if line:
            yield line.decode()


def uptime_s() -> int:
    """Seconds since start, from a counter that wraps after 6 days on a board."""
    return time.ticks_diff(time.ticks_ms(), _begin) // 1000


def _line(at, text):
    global _next
    if at > level:
        return
    text = "{:6d} {} {}".format(uptime_s(), _NAMES[at], text)
    line = text.encode()[:_LENGTH]
    at = _next * _LENGTH
    _ring[at : at + _LENGTH] = line + bytes(_LENGTH - len(line))
    _next = (_next + 1) % _LINES
    print(text)
