"""firmware/app/delivery.py in virtual time: who is asked what, when, and in which order."""

from balance import rows as bits
from balance.bookings import FAILURES_UNREACHABLE

from .charger import Charger

# The figures of firmware/app/delivery.py and lib/chargers/warp.py; a test compares them.
WORKERS = 4
POLL_MS = 2000
POLL_MS_PER_CHARGER = 80
BACK_OFF_MS = 500
BACK_OFF_DOUBLINGS = 4
REPEAT_MS = 4000
SETTLES_MS = 300
DEADLINE_MS = 2000

WRITE, CONFIRM, STATE, CURRENTS = range(4)
_MASK = 0x3FFFFFFF


# The firmware looks at all chargers whenever a worker is free. Here those whose time has come are
# kept in a set, and those with a new setpoint in another: the same choice, found faster.
class Delivery:
    """Serves the chargers of a site for `cycle`; `wake()` runs a cycle now."""

    def __init__(self, clock, cycle, chargers: list[Charger], wake):
        self._clock = clock
        self._rows = cycle.rows
        self._ledger = cycle.ledger
        self._cycle = cycle
        self._chargers = chargers
        self._wake = wake
        self._told = 0
        self._free = WORKERS
        self._failing_busy = False
        self._busy = set()
        self._ready = set()
        self._new = set()
        self._due = []
        self._turns = []
        self.requests = 0

    def add(self) -> None:
        """One more charger, the next of the list."""
        self._due.append(0)
        self._turns.append(False)
        self._wait(len(self._due) - 1, 0)

    def kick(self) -> None:
        """Called after each cycle: there may be something to do."""
        if self._told != self._cycle.setpoints:
            self._told = self._cycle.setpoints
            for index in range(len(self._due)):
                self._note_new(index)
            self._dispatch()

    # A new setpoint does not wait until a routine question would be due; a repeated one does.
    def _note_new(self, index):
        rows = self._rows
        flags = rows.flags[index]
        again = rows.failures[index] or rows.refusals[index] or flags & bits.DISOBEYS
        if flags & bits.DIRTY and flags & bits.KNOWN and not again:
            self._new.add(index)

    def _come(self, index, due):
        if self._due[index] == due and index not in self._busy:
            self._ready.add(index)
            self._dispatch()

    def _wait(self, index, ms):
        due = self._due[index] = self._clock.now_ms + ms
        self._clock.at(due, self._come, index, due)

    # -- who is next --

    def _dispatch(self):
        while self._free:
            index = self._most_urgent()
            if index < 0:
                return
            self._start(index)

    def _most_urgent(self):
        best, best_rank = -1, (0, 0)
        for index in sorted(self._ready | self._new):
            if index not in self._busy:
                left = self._due[index] - self._clock.now_ms & _MASK
                rank = (self.rank(index), -left)
                if rank[0] and (best < 0 or rank > best_rank):
                    best, best_rank = index, rank
        return best

    def rank(self, index: int) -> int:
        """0: not now; 1: routine; 2 and 3: confirm and write a raise; from 4 on: confirm a cut;
        from 100000 on: write a cut, the larger the more urgent."""
        rows = self._rows
        flags = rows.flags[index]
        if self._failing_busy and rows.failures[index]:
            return 0
        if flags & bits.CONFIRMED or not flags & bits.KNOWN:
            return 1
        effect = rows.most_ma[index] - rows.set_ma[index]
        if flags & bits.DIRTY:
            return 100000 + effect if effect > 0 else 3
        return 4 + effect if effect > 0 else 2

    # -- one request --

    def _start(self, index):
        self._ready.discard(index)
        self._new.discard(index)
        self._busy.add(index)
        self._free -= 1
        failing = self._rows.failures[index] > 0
        self._failing_busy |= failing
        self.requests += 1
        charger = self._chargers[index]
        answers = charger.reachable and charger.latency_ms < DEADLINE_MS
        arguments = (index, self._kind(index), self._rows.set_ma[index], failing)
        self._clock.after(charger.latency_ms if answers else DEADLINE_MS, self._end, *arguments)

    def _kind(self, index):
        flags = self._rows.flags[index]
        if flags & bits.KNOWN and flags & bits.DIRTY:
            return WRITE
        if not flags & bits.CONFIRMED:
            return CONFIRM
        return CURRENTS if self._asks_currents(self._chargers[index]) else STATE

    def _end(self, index, kind, told, failing):
        charger = self._chargers[index]
        before = self._rows.state[index]
        if charger.reachable and charger.latency_ms < DEADLINE_MS:
            self._take(charger, kind, told)
            wake = self._rows.state[index] != before
        else:
            wake = self._fail(index)
        self._busy.discard(index)
        self._free += 1
        if failing:
            self._failing_busy = False
        self._note_new(index)
        if wake:
            self._wake()
        self._dispatch()

    def _take(self, charger, kind, told):
        index, state = charger.index, charger.state
        if kind == CURRENTS:
            self._ledger.answered(index, self._rows.state[index])
            self._ledger.measured(index, charger.own_ma)
        elif kind == WRITE:
            charger.write(told)
            self._ledger.written(index, told)
            self._ledger.answered(index, self._rows.state[index])
        else:
            self._ledger.answered(index, state)
            self._ledger.read_back(index, charger.allowed_ma)
        self._wait(index, self._pause_ms(charger, kind))

    # In turn with the state, since the state tells that the car has gone.
    def _asks_currents(self, charger):
        turn = self._turns[charger.index] = not self._turns[charger.index]
        return turn and charger.metered and self._ledger.draws(charger.index)

    def _pause_ms(self, charger, kind):
        if kind == WRITE:
            return SETTLES_MS
        if self._rows.refusals[charger.index]:
            disobeys = self._rows.flags[charger.index] & bits.DISOBEYS
            return REPEAT_MS if disobeys else BACK_OFF_MS
        return charger.poll_ms or max(POLL_MS, POLL_MS_PER_CHARGER * len(self._chargers))

    def _fail(self, index):
        self._ledger.failed(index)
        failures = self._rows.failures[index]
        self._wait(index, BACK_OFF_MS << min(failures - 1, BACK_OFF_DOUBLINGS))
        return failures == FAILURES_UNREACHABLE
