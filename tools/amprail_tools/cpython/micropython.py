"""`import micropython` on CPython, where the parts of `lib/` that decide are tested too.

Importing it also gives `asyncio` and `time` what MicroPython's have and `lib/` uses.
"""

import asyncio
import builtins
import gc
import time


def const(value):
    return value


def native(function):
    return function


viper = native


def heap_lock() -> None:
    pass


def heap_unlock() -> int:
    return 0


def mem_info(verbose=None) -> None:
    pass


def _ticks_ms() -> int:
    return int(time.monotonic() * 1000)


def _ticks_diff(end: int, start: int) -> int:
    return end - start


async def _sleep_ms(ms: int) -> None:
    await asyncio.sleep(ms / 1000)


time.ticks_ms = _ticks_ms
time.ticks_diff = _ticks_diff
asyncio.sleep_ms = _sleep_ms

# What stands for the address of an array in functions compiled to machine code.
for _name in ("ptr8", "ptr16", "ptr32"):
    setattr(builtins, _name, lambda values: values)

gc.mem_free = lambda: 1 << 20  # of which a computer has plenty
