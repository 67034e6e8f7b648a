# Phase budgets in, currents out: weighted max-min fairness on three phases with a floor.
#
# Who is on
#   1. Only a charger with a car (B, C, D) that can be controlled takes part; others want 0.
#   2. Those that charge keep charging while their minimums fit into the room of their phases.
#      Where they do not, cars are paused, lowest priority first, until they do: at once where the
#      minimums exceed what the limit allows, after 10 s where only the target is exceeded.
#   3. A paused car stays paused for 60 s.
#   4. Free places go by priority, then to whoever has waited longest, if the minimum fits. Nobody
#      is admitted while nothing may be raised.
# How much
#   5. All that are on have their minimum. A level rises from 0; whoever's minimum is below the
#      level rises with it, by its weight, until one of its phases or itself is at its limit; those
#      are frozen, the others go on. The milliamperes left over by the division are handed out.
#
# The level is swept over the sorted minimums and maximums: one pass over 2n events, and one over
# the rows for each phase that fills up. The order of the events hardly ever changes, so sorting
# is a look at each. Nothing is allocated.

from array import array

from balance.rows import STATE_B, STATE_D
from micropython import const

# What stopped a charger at its current, in `rows.bound`; 0 to 2 is the phase that is full.
AT_MAXIMUM = const(3)
_AT_MINIMUM = const(4)
_RISING = const(5)
OFF = const(6)

PAUSE_S = const(60)
_GRACE_MS = const(10000)
_NEVER = const(0x1FFFFFFF)


class Allocator:
    """Decides `rows.want_ma` and `rows.bound`.

    squeezed: mask of the phases whose unmetered chargers go to their minimum. spare: the room of
    each phase beyond the minimums of those that are on; users: how many those are.
    """

    def __init__(self, rows):
        self._rows = rows
        events = list(range(0, 2 * rows.capacity, 2)) + list(range(1, 2 * rows.capacity, 2))
        self._order = array("H", events)
        self._key = array("i", (_NEVER,) * (2 * rows.capacity))
        self._slope = array("i", (0, 0, 0))
        self._left = array("i", (0, 0, 0))
        self._short_ms = array("i", (0, 0, 0))
        self.spare = array("i", (0, 0, 0))
        self.users = bytearray(3)
        self._full = self._level = 0
        self.squeezed = 0

    def allocate(self, ledger, grid, may_raise: bool, elapsed_ms: int) -> None:
        """Sets want_ma and bound of every row; budgets come from `grid`."""
        waiting = self._keep()
        self._shed(grid, elapsed_ms)
        for phase in range(3):
            self.spare[phase] += grid.room_ma[phase]
        if may_raise and waiting:
            self._admit()
        self._fill(ledger, grid)

    # -- who is on --

    # `spare` is what the minimums need, as a negative number, until the room is added.
    def _keep(self):
        rows = self._rows
        waiting = False
        for phase in range(3):
            self.spare[phase] = self.users[phase] = 0
        for index in range(rows.count):
            want = 0
            rows.bound[index] = OFF
            if rows.aside[index]:
                want = rows.set_ma[index]
            elif STATE_B <= rows.state[index] <= STATE_D:
                if rows.set_ma[index] >= rows.min_ma[index]:
                    want = rows.min_ma[index]
                    rows.bound[index] = _AT_MINIMUM
                    self._take(index, want, 1)
                else:
                    waiting = True
            rows.want_ma[index] = want
        return waiting

    # Takes `ma` on its phases from what is spare.
    def _take(self, index, ma, users):
        mask = self._rows.phases[index]
        for phase in range(3):
            if mask >> phase & 1:
                self.spare[phase] -= ma
                self.users[phase] += users

    def _shed(self, grid, elapsed_ms):
        rows = self._rows
        for phase in range(3):
            if -self.spare[phase] <= grid.room_ma[phase]:
                self._short_ms[phase] = 0
                continue
            self._short_ms[phase] = min(self._short_ms[phase] + elapsed_ms, _GRACE_MS)
            grace = self._short_ms[phase] < _GRACE_MS
            bearable = grid.pause_ma[phase] if grace else grid.room_ma[phase]
            while -self.spare[phase] > bearable:
                victim = self._lowest(phase)
                self._take(victim, -rows.want_ma[victim], -1)
                rows.want_ma[victim] = 0
                rows.bound[victim] = OFF

    def _lowest(self, phase):
        rows = self._rows
        lowest = -1
        for index in range(rows.count):
            if (
                rows.bound[index] != OFF
                and rows.phases[index] >> phase & 1
                and (lowest < 0 or rows.priority[index] <= rows.priority[lowest])
            ):
                lowest = index
        return lowest

    def _admit(self):
        rows = self._rows
        index = self._next()
        while index >= 0:
            rows.want_ma[index] = rows.min_ma[index]
            rows.bound[index] = _AT_MINIMUM
            self._take(index, rows.min_ma[index], 1)
            index = self._next()

    def _next(self):
        rows = self._rows
        best = -1
        for index in range(rows.count):
            if (
                rows.bound[index] == OFF
                and STATE_B <= rows.state[index] <= STATE_D
                and not rows.hold_s[index]
                and not rows.aside[index]
                and self._free(index) >= rows.min_ma[index]
                and (best < 0 or self._before(index, best))
            ):
                best = index
        return best

    def _before(self, index, other):
        rows = self._rows
        if rows.priority[index] != rows.priority[other]:
            return rows.priority[index] > rows.priority[other]
        return rows.waiting_s[index] > rows.waiting_s[other]

    def _free(self, index):
        mask = self._rows.phases[index]
        free = _NEVER
        for phase in range(3):
            if mask >> phase & 1 and self.spare[phase] < free:
                free = self.spare[phase]
        return free

    # -- how much --

    def _fill(self, ledger, grid):
        rows = self._rows
        self._full = self._level = 0
        for phase in range(3):
            self._slope[phase] = 0
            self._left[phase] = self.spare[phase] + grid.budget_ma[phase] - grid.room_ma[phase]
            if self._left[phase] <= 0:
                self._full |= 1 << phase
        self._sort(ledger, grid.lost)
        for event in self._order:
            index = event >> 1
            if rows.bound[index] != OFF and index < rows.count:
                self._rise(self._key[event])
                if event & 1:
                    self._stop(index, AT_MAXIMUM)
                elif rows.bound[index] == _AT_MINIMUM:
                    self._start(index)
        self._hand_out()

    # Event 2n: the minimum of row n; event 2n + 1: its ceiling; as levels per weight.
    def _sort(self, ledger, lost):
        rows = self._rows
        key = self._key
        for index in range(rows.count):
            least = rows.min_ma[index]
            ceiling = rows.max_ma[index]
            if lost:
                ceiling = max(min(ceiling, rows.set_ma[index]), least)
            elif rows.phases[index] & self.squeezed and not ledger.metered(index):
                ceiling = least
            key[2 * index] = least // rows.weight[index]
            key[2 * index + 1] = ceiling // rows.weight[index]
        order = self._order
        before = 0
        for end in range(len(order)):
            event = order[end]
            value = key[event]
            if value < before:
                place = end
                while place and key[order[place - 1]] > value:
                    order[place] = order[place - 1]
                    place -= 1
                order[place] = event
            else:
                before = value

    def _start(self, index):
        rows = self._rows
        full = self._full & rows.phases[index]
        if full:
            rows.bound[index] = full >> 1 if full < 4 else 2
        else:
            rows.bound[index] = _RISING
            self._tilt(index, rows.weight[index])

    def _stop(self, index, bound):
        rows = self._rows
        if rows.bound[index] == _RISING:
            reached = self._level * rows.weight[index]
            if reached > rows.want_ma[index]:
                rows.want_ma[index] = min(reached, rows.max_ma[index])
            self._tilt(index, -rows.weight[index])
        elif rows.bound[index] != _AT_MINIMUM:
            return
        rows.bound[index] = bound

    def _tilt(self, index, weight):
        mask = self._rows.phases[index]
        for phase in range(3):
            if mask >> phase & 1:
                self._slope[phase] += weight

    def _rise(self, level):
        while self._level < level:
            step = level - self._level
            for phase in range(3):
                slope = self._slope[phase]
                if slope and self._left[phase] < step * slope:
                    step = self._left[phase] // slope
            self._level += step
            for phase in range(3):
                self._left[phase] -= step * self._slope[phase]
            if self._level < level:
                self._freeze()

    def _freeze(self):
        rows = self._rows
        for phase in range(3):
            if self._slope[phase] and self._left[phase] < self._slope[phase]:
                self._full |= 1 << phase
                for index in range(rows.count):
                    if rows.bound[index] == _RISING and rows.phases[index] >> phase & 1:
                        self._stop(index, phase)

    def _hand_out(self):
        rows = self._rows
        left = self._left
        for index in range(rows.count):
            if rows.bound[index] > AT_MAXIMUM:
                continue
            mask = rows.phases[index]
            more = self._key[2 * index + 1] * rows.weight[index] - rows.want_ma[index]
            for phase in range(3):
                if mask >> phase & 1 and left[phase] < more:
                    more = left[phase]
            if more > 0:
                rows.want_ma[index] += more
                for phase in range(3):
                    if mask >> phase & 1:
                        left[phase] -= more
