# Every task is watched: one that dies is logged and started again, one that keeps dying or hangs
# ends the program (on a board: a reset, since the launcher resets in `finally`).
#
# The length of each stretch of our code between two awaits is measured where it can be without
# touching the tasks: asyncio's loop calls `wait_io_event` before each step of a task, so what lies
# between the return of one call and the next call is one stretch.

import asyncio
import sys
import time
from array import array

from app import log, start
from clock import diff_ms, now_ms, sleep_ms
from micropython import const

_DEATHS = const(5)
_DEATHS_WITHIN_MS = const(60000)
_RESTART_MS = const(500)
_HANGS_AFTER_MS = const(30000)
_LOOKS_EVERY_S = const(30)
_TICKS_EVERY_S = const(60)

# A watched task: itself, its name, what it runs, how often it died, since when that is counted.
_TASK = const(0)
_NAME = const(1)
_RUN = const(2)
_COUNT = const(3)
_BEGAN = const(4)

# Bounds of the histogram grow by a quarter: 1 us to about 0.5 s in 60 steps.
_BUCKETS = const(60)
_MOST = const(0x100000)


class Stretches:
    """Counts the lengths of the stretches (us), in the place of `queue.wait_io_event`.

    The queue itself stays, since others compare it (`net/wire.py`).
    """

    def __init__(self, queue):
        self._wait = queue.wait_io_event
        self._bounds = array("i", (int(1.25**at) + at // 4 for at in range(_BUCKETS)))
        self._counts = array("i", bytes(4 * _BUCKETS))
        self._since = time.ticks_us()
        self._waited = False
        self.longest_us = 0
        queue.wait_io_event = self._measure

    # After each wait the loop asks once more, at once: that is no stretch, and often a third.
    def _measure(self, ms):
        if ms or not self._waited:
            self._count(time.ticks_diff(time.ticks_us(), self._since))
            self._wait(ms)
            self._since = time.ticks_us()
        self._waited = ms > 0

    # From the short end by quarters of the buckets: most stretches are below 100 us.
    def _count(self, length):
        bucket = 0
        bounds = self._bounds
        while bucket + 8 < _BUCKETS and bounds[bucket + 8] < length:
            bucket += 8
        while bucket + 1 < _BUCKETS and bounds[bucket] < length:
            bucket += 1
        self._counts[bucket] += 1
        if self._counts[bucket] == _MOST:
            self._halve()
        if length > self.longest_us:
            self.longest_us = length

    # What is long ago counts less, and no count outgrows a small integer.
    def _halve(self):
        for bucket in range(_BUCKETS):
            self._counts[bucket] >>= 1

    def p999_us(self) -> int:
        """The upper bound of the bucket in which the 99.9 % quantile lies."""
        above = sum(self._counts) // 1000
        for bucket in range(_BUCKETS - 1, -1, -1):
            above -= self._counts[bucket]
            if above < 0:
                return self._bounds[bucket]
        return 0


def watch_stretches() -> Stretches:
    """Begins to measure; call it before the loop runs."""
    return Stretches(asyncio.core._io_queue)  # pyright: ignore[reportAttributeAccessIssue]


class Health:
    """Starts the tasks and watches them; `ended` is set, with `code`, when the program ends.

    state: of the trial (`app.trial.run`) while it lasts, then empty. `tick()` is called once a
    minute.
    """

    def __init__(self, feed):
        self.state = []
        self._feed = feed
        self._beats = {}
        self._watched = []
        self.ended = asyncio.Event()
        self.code = 0
        self.tick = lambda: None
        self.restarts = 0
        self.after = lambda: None

    def start(self, name: str, run, beats: bool = True) -> None:
        """Runs `run()`, a coroutine that never returns, as a watched task.

        beats: it promises to call `beat(name)` at least every few seconds.
        """
        if beats:
            self._beats[name] = now_ms()
        watched = [None, name, run, 0, now_ms()]
        self._watched.append(watched)
        self._begin(watched)

    # asyncio's loop calls what it finds as the state of a task that ends, as `gather` has it do
    # (extmod/asyncio/core.py): a coroutine around each task, to catch what ends it, would take
    # 3 KB in all.
    def _begin(self, watched):
        task = asyncio.create_task(watched[_RUN]())
        watched[_TASK] = task
        task.state = self._over  # pyright: ignore[reportAttributeAccessIssue]

    def stop(self, name: str) -> None:
        """Ends the task and watches it no more."""
        self._beats.pop(name, None)
        for watched in self._watched[:]:
            if watched[_NAME] == name:
                self._watched.remove(watched)
                watched[_TASK].cancel()

    def beat(self, name: str) -> None:
        """The task is alive."""
        self._beats[name] = now_ms()

    def end(self, code: int) -> None:
        """Ends the program."""
        self.code = code
        self.ended.set()

    def _over(self, task, error):
        for watched in self._watched:
            if watched[_TASK] is task:
                try:
                    self._say(watched[_NAME], error)
                    self._count(watched)
                    watched[_TASK] = asyncio.create_task(self._again(watched))
                except MemoryError:  # out of here it would end the loop
                    self.end(1)

    def _say(self, name, error):
        if isinstance(error, StopIteration):
            log.error("task {} returned".format(name))
        else:
            log.error("task {} died: {}".format(name, repr(error)))
            sys.print_exception(error)

    def _count(self, watched):
        now = now_ms()
        self.restarts += 1
        if diff_ms(now, watched[_BEGAN]) > _DEATHS_WITHIN_MS:
            watched[_COUNT] = 0
            watched[_BEGAN] = now
        watched[_COUNT] += 1
        if watched[_COUNT] >= _DEATHS:
            log.error("task {} keeps dying: the program ends".format(watched[_NAME]))
            self.end(1)

    async def _again(self, watched):
        await sleep_ms(_RESTART_MS)
        self._begin(watched)

    async def run(self) -> None:
        """Checks the beats once a second, feeds the watchdog, and looks every 30 s whether this
        start is healthy."""
        left_s = _TICKS_EVERY_S
        while True:
            hanging = self._hanging()
            if hanging:
                log.error("task {} hangs: the program ends".format(hanging))
                self.end(1)
            else:
                self._feed()
            self.after()
            left_s -= 1
            if left_s % _LOOKS_EVERY_S == 0 and self.state:
                self._look()
            if left_s == 0:
                left_s = _TICKS_EVERY_S
                self.tick()
            await sleep_ms(1000)

    def _hanging(self):
        now = now_ms()
        for name in self._beats:
            if diff_ms(now, self._beats[name]) > _HANGS_AFTER_MS:
                return name
        return None

    # Where there is no memory for it, it is done the next time.
    def _look(self):
        try:
            from app import trial

            if trial.run(self.state, self):
                self.state = []
        except MemoryError:
            pass
        finally:
            trial = None
            start.forget("app.trial")
