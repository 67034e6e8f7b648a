# One control cycle: time passes, the grid is assessed, currents are allocated, changes are
# released. It is woken by a reading or by a charger that changed, takes the time as an argument,
# waits for nothing and allocates nothing. Why a charger has what it has is found when somebody
# asks.

from array import array

from balance.allocator import Allocator
from balance.bookings import Bookings
from balance.grid import Grid
from balance.ledger import Ledger
from balance.reasons import explain
from balance.rows import CONFIRMED, STATE_A, STATE_D, USER_PAUSED, Rows
from balance.sessions import Sessions
from balance.ticks import diff_ms
from micropython import const

# After a restart, or with a charger that is new, only a reading above target changes anything
# until all chargers are read, or this long (design, promise 4).
_STARTING_MS = const(10000)

# A change smaller than this is not worth a request: the pilot's duty cycle has steps of 60 mA and
# a meter 0.3 A of noise.
_STEP_MA = const(500)
_FILL_MA = const(450)
_UNUSED_MA = const(750)

_FRESH_MS = const(2000)

_ELAPSED_MAX_MS = const(60000)
_COUNTS = const(0x3FFFFFFF)


class Cycle:
    """The deciding core for up to `capacity` chargers.

    Feed it by `rows.add`, `apply`, `grid.read` and the reports of `ledger`; call `run` with a
    masked stamp; then `rows.set_ma` is what each charger has to be told. `explain` says why.
    test: a balance.wiring.WiringTest that goes on, or None. It lives in the cycle: it may lower
    one charger's maximum and forbid that anybody is raised, and cuts go out as ever.
    """

    def __init__(self, capacity: int = 64):
        self.rows = Rows(capacity)
        self.sessions = Sessions(self.rows)
        self.ledger = Ledger(self.rows, self.sessions)
        self.bookings = Bookings(self.rows)
        self.grid = Grid()
        self.allocator = Allocator(self.rows)
        self.count = 0
        self.setpoints = 0
        self.starting_ms = _STARTING_MS
        self.reason = self.number_a = self.number_b = 0
        self.may_raise = False
        self.test = None
        self._tight = 0
        self._last_ms = -1
        self._cut_on = self._few = self._awaited = 0
        self._was_told = array("i", (0, 0, 0))

    def apply(self, site: dict) -> None:
        """Takes a checked site.json, at any time."""
        self.grid.apply(site)
        self.sessions.apply(site)

    def run(self, now_ms: int) -> None:
        """Decides. now_ms: a stamp as of balance.ticks."""
        elapsed_ms = self._elapse(now_ms)
        self.bookings.advance(elapsed_ms)
        self.sessions.advance(elapsed_ms, self.ledger)
        self.grid.advance(elapsed_ms)
        may_raise = self._free_to_raise(elapsed_ms)
        if self.test:
            may_raise = self.test.step(elapsed_ms) and may_raise
        self.may_raise = may_raise
        self.grid.assess(self.bookings, may_raise)
        self._tight = 0
        for phase in range(3):
            room_ma = self.grid.room_ma[phase]
            if self.grid.over >> phase & 1:  # a cut by a reading has its own rules
                room_ma = self.grid.supply_ma - self.bookings.reserved[phase]
            self._tight |= (self.bookings.told[phase] > room_ma) << phase
        self._squeeze()
        self.allocator.allocate(self.grid, may_raise, elapsed_ms)
        changes = self.allocator.changes
        self._await()
        if changes & 1:
            self._release_cuts(may_raise)
        if changes & 2 and may_raise:
            self._release_raises()
        self.grid.house.given(self.bookings.booked)
        self.count = self.count + 1 if self.count < _COUNTS else 0

    def begin(self) -> None:
        """A charger has to be read first: until then only a reading above target changes anything,
        as after a restart."""
        self.starting_ms = _STARTING_MS

    # -- time --

    def _elapse(self, now_ms):
        elapsed = 0 if self._last_ms < 0 else diff_ms(now_ms, self._last_ms)
        self._last_ms = now_ms
        return max(0, min(elapsed, _ELAPSED_MAX_MS))

    def _free_to_raise(self, elapsed_ms):
        if self.starting_ms:
            self.starting_ms = max(self.starting_ms - elapsed_ms, 0) if self.bookings.unread else 0
            if not self.starting_ms:
                self.grid.house.forget()
            return False
        return self.grid.static or self.grid.recent

    # Cars on chargers without a meter may draw less than told, so that cutting what they are told
    # changes nothing: if a reading is still above target, by more than noise, once the cut has
    # settled, those of that phase go to their minimum.
    def _squeeze(self):
        squeezed = 0
        for phase in range(3):
            bit = 1 << phase
            if not self.grid.over & bit:
                self._cut_on &= ~bit
            elif self._cut_on & bit and not self.bookings.unsettled[phase]:
                squeezed |= self.grid.far_over & bit
        self.allocator.squeezed = squeezed

    # -- changes --

    # The phases on which somebody waits for others to make room for its minimum.
    def _await(self):
        rows = self.rows
        self._awaited = 0
        for index in range(rows.count):
            if rows.want_ma[index] and not rows.set_ma[index]:
                self._awaited |= rows.phases[index]

    # Where all that is asked of everybody is less than a step, some give nearly a whole one. Only
    # one that waits for its minimum is made room for to the last milliampere.
    def _release_cuts(self, may_raise):
        rows = self.rows
        self._few = 0
        for phase in range(3):
            self._was_told[phase] = self.bookings.told[phase]
            self._few |= (self.grid.phase_ma[phase] <= self.grid.limit_ma) << phase
        for index in range(rows.count):
            if rows.want_ma[index] < rows.set_ma[index] and self._may_cut(index, may_raise):
                self._cut(index, rows.want_ma[index])
        for number in range(rows.count):
            index = (number + self.setpoints) % rows.count
            if rows.want_ma[index] < rows.set_ma[index] and self._gives(index):
                self._cut(index, max(rows.set_ma[index] - _FILL_MA, rows.min_ma[index]))
        for phase in range(3):
            if self.grid.over >> phase & 1:
                self.grid.house.cut(phase, self._was_told[phase], self.bookings.told[phase])

    def _cut(self, index, ma):
        rows = self.rows
        for phase in range(3):
            if rows.phases[index] >> phase & 1:
                self.bookings.told[phase] -= rows.set_ma[index] - ma
        if (
            not ma
            and STATE_A < rows.state[index] <= STATE_D
            and not rows.weight[index] & USER_PAUSED
        ):
            rows.hold_s[index] = self.sessions.pause_s(index)
        self._cut_on |= self.grid.over & rows.phases[index]
        self._tell(index, ma)

    def _may_cut(self, index, may_raise):
        rows = self.rows
        over = self.grid.over & rows.phases[index]
        settled = rows.least_ma[index] == rows.most_ma[index]
        if over and (self._worth(index) or (settled and over & ~self._few)):
            return True
        if self.grid.lost:
            return True
        tight = self._tight & rows.phases[index]
        if self.starting_ms or (over and not tight):
            return False
        awaited = settled and self._awaited & rows.phases[index]
        if tight or awaited or not rows.want_ma[index]:
            return True
        may_cut = may_raise or rows.set_ma[index] > rows.max_ma[index]
        return may_cut and (settled or self._fresh(index)) and self._worth(index)

    # Fair shares wait until what was told before has settled, or each cut would put that off and
    # nobody could be raised meanwhile; unless that has hardly begun.
    def _fresh(self, index):
        rows = self.rows
        return not rows.flags[index] & CONFIRMED or rows.settling_ms[index] < _FRESH_MS

    # True if one of its phases is above target, and what was taken there so far is not enough.
    def _gives(self, index):
        rows = self.rows
        if rows.least_ma[index] == rows.most_ma[index]:
            for phase in range(3):
                if self.grid.over & rows.phases[index] & self._few & 1 << phase:
                    if self.bookings.told[phase] > self.grid.budget_ma[phase]:
                        return True
        return False

    # Worth a request: a whole step, or all the way to a limit of its own.
    def _worth(self, index):
        rows = self.rows
        change = abs(rows.want_ma[index] - rows.set_ma[index])
        return change >= _STEP_MA or rows.set_ma[index] > rows.max_ma[index]

    # What each wants is less than a step from what it is told long before the room is used up. So
    # then some get nearly a whole step, which is less than a step from fair.
    def _release_raises(self):
        rows = self.rows
        for index in range(rows.count):
            want = rows.want_ma[index]
            told = rows.set_ma[index]
            last = told < rows.min_ma[index] or want >= rows.max_ma[index]
            if want >= told + (1 if last else _STEP_MA):
                self._raise(index, want, _STEP_MA)
        full = self._awaited
        for phase in range(3):
            full |= (self._unused(1 << phase) < _UNUSED_MA) << phase
        for number in range(rows.count if full < 7 else 0):
            index = (number + self.setpoints) % rows.count  # not always the same
            want = rows.set_ma[index] + _FILL_MA
            if want > rows.want_ma[index] > rows.set_ma[index] and want <= rows.cap_ma[index]:
                mask = rows.phases[index]
                if not full & mask and self._unused(mask) >= _UNUSED_MA:
                    self._raise(index, want, _FILL_MA)

    def _raise(self, index, want, step):
        rows = self.rows
        booked = rows.booked_ma[index]
        free = self._left(rows.phases[index], self.grid.room_ma, self.bookings.booked)
        grant = min(want, booked + free)
        given = rows.set_ma[index] + self._unused(rows.phases[index])
        grant = min(grant, max(given, rows.min_ma[index]))
        more = grant - rows.set_ma[index]
        last = more > 0 and (
            grant == rows.max_ma[index] or rows.set_ma[index] < rows.min_ma[index]
        )
        if grant >= rows.min_ma[index] and (more >= step or last):
            for phase in range(3):
                if rows.phases[index] >> phase & 1:
                    self.bookings.booked[phase] += max(grant - booked, 0)
                    self.bookings.told[phase] += more
            self._tell(index, grant)

    # How far those on these phases may still be raised.
    def _unused(self, mask):
        return self._left(mask, self.grid.give_ma, self.bookings.told)

    # What is taken from the limits of these phases leaves so much on the tightest.
    def _left(self, mask, limit_ma, taken_ma):
        left = 0x1FFFFFFF
        for phase in range(3):
            free = limit_ma[phase] - taken_ma[phase]
            if mask >> phase & 1 and free < left:
                left = free
        return left

    def _tell(self, index, ma):
        self.setpoints = self.setpoints + 1 if self.setpoints < _COUNTS else 0
        self.ledger.tell(index, ma)

    def explain(self, index: int) -> None:
        """Why a charger has what it has, as of the last cycle: `reason` (a code of
        balance.reasons) with `number_a` and `number_b`."""
        explain(self, index)
