# How much each gets that is on: the level of rules 8 and 9 of allocator.py, and rule 7.
#
# The level is swept upwards over the minimums, where rows begin to rise with it, and the ceilings,
# where they stop: two sorted lists, merged. That is one pass over 2n places, and one over the rows
# for each phase that fills up. The lists hardly ever change their order from call to call, so
# sorting is a look at each. Nothing is allocated.
#
# The loops over the rows are compiled to machine code (`viper`, see docs.micropython.org, "speed
# python") where the build can: that is ten times faster. There pointers stand for the arrays,
# which are all unsigned, and there is no min() and max().

from array import array

import micropython
from balance.rows import (
    AT_MAXIMUM,
    AT_MINIMUM,
    DRAW_FRESH_MS,
    LEFT_OVER,
    METERED,
    OFF,
    RISING,
)
from micropython import const

# An offer from what is left over comes with some way to go, so that it does not come and go.
_LEFT_OVER_MA = const(2000)

_PLENTY = const(0xFFFF)


class Shares:
    """Sets `rows.want_ma`, and `rows.bound` of those on.

    changes: bit 0 is set if somebody wants less than it is told, bit 1 if more.
    """

    def __init__(self, rows):
        self._rows = rows
        count = rows.capacity
        self._by_least = bytearray(range(count))
        self._by_most = bytearray(range(count))
        self._least = array("H", bytes(2 * count))  # the levels at which they begin to rise
        self._most = array("H", bytes(2 * count))  # and stop
        self._left = array("i", (0, 0, 0))
        self._slope = array("i", (0, 0, 0))  # what a level more costs on each phase
        self.changes = 0

    def share(self, grid, spare, squeezed: int) -> None:
        """spare: room_ma of each phase less the minimums of those on; squeezed: see Allocator."""
        for phase in range(3):
            left = spare[phase] + grid.budget_ma[phase] - grid.room_ma[phase]
            self._left[phase] = max(left, 0)
        lost = int(grid.lost)
        ended = self._open(lost, squeezed)
        count = self._rows.capacity
        sort(self._by_least, self._least, count)
        sort(self._by_most, self._most, count)
        self._raise_level()
        self.changes = self._hand_out(lost | squeezed)
        if ended:
            self._offer_left_over()

    # Gives everyone its minimum, and finds the levels where it begins to rise and stops. Without
    # the meter nobody gets more than it was told. Returns how many have ended.
    @micropython.viper
    def _open(self, lost: int, squeezed: int) -> int:
        rows = self._rows
        bound = ptr8(rows.bound)
        aside = ptr8(rows.aside)
        phases = ptr8(rows.phases)
        weights = ptr8(rows.weight)
        flags = ptr8(rows.flags)
        set_ma = ptr16(rows.set_ma)
        min_ma = ptr16(rows.min_ma)
        cap_ma = ptr16(rows.cap_ma)
        draw_age_ms = ptr16(rows.draw_age_ms)
        want_ma = ptr16(rows.want_ma)
        least = ptr16(self._least)
        most = ptr16(self._most)
        ended = 0
        for row in range(int(rows.count)):
            want = 0
            if bound[row] < OFF:
                want = min_ma[row]
                ceiling = cap_ma[row]
                if lost and set_ma[row] < ceiling:
                    ceiling = set_ma[row]
                elif phases[row] & squeezed:
                    if not flags[row] & METERED or draw_age_ms[row] >= DRAW_FRESH_MS:
                        ceiling = 0
                if ceiling < want:
                    ceiling = want
                weight = weights[row]
                if weight == 1:
                    least[row] = want
                    most[row] = ceiling
                else:
                    least[row] = want // weight
                    most[row] = ceiling // weight
            elif bound[row] == LEFT_OVER:
                ended += 1
            elif aside[row]:
                want = set_ma[row]
            want_ma[row] = want
        return ended

    @micropython.viper
    def _raise_level(self):
        rows = self._rows
        bound = ptr8(rows.bound)
        phases = ptr8(rows.phases)
        weights = ptr8(rows.weight)
        want_ma = ptr16(rows.want_ma)
        by_least = ptr8(self._by_least)
        by_most = ptr8(self._by_most)
        least = ptr16(self._least)
        most = ptr16(self._most)
        left = ptr32(self._left)
        slope = ptr32(self._slope)
        count = int(rows.capacity)
        full = level = next_least = next_most = 0
        for phase in range(3):
            slope[phase] = 0
            full |= 0 if left[phase] else 1 << phase
        while next_most < count:
            row = by_most[next_most]
            until = most[row]
            starts = next_least < count and least[by_least[next_least]] <= until
            if starts:
                row = by_least[next_least]
                until = least[row]
                next_least += 1
            else:
                next_most += 1
            if bound[row] >= OFF:
                continue
            while level < until:
                step = until - level
                for phase in range(3):
                    if step * slope[phase] > left[phase]:
                        step = left[phase] // slope[phase]
                level += step
                for phase in range(3):
                    left[phase] -= step * slope[phase]
                    if level < until and left[phase] < slope[phase]:
                        full |= 1 << phase
                if level < until:
                    self._freeze(full, level)
            weight = weights[row]
            if starts and bound[row] == AT_MINIMUM:
                frozen = phases[row] & full
                if frozen:
                    bound[row] = 2 if frozen >= 4 else frozen >> 1
                    continue
                bound[row] = RISING
            elif bound[row] == RISING and not starts:
                bound[row] = AT_MAXIMUM
                if level * weight > want_ma[row]:
                    want_ma[row] = level * weight
                weight = 0 - weight
            else:
                continue
            for phase in range(3):
                slope[phase] += weight if phases[row] >> phase & 1 else 0

    # Who rises and is on a full phase has what it gets.
    @micropython.viper
    def _freeze(self, full: int, level: int):
        rows = self._rows
        bound = ptr8(rows.bound)
        phases = ptr8(rows.phases)
        weights = ptr8(rows.weight)
        want_ma = ptr16(rows.want_ma)
        slope = ptr32(self._slope)
        for row in range(int(rows.count)):
            frozen = phases[row] & full
            if bound[row] == RISING and frozen:
                bound[row] = 2 if frozen >= 4 else frozen >> 1
                weight = weights[row]
                if level * weight > want_ma[row]:
                    want_ma[row] = level * weight
                for phase in range(3):
                    slope[phase] -= weight if phases[row] >> phase & 1 else 0

    # Only who was frozen, or has a weight that does not divide its ceiling, can take more.
    @micropython.viper
    def _hand_out(self, tight: int) -> int:
        rows = self._rows
        bound = ptr8(rows.bound)
        phases = ptr8(rows.phases)
        weights = ptr8(rows.weight)
        set_ma = ptr16(rows.set_ma)
        min_ma = ptr16(rows.min_ma)
        cap_ma = ptr16(rows.cap_ma)
        want_ma = ptr16(rows.want_ma)
        most = ptr16(self._most)
        left = ptr32(self._left)
        changes = 0
        for row in range(int(rows.count)):
            want = want_ma[row]
            if bound[row] < AT_MAXIMUM or (bound[row] == AT_MAXIMUM and weights[row] > 1):
                ceiling = most[row] * weights[row]
                if not tight:
                    ceiling = cap_ma[row] if cap_ma[row] > min_ma[row] else min_ma[row]
                more = ceiling - want
                for phase in range(3):
                    if phases[row] >> phase & 1 and left[phase] < more:
                        more = left[phase]
                if more > 0:
                    want += more
                    want_ma[row] = want
                    for phase in range(3):
                        left[phase] -= more if phases[row] >> phase & 1 else 0
            if want < set_ma[row]:
                changes |= 1
            elif want > set_ma[row]:
                changes |= 2
        return changes

    def _offer_left_over(self):
        rows = self._rows
        for index in range(rows.count):
            if rows.bound[index] == LEFT_OVER and not rows.hold_s[index]:
                least = rows.min_ma[index]
                asked = least if rows.set_ma[index] else least + _LEFT_OVER_MA
                mask = rows.phases[index]
                if self._free(mask) >= asked:
                    rows.want_ma[index] = least
                    self.changes |= 2
                    for phase in range(3):
                        if mask >> phase & 1:
                            self._left[phase] -= least

    def _free(self, mask):
        free = _PLENTY
        for phase in range(3):
            if mask >> phase & 1 and self._left[phase] < free:
                free = self._left[phase]
        return free


@micropython.viper
def sort(order, key, count: int):
    """Sorts the `count` bytes of `order` by the keys that they point to in an array of "H". As it
    is nearly sorted already, that is one pass."""
    items = ptr8(order)
    keys = ptr16(key)
    for end in range(1, count):
        item = items[end]
        value = keys[item]
        place = end
        while place and keys[items[place - 1]] > value:
            items[place] = items[place - 1]
            place -= 1
        items[place] = item
