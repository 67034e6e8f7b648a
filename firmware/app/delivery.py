# The delivery: workers, as many as chargers and four at most, carry setpoints to the chargers and
# bring back what those say. At most one request per charger is in flight. Cuts go first, those
# with the largest effect before the others; then their confirmation, then raises, then the routine
# questions, the longest due first. Of the workers at most one is ever busy with a charger that did
# not answer the last time, so the dead never delay the cuts of the living.
#
# Chargers differ in what a write costs. A current is rounded down to a charger's step, and what
# that leaves as it is, is not written again; raises, never cuts, wait until a vendor's least time
# between writes is over; where writing is free it is repeated for the charger's own watchdog.

import asyncio

from app import log, start
from app.chargers import UNKNOWN_MA
from app.messenger import ARM, WRITE, Messenger
from balance.bookings import FAILURES_UNREACHABLE
from balance.rows import CONFIRMED, DIRTY, DISOBEYS, KNOWN
from balance.ticks import MASK
from chargers.answer import AS_SET, NO_STATE, Answer
from clock import add_ms, diff_ms, now_ms, sleep_ms
from micropython import const

WORKERS = const(4)

# A charger is asked this often; with many chargers less often, so that requests stay below 13 a
# second and an unreachable one is still known within 3 tries.
_POLL_MS = const(2000)
_POLL_MS_PER_CHARGER = const(80)

# Without memory for a request it is tried again after this.
_AGAIN_MS = const(50)

# After a failure the next try waits 0.5 s, 1 s, 2 s, ... at most 8 s, and is over after 10 s.
_BACK_OFF_MS = const(500)
_BACK_OFF_DOUBLINGS = const(4)
_PROBED_MS = const(10000)

# A charger that answers but does not take its setpoint is told again this often.
_REPEAT_MS = const(4000)

# While a change is under way a worker looks this often whether there is a new one.
_GRAIN_MS = const(40)
_CYCLE_MS = const(250)
_LONG_MS = const(0x1FFFFFFF)


class Delivery:
    """Serves `chargers`, whose indices are those of the rows of `cycle`. `count`: of workers, each
    made by `worker`."""

    def __init__(self, cycle, chargers, wake, beat):
        self._cycle = cycle
        self._rows = cycle.rows
        self._ledger = cycle.ledger
        self._chargers = chargers
        self._wake = wake
        self._beat = beat
        self._work = asyncio.Event()
        self._rested = False
        self._told = 0
        self._next_due = now_ms()
        self._lock = asyncio.Lock()
        self._clients = []
        self._answers = []
        self.count = 0
        self._messenger = Messenger(cycle.rows, cycle.ledger, chargers, self._clients)
        self._soonest = 0
        self._failing_busy = False
        self.failures = 0

    def kick(self, anew: bool = False) -> None:
        """Called after each cycle of the core, and with `anew` when a charger is another one:
        there may be something to do."""
        if anew or self._told != self._cycle.setpoints or self._due_in_ms() <= 0:
            self._told = self._cycle.setpoints
            self._look_again()

    def _look_again(self):
        self._rested = True
        self._work.set()

    def worker(self, client):
        """The coroutine function of one more worker, who speaks over this connection."""
        number = self.count
        self._clients.append(client)
        self._answers.append(Answer())
        self.count += 1
        return lambda: self._run(number)

    async def _run(self, number):
        rows = self._rows
        while True:
            async with self._lock:
                index = self._most_urgent()
                while index < 0:
                    await self._rest()
                    index = self._most_urgent()
                self._chargers.busy[index] = 1
                failing = rows.failures[index] > 0
                self._failing_busy |= failing
            try:
                await self._serve(index, number)
            finally:
                self._chargers.busy[index] = 0
                if failing:
                    self._failing_busy = False
                    self._look_again()
            self._beat("delivery")

    # -- what is next --

    # Until the next charger is due or a cycle has changed something. The cycles come by every
    # 250 ms, so only what is due before is waited for by the clock.
    async def _rest(self):
        self._rested = False
        while 0 < self._due_in_ms() < _CYCLE_MS and not self._rested:
            await sleep_ms(min(self._due_in_ms(), _GRAIN_MS))
        if self._due_in_ms() > 0 and not self._rested:
            self._work.clear()
            await self._work.wait()

    def _due_in_ms(self):
        return diff_ms(self._next_due, now_ms())

    # The index of the charger whose turn it is, or -1; notes when the next one is due.
    def _most_urgent(self):
        now = now_ms()
        chargers = self._chargers
        busy = chargers.busy
        due = chargers.due
        flags = self._rows.flags
        best = -1
        best_rank = best_left = 0
        self._soonest = _LONG_MS
        for index in range(self._rows.count):
            if busy[index]:
                continue
            left = (due[index] - now) & MASK
            if left and left < _LONG_MS and not (flags[index] & DIRTY and self._rushes(index)):
                if left < self._soonest:
                    self._soonest = left
            else:
                rank = self._rank(index)
                if rank > best_rank or (rank == best_rank and rank and left < best_left):
                    best, best_rank, best_left = index, rank, left
        self._next_due = add_ms(now, self._soonest)
        return best

    # 0: not now; 1: routine; 2 and 3: confirm and write a raise; from 4 on: confirm a cut; from
    # 100000 on: write a cut, the larger the more urgent.
    def _rank(self, index):
        rows = self._rows
        flags = rows.flags[index]
        if self._failing_busy and rows.failures[index]:
            return 0
        if flags & CONFIRMED or not flags & KNOWN:
            return 1
        effect = rows.most_ma[index] - rows.set_ma[index]
        if not flags & DIRTY:
            return 4 + effect if effect > 0 else 2
        if effect > 0:
            return 100000 + effect
        left = self._chargers.drivers[index].WRITE_EVERY_MS
        left = left and self._chargers.left_ms(index, left)
        if left and left < self._soonest:
            self._soonest = left
        return 0 if left else 3

    # A new setpoint does not wait until a routine question would be due; a repeated one does.
    def _rushes(self, index):
        rows = self._rows
        again = rows.failures[index] or rows.refusals[index] or rows.flags[index] & DISOBEYS
        return rows.flags[index] & KNOWN and not again

    # -- one request --

    async def _serve(self, index, number):
        told = self._rows.set_ma[index]
        answer = self._answers[number]
        kind = self._messenger.kind(index, told)
        try:
            await self._messenger.carry(index, kind, told, number, answer)
        except MemoryError:  # which says nothing of the charger, and is soon over
            start.relieve()
            await sleep_ms(_AGAIN_MS)
        except Exception as error:  # whatever it said: one failed try of one charger
            self._fail(index, kind, error)
        else:
            self._take(index, kind, told, answer)

    @property
    def requests(self) -> int:
        """How many were made."""
        return self._messenger.requests

    def _take(self, index, kind, told, answer):
        rows = self._rows
        was = rows.state[index]
        disobeyed = rows.flags[index] & DISOBEYS
        if rows.failures[index] >= FAILURES_UNREACHABLE:
            self._chargers.arm(index)
            log.info("charger {} answers again".format(self._chargers.ids[index]))
        if kind == WRITE:
            self._ledger.written(index, told)
        self._ledger.answered(index, was if answer.state == NO_STATE else answer.state)
        if answer.allowed_ma >= 0:  # one asked before the last setpoint can only book more
            if answer.allowed_ma != self._chargers.told_ma[index]:
                self._chargers.told_ma[index] = UNKNOWN_MA
            self._ledger.read_back(index, answer.allowed_ma)
        if kind == ARM:
            self._arm(index, answer)
        if answer.has_phases:
            self._ledger.measured(index, answer.phase_ma)
        if rows.flags[index] & DISOBEYS and not disobeyed:
            text = "charger {} takes {} mA though it is told {} mA"
            log.warning(text.format(self._chargers.ids[index], rows.most_ma[index], told))
        self._wait(index, self._pause_ms(index, kind))
        if rows.state[index] != was:
            self._wake()

    # Its next turn; whoever rests until a later one is woken if this cannot wait for a cycle.
    def _wait(self, index, ms):
        self._chargers.wait(index, ms)
        if ms < self._due_in_ms():
            self._next_due = self._chargers.due[index]
            if ms < 2 * _CYCLE_MS:
                self._look_again()

    def _pause_ms(self, index, kind):
        driver = self._chargers.drivers[index]
        if kind == WRITE:
            return driver.SETTLES_MS
        if self._rows.flags[index] & DISOBEYS:
            return max(_REPEAT_MS, driver.WRITE_EVERY_MS)
        if self._rows.refusals[index] or self._chargers.arming[index]:
            return _BACK_OFF_MS
        return max(_POLL_MS, _POLL_MS_PER_CHARGER * len(self._chargers.drivers))

    # A step of arming is done.
    def _arm(self, index, answer):
        arming = self._chargers.arming
        steps = self._chargers.drivers[index].ARM_STEPS
        arming[index] = arming[index] + 1 if arming[index] < steps else 0
        watchdog_s = answer.watchdog_s
        if watchdog_s == AS_SET:
            watchdog_s = self._chargers.watchdog_s[index]
        if watchdog_s >= 0:
            self._ledger.guarded(index, watchdog_s, answer.fallback_ma)

    def _fail(self, index, kind, error):
        self.failures += 1
        if kind == ARM:  # which does not mean that it cannot be told anything
            self._chargers.arming[index] = 0
            self._ledger.guarded(index, 0, -1)
            self._wait(index, _BACK_OFF_MS)
            return
        self._ledger.failed(index)
        failures = self._rows.failures[index]
        longest_ms = _PROBED_MS - self._chargers.drivers[index].DEADLINE_MS
        self._wait(index, min(_BACK_OFF_MS << min(failures - 1, _BACK_OFF_DOUBLINGS), longest_ms))
        if failures == FAILURES_UNREACHABLE:
            text = "charger {} is lost: {}"
            log.warning(text.format(self._chargers.ids[index], error))
            self._wake()
