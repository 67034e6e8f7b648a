# One control cycle: time passes, the grid is assessed, currents are allocated, changes are
# released. It is woken by a reading or by a charger that changed, takes the time as an argument,
# waits for nothing and allocates nothing. Why a charger has what it has is found when somebody
# asks.

from balance.allocator import AT_MAXIMUM, OFF, PAUSE_S, Allocator
from balance.grid import FROM_SUPPLY, Grid
from balance.ledger import Ledger
from balance.rows import DISOBEYING, KNOWN, STATE_A, STATE_D, USABLE, Rows
from balance.ticks import diff_ms
from micropython import const

# After a restart only a reading above target changes anything until all chargers are read, or this
# long (design, promise 4).
_STARTING_MS = const(10000)

# A change smaller than this is not worth a request: the pilot's duty cycle has steps of 60 mA and
# a meter 0.3 A of noise.
_STEP_MA = const(500)

# The places of these in balance.reasons.CODES.
_NO_CAR = const(0)
_MAXIMUM = const(1)
_PHASE_SHORT = const(2)
_FAIR_SHARE = const(3)
_SUPPLY_SHORT = const(4)
_WAITING = const(5)
_PAUSED = const(6)
_RAISING = const(7)
_UNREACHABLE = const(8)
_NOT_OBEYING = const(9)
_METER_LOST = const(10)
_NO_READING = const(11)
_STARTING = const(12)
_CHARGER_ERROR = const(13)
_BAD_SETTINGS = const(14)

_ELAPSED_MAX_MS = const(60000)
_SECONDS_MAX = const(65535)


class Cycle:
    """The deciding core for up to `capacity` chargers.

    Feed it by `rows.add`, `apply`, `grid.read` and the reports of `ledger`; call `run` with a
    masked stamp; then `rows.set_ma` is what each charger has to be told. `explain` says why.
    """

    def __init__(self, capacity: int = 64):
        self.rows = Rows(capacity)
        self.ledger = Ledger(self.rows)
        self.grid = Grid()
        self.allocator = Allocator(self.rows)
        self.count = 0
        self.setpoints = 0
        self.starting_ms = _STARTING_MS
        self.reason = self.number_a = self.number_b = 0
        self._may_raise = False
        self._tight = 0
        self._last_ms = -1
        self._part_ms = 0
        self._cut_on = 0

    def apply(self, site: dict) -> None:
        """Takes a checked site.json, at any time."""
        self.grid.apply(site)

    def run(self, now_ms: int) -> None:
        """Decides. now_ms: a stamp as of balance.ticks."""
        elapsed_ms = self._elapse(now_ms)
        self.ledger.advance(elapsed_ms)
        self.grid.advance(elapsed_ms)
        may_raise = self._may_raise = self._free_to_raise(elapsed_ms)
        self.grid.assess(self.ledger, may_raise)
        self._tight = 0
        for phase in range(3):
            self._tight |= (self.ledger.told[phase] > self.grid.room_ma[phase]) << phase
        self._squeeze()
        self.allocator.allocate(self.ledger, self.grid, may_raise, elapsed_ms)
        self._release_cuts(may_raise)
        if may_raise:
            self._release_raises()
        self.count = (self.count + 1) & 0x3FFFFFFF

    # -- time --

    def _elapse(self, now_ms):
        elapsed = 0 if self._last_ms < 0 else diff_ms(now_ms, self._last_ms)
        self._last_ms = now_ms
        elapsed = max(0, min(elapsed, _ELAPSED_MAX_MS))
        self._part_ms += elapsed
        seconds = self._part_ms // 1000
        if seconds:
            self._part_ms -= 1000 * seconds
            self._count_seconds(seconds)
        return elapsed

    def _count_seconds(self, seconds):
        rows = self.rows
        for index in range(rows.count):
            rows.hold_s[index] = max(rows.hold_s[index] - seconds, 0)
            if rows.state[index] == STATE_A or rows.set_ma[index]:
                rows.waiting_s[index] = 0
            else:
                rows.waiting_s[index] = min(rows.waiting_s[index] + seconds, _SECONDS_MAX)

    def _free_to_raise(self, elapsed_ms):
        if self.starting_ms:
            self.starting_ms = max(self.starting_ms - elapsed_ms, 0) if self.ledger.unread else 0
            return False
        return self.grid.static or self.grid.recent

    # Cars on chargers without a meter may draw less than told, so that cutting what they are told
    # changes nothing: if a reading is still above target once the cut has settled, those of that
    # phase go to their minimum.
    def _squeeze(self):
        squeezed = 0
        for phase in range(3):
            bit = 1 << phase
            if not self.grid.over & bit:
                self._cut_on &= ~bit
            elif self._cut_on & bit and not self.ledger.unsettled[phase]:
                squeezed |= bit
        self.allocator.squeezed = squeezed

    # -- changes --

    def _release_cuts(self, may_raise):
        rows = self.rows
        for index in range(rows.count):
            if rows.want_ma[index] < rows.set_ma[index] and self._may_cut(index, may_raise):
                if not rows.want_ma[index] and rows.state[index] <= STATE_D:
                    rows.hold_s[index] = PAUSE_S if rows.state[index] else 0
                self._cut_on |= self.grid.over & rows.phases[index]
                self._tell(index, rows.want_ma[index])

    def _may_cut(self, index, may_raise):
        rows = self.rows
        if self.grid.over & rows.phases[index]:
            return self._worth(index) or rows.least_ma[index] == rows.most_ma[index]
        if self.grid.lost or self._tight & rows.phases[index]:
            return True
        if self.starting_ms:
            return False
        if not rows.want_ma[index]:
            return True
        return may_raise and self._worth(index)

    # Worth a request: a whole step, or all the way to a limit of its own.
    def _worth(self, index):
        rows = self.rows
        change = abs(rows.want_ma[index] - rows.set_ma[index])
        return change >= _STEP_MA or rows.set_ma[index] > rows.max_ma[index]

    def _release_raises(self):
        rows = self.rows
        for index in range(rows.count):
            if rows.want_ma[index] > rows.set_ma[index]:
                booked = rows.booked_ma[index]
                grant = min(rows.want_ma[index], booked + self._free(rows.phases[index]))
                if grant >= rows.min_ma[index] and self._worth_raise(index, grant):
                    self._tell(index, grant)
                    self._book(rows.phases[index], max(grant - booked, 0))

    def _worth_raise(self, index, grant):
        rows = self.rows
        more = grant - rows.set_ma[index]
        return more >= _STEP_MA or (more > 0 and grant == rows.max_ma[index])

    def _free(self, mask):
        free = 0x1FFFFFFF
        for phase in range(3):
            if mask >> phase & 1:
                free = min(free, self.grid.room_ma[phase] - self.ledger.booked[phase])
        return free

    def _book(self, mask, ma):
        for phase in range(3):
            if mask >> phase & 1:
                self.ledger.booked[phase] += ma

    def _tell(self, index, ma):
        self.setpoints = (self.setpoints + 1) & 0x3FFFFFFF
        self.ledger.tell(index, ma)

    # -- reasons --

    def explain(self, index: int) -> None:
        """Why a charger has what it has, as of the last cycle: `reason` (a code of
        balance.reasons) with `number_a` and `number_b`."""
        if self.rows.aside[index]:
            self._explain_reserved(index)
        elif not self._explain_state(index):
            self._explain_current(index)

    def _explain_reserved(self, index):
        flags = self.rows.flags[index]
        code = _UNREACHABLE
        if self.rows.aside[index] == DISOBEYING:
            code = _NOT_OBEYING
        elif not flags & USABLE:
            code = _BAD_SETTINGS
        elif self.starting_ms and not flags & KNOWN:
            self._say(_STARTING, (self.starting_ms + 999) // 1000, 0)
            return
        self._say(code, self.rows.booked_ma[index], 0)

    def _explain_state(self, index):
        rows = self.rows
        if rows.state[index] == STATE_A:
            self._say(_NO_CAR, 0, 0)
        elif rows.state[index] > STATE_D:
            self._say(_CHARGER_ERROR, 0, 0)
        elif self.grid.lost:
            self._say(_METER_LOST, self.grid.age_ms // 1000, 0)
        elif self.starting_ms:
            self._say(_STARTING, (self.starting_ms + 999) // 1000, 0)
        elif not self._may_raise:
            self._say(_NO_READING, 0, 0)
        elif rows.hold_s[index]:
            self._say(_PAUSED, rows.hold_s[index], 0)
        else:
            return False
        return True

    def _explain_current(self, index):
        rows = self.rows
        bound = rows.bound[index]
        set_ma = rows.set_ma[index]
        if bound == OFF:
            self._explain_waiting(index)
        elif rows.want_ma[index] - set_ma >= _STEP_MA:
            self._say(_RAISING, 0, 0)
        elif bound >= AT_MAXIMUM or set_ma >= rows.max_ma[index]:
            self._say(_MAXIMUM, 0, 0)
        else:
            self._say(self._full(bound), bound + 1, rows.max_ma[index] - set_ma)

    def _full(self, phase):
        if self.grid.source[phase] == FROM_SUPPLY:
            return _SUPPLY_SHORT
        shared = self.allocator.users[phase] > 1
        return _FAIR_SHARE if shared else _PHASE_SHORT

    def _explain_waiting(self, index):
        mask = self.rows.phases[index]
        spare = self.allocator.spare
        worst = -1
        for phase in range(3):
            if mask >> phase & 1 and (worst < 0 or spare[phase] < spare[worst]):
                worst = phase
        missing = max(self.rows.min_ma[index] - spare[worst], 0)
        self._say(_WAITING, worst + 1, missing)

    def _say(self, code, a, b):
        self.reason = code
        self.number_a = a
        self.number_b = b
