# Time for the tasks, the same on MicroPython and CPython. CPython's asyncio has neither `sleep_ms`
# nor `wait_for_ms`; the deciding core takes stamps as arguments and needs nothing of this.

import asyncio
import time

from balance.ticks import MASK, add_ms, diff_ms

if hasattr(time, "ticks_ms"):
    sleep_ms = asyncio.sleep_ms
    wait_for_ms = asyncio.wait_for_ms

    def now_ms() -> int:
        """This moment as a stamp that `diff_ms` compares."""
        return time.ticks_ms() & MASK

else:

    def now_ms() -> int:
        """This moment as a stamp that `diff_ms` compares."""
        return int(time.monotonic() * 1000) & MASK

    async def sleep_ms(ms: int) -> None:
        await asyncio.sleep(ms / 1000)

    async def wait_for_ms(awaitable, ms: int):
        return await asyncio.wait_for(awaitable, ms / 1000)


__all__ = ("MASK", "add_ms", "diff_ms", "now_ms", "sleep_ms", "wait_for_ms")
