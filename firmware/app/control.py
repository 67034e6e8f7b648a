# The control task: woken by an event, it runs one cycle of the core and hands on to the delivery.

import asyncio
import time

from clock import diff_ms, now_ms, sleep_ms
from micropython import const

# Without a reading (static load management, a silent meter) time has to pass for the core as well;
# with one every 250 ms this never wakes it.
_TICK_MS = const(400)


class Control:
    """Runs `cycle` whenever `wake` is called, at least every 400 ms; calls `after` each time."""

    def __init__(self, cycle, beat):
        self._cycle = cycle
        self.after = lambda: None
        self._beat = beat
        self._event = asyncio.Event()
        self._last = now_ms()
        self.longest_us = 0

    def wake(self) -> None:
        """Something has changed: a reading, a confirmation, a state."""
        self._event.set()

    async def run(self) -> None:
        while True:
            await self._event.wait()
            self._event.clear()
            self._last = now_ms()
            begin = time.ticks_us()
            self._cycle.run(self._last)
            self.longest_us = max(self.longest_us, time.ticks_diff(time.ticks_us(), begin))
            self.after()
            self._beat("control")

    async def tick(self) -> None:
        """A task of its own: wakes the cycle when nobody else did."""
        while True:
            await sleep_ms(_TICK_MS)
            if diff_ms(now_ms(), self._last) >= _TICK_MS:
                self.wake()
