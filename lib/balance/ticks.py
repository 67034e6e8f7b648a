# Milliseconds that wrap. An ESP32's small integers have 31 bits, so stamps are masked to 30 and
# every intermediate value here stays within 31, which keeps it off the heap (docs.micropython.org,
# "constrained"). Stamps older than 2^29 ms (6 days) must not be compared; the callers keep them
# younger than 3 days.

from micropython import const

MASK = const(0x3FFFFFFF)
_HALF = const(0x20000000)


def diff_ms(until: int, begin: int) -> int:
    """Milliseconds from `begin` to `until`, -2^29 to 2^29 - 1."""
    difference = (until - begin) & MASK
    return difference if difference < _HALF else difference - MASK - 1


def add_ms(begin: int, ms: int) -> int:
    """The stamp `ms` (below 2^29) after `begin`."""
    return (begin - (MASK - ms) - 1) & MASK
