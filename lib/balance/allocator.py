# Phase budgets in, currents out: weighted max-min fairness on three phases with a floor.
#
# Who is on
#   1. Part    A charger with a car (B, C, D) that does what it is told takes part, unless its user
#              has paused it; others want 0.
#   2. Keep    Those that are on stay on while their minimums fit into the room of their phases.
#   3. Shed    Where they do not, the last in rank are paused until they do: at once where the
#              minimums exceed what the limit allows, after 10 s where only the target.
#   4. Admit   Those that wait and are not held come on in the order of rank wherever their minimum
#              fits. Who does not fit keeps nobody off a phase that is free.
#   5. Rank    By priority. Among those that wait then by who has waited for more than one rotation
#              for each of them, the longest first; then the worst served: current on a phase
#              over the time connected, by weight. A fresh plug-in counts as having waited for one
#              rotation. Those on that draw nothing are last of their priority.
#   6. Turns   On each phase the first in rank that waits is next. It takes over from those that
#              were on for one rotation and have no higher priority, the best served first, as soon
#              as they free enough on all its phases; the place is booked for it. So that nobody
#              is kept out by one-phase cars that come on past it, those are guests and yield at
#              any time. At most a quarter of the places change hands in a minute.
#   7. Ended   Who was offered its minimum for 210 s and drew nothing has no place and does not
#              wait; it is offered its minimum from what all others leave.
#   Bound: of n that wait with one priority, each is on again within n + 2 rotations (of at least
#   4 minutes) after its pause, or 2n + 2 if all were paused at once and newcomers keep coming,
#   wherever its minimum fits beside what higher priorities keep.
# How much
#   8. All that are on have their minimum. A level rises from 0; whoever's minimum is below the
#      level times its weight rises with it, until one of its phases is full or it has all that is
#      of use to it: its maximum, or its demand (sessions.py). Those are frozen, the others go on.
#   9. The milliamperes left over by the division are handed out.
#
# Rules 7 to 9 are in shares.py. Ranks are only made when somebody may come or go; their order
# hardly changes from call to call, so sorting is a look at each. Nothing is allocated.

from array import array

import micropython
from balance.rows import (
    AT_MINIMUM,
    ENDED,
    GUEST,
    LEAST_OFFER_MA,
    LEFT_OVER,
    OFF,
    ROTATION,
    STATE_B,
    STATE_C,
    STATE_D,
    USER_PAUSED,
    WAITING,
    YIELDED,
    on_phase,
)
from balance.shares import Shares, sort
from micropython import const

_GRACE_MS = const(10000)
_MINUTE_MS = const(60000)

# `bound` for a moment: would make way for the one that is looked at.
_YIELDING = const(9)

_PRIORITY_MAX = const(10)
_PRIORITIES = const(21)
_LATER = const(1 << 10)
_PRIORITY = const(1 << 11)


class Allocator:
    """Decides `rows.want_ma` and `rows.bound`.

    squeezed: mask of the phases whose unmetered chargers go to their minimum. spare: the room of
    each phase beyond the minimums of those that are on.
    """

    def __init__(self, rows):
        self._rows = rows
        count = rows.capacity
        self._queue = bytearray(range(count))
        self._shares = Shares(rows)
        self._excess = array("i", (0, 0, 0))
        self._short_ms = array("i", (0, 0, 0))
        self._minimums = array("i", bytes(32))  # of those on, by mask of phases
        self._places = array("i", bytes(32))
        self._waiting = array("H", bytes(2 * _PRIORITIES))
        self._turn_ms = 0
        self._ripe = 0
        self.spare = array("i", (0, 0, 0))
        self.squeezed = 0

    def allocate(self, grid, may_raise: bool, elapsed_ms: int) -> None:
        """Sets want_ma and bound of every row; budgets come from `grid`."""
        waiting = self._keep()
        over = self._over(grid, elapsed_ms)
        due = self._turn_is_due(elapsed_ms) and waiting
        admits = may_raise and (due or (waiting and max(self.spare) >= LEAST_OFFER_MA))
        if over or admits:
            self._rank()
            sort(self._queue, self._rows.want_ma, self._rows.capacity)
            if over:
                self._shed(over)
            self._admit(int(may_raise))
            if may_raise and due and self._change_turns():
                self._admit(1)
        self._shares.share(grid, self.spare, self.squeezed)

    @property
    def changes(self) -> int:
        """Bit 0: somebody wants less than it is told; bit 1: more."""
        return self._shares.changes

    def shared(self, phase: int) -> bool:
        """True if more than one charger has a place on this phase."""
        return on_phase(self._places, 0, phase) > 1

    # -- who is on --

    # Gives everyone its role, adds up the minimums of those on and counts those that wait.
    @micropython.viper
    def _keep(self) -> int:
        rows = self._rows
        bound = ptr8(rows.bound)
        aside = ptr8(rows.aside)
        weight = ptr8(rows.weight)
        state = ptr8(rows.state)
        session = ptr8(rows.session)
        phases = ptr8(rows.phases)
        set_ma = ptr16(rows.set_ma)
        min_ma = ptr16(rows.min_ma)
        turn = ptr16(rows.turn)
        minimums = ptr32(self._minimums)
        places = ptr32(self._places)
        for mask in range(8):
            minimums[mask] = 0
            places[mask] = 0
        waiting = ripe = 0
        for row in range(int(rows.count)):
            off = aside[row] | (weight[row] & USER_PAUSED)
            if off or state[row] < STATE_B or state[row] > STATE_D:
                bound[row] = OFF
            elif session[row] & ENDED:
                bound[row] = LEFT_OVER
            elif set_ma[row] >= min_ma[row] or bound[row] < OFF:
                bound[row] = AT_MINIMUM
                minimums[phases[row]] += min_ma[row]
                places[phases[row]] += 1
                if turn[row] >= ROTATION or session[row] & GUEST:
                    ripe += 1
            else:
                bound[row] = WAITING
                waiting += 1
        self._ripe = ripe
        return waiting

    # The mask of the phases on which somebody has to go.
    def _over(self, grid, elapsed_ms):
        over = 0
        for phase in range(3):
            minimums = on_phase(self._minimums, 0, phase)
            self.spare[phase] = grid.room_ma[phase] - minimums
            bearable = grid.pause_ma[phase]
            if self.spare[phase] >= 0:
                self._short_ms[phase] = 0
            elif self._short_ms[phase] + elapsed_ms >= _GRACE_MS:
                bearable = min(bearable, grid.room_ma[phase])
            else:
                self._short_ms[phase] += elapsed_ms
            self._excess[phase] = minimums - bearable
            over |= (minimums > bearable) << phase
        return over

    def _turn_is_due(self, elapsed_ms):
        interval_ms = self._interval_ms()
        self._turn_ms = min(self._turn_ms + elapsed_ms, interval_ms)
        return self._ripe and self._turn_ms >= interval_ms

    def _interval_ms(self):
        places = 0
        for mask in range(1, 8):
            places += self._places[mask]
        return _MINUTE_MS // max(places // 4, 1)

    # Until the currents are known, want_ma holds the ranks: a number of 16 bits, smaller is first,
    # of the priority, whether waiting is overdue (or a car on draws), and by how much, or how well
    # it was served, in thirds of 0.1 A.
    @micropython.viper
    def _rank(self):
        rows = self._rows
        waiting = ptr16(self._waiting)
        for place in range(_PRIORITIES):
            waiting[place] = 0
        for row in range(int(rows.count)):
            if int(rows.bound[row]) == WAITING:
                waiting[_PRIORITY_MAX - int(rows.priority[row])] += 1
        bound = ptr8(rows.bound)
        state = ptr8(rows.state)
        weight = ptr8(rows.weight)
        priority = rows.priority
        set_ma = ptr16(rows.set_ma)
        turn = ptr16(rows.turn)
        connected_s = ptr16(rows.connected_s)
        charge_das = ptr32(rows.charge_das)
        want_ma = ptr16(rows.want_ma)
        for row in range(int(rows.count)):
            rank = charge_das[row] * 3 // (connected_s[row] * weight[row] + 1)
            if rank >= _LATER:
                rank = _LATER - 1
            place = _PRIORITY_MAX - int(priority[row])
            if bound[row] == WAITING and turn[row] > ROTATION * waiting[place]:
                rank = _LATER - 1 - turn[row] // 4 if turn[row] // 4 < _LATER else 0
            elif bound[row] == WAITING or state[row] < STATE_C or not set_ma[row]:
                rank += _LATER
            want_ma[row] = rank + place * _PRIORITY

    def _shed(self, over):
        rows = self._rows
        for place in range(len(self._queue) - 1, -1, -1):
            index = self._queue[place]
            if rows.bound[index] < OFF and rows.phases[index] & over:
                self._leave(index, WAITING)
                for phase in range(3):
                    if rows.phases[index] >> phase & 1:
                        self._excess[phase] -= rows.min_ma[index]
                        if self._excess[phase] <= 0:
                            over &= ~(1 << phase)
                if not over:
                    return

    # If not all then only who was shed just now, and would fit after all.
    @micropython.viper
    def _admit(self, all_: int):
        rows = self._rows
        queue = ptr8(self._queue)
        bound = ptr8(rows.bound)
        phases = ptr8(rows.phases)
        session = ptr8(rows.session)
        min_ma = ptr16(rows.min_ma)
        set_ma = ptr16(rows.set_ma)
        hold_s = ptr16(rows.hold_s)
        places = ptr32(self._places)
        spare_1 = int(self.spare[0])
        spare_2 = int(self.spare[1])
        spare_3 = int(self.spare[2])
        passed = 0
        for place in range(int(rows.capacity)):
            row = queue[place]
            if bound[row] != WAITING or hold_s[row] or not (all_ or set_ma[row]):
                continue
            mask = phases[row]
            least = min_ma[row]
            if (
                (mask & 1 and spare_1 < least)
                or (mask & 2 and spare_2 < least)
                or (mask & 4 and spare_3 < least)
            ):
                passed |= mask
                continue
            bound[row] = AT_MINIMUM
            places[mask] += 1
            session[row] = session[row] & (255 - GUEST - YIELDED) | (GUEST if passed & mask else 0)
            spare_1 -= least if mask & 1 else 0
            spare_2 -= least if mask & 2 else 0
            spare_3 -= least if mask & 4 else 0
        self.spare[0] = spare_1
        self.spare[1] = spare_2
        self.spare[2] = spare_3

    # The mask of the phases on which its minimum does not fit.
    def _lacks(self, index):
        mask = self._rows.phases[index]
        least = self._rows.min_ma[index]
        spare = self.spare
        lacks = 0
        if mask & 1 and spare[0] < least:
            lacks = 1
        if mask & 2 and spare[1] < least:
            lacks |= 2
        if mask & 4 and spare[2] < least:
            lacks |= 4
        return lacks

    def _join(self, index):
        self._rows.bound[index] = AT_MINIMUM
        self._move(index, 1)

    def _leave(self, index, role):
        self._rows.bound[index] = role
        self._move(index, -1)

    def _move(self, index, places):
        mask = self._rows.phases[index]
        self._places[mask] += places
        for phase in range(3):
            if mask >> phase & 1:
                self.spare[phase] -= places * self._rows.min_ma[index]

    # -- turns --

    def _change_turns(self):
        rows = self._rows
        settled = 0
        for index in self._queue:
            if rows.bound[index] == WAITING and not rows.hold_s[index]:
                if not rows.phases[index] & settled and self._takes_over(index):
                    return True
                settled |= rows.phases[index]
                if settled == 7:
                    break
        return False

    def _takes_over(self, index):
        interval_ms = self._interval_ms()
        lacks = self._lacks(index)
        yielding = 0
        for place in range(len(self._queue) - 1, -1, -1):
            other = self._queue[place]
            if self._rows.phases[other] & lacks and self._yields(other, index):
                self._leave(other, _YIELDING)
                yielding += 1
                lacks = self._lacks(index)
                if not lacks:
                    break
        self._settle(lacks)
        if not lacks:
            self._join(index)
            self._rows.session[index] &= 255 - GUEST - YIELDED
            self._turn_ms = interval_ms * (1 - yielding)
        return not lacks

    def _yields(self, index, other):
        rows = self._rows
        if (
            rows.bound[index] >= OFF
            or not rows.set_ma[index]
            or rows.priority[index] > rows.priority[other]
        ):
            return False
        wider = rows.phases[other] & ~rows.phases[index]
        return rows.turn[index] >= ROTATION or (wider and rows.session[index] & GUEST)

    # Those that would have made way wait from now on, or stay if that was not enough.
    def _settle(self, lacks):
        bound = self._rows.bound
        for index in range(self._rows.count):
            if bound[index] == _YIELDING:
                if lacks:
                    self._join(index)
                else:
                    bound[index] = WAITING
                    self._rows.session[index] |= YIELDED
