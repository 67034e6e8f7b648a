# Lines for people: printed, and the last 32 kept for the page. Levels as in aioble: a number and
# an `if`, not a framework. A line carries the seconds since start, since a board has no clock.

import time

from micropython import const

ERROR = const(0)
WARNING = const(1)
INFO = const(2)
DEBUG = const(3)

_LINES = const(32)
_LENGTH = const(96)
_NAMES = ("E", "W", "I", "D")

level = INFO
_ring = [None] * _LINES
_next = 0
_begin = time.ticks_ms()


def error(*words) -> None:
    """Something failed that needs a person."""
    _line(ERROR, words)


def warning(*words) -> None:
    """Something failed and is being dealt with."""
    _line(WARNING, words)


def info(*words) -> None:
    """Something changed."""
    _line(INFO, words)


def lines():
    """The kept lines, oldest first."""
    for offset in range(_LINES):
        line = _ring[(_next + offset) % _LINES]
        if line is not None:
            yield line


def uptime_s() -> int:
    """Seconds since start, from a counter that wraps after 6 days on a board."""
    return time.ticks_diff(time.ticks_ms(), _begin) // 1000


def _line(at, words):
    global _next
    if at > level:
        return
    text = "{:6d} {} {}".format(uptime_s(), _NAMES[at], " ".join(str(word) for word in words))
    _ring[_next] = text[:_LENGTH]
    _next = (_next + 1) % _LINES
    print(text)
