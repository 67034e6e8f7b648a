# What follows from the steps of a charger (wiring.py): which of the meter's phases move with it,
# in which direction, and in which order the charger has them.
#
# Sure        A step counts if each phase moved as much as the charger, or not at all. The two low
#             levels are 2 A apart, so what moves with the charger moves 2 A less with the higher
#             one; an oven does not, even if it goes on and off in step with the test. Two steps
#             at each low level have to agree, and more than twice as many as say otherwise.
# Phases      A car draws about equally on its phases: three that move say which the charger has,
#             and not in which order. A car on one phase uses the charger's L1, one on two uses L1
#             and L2 (IEC 62196-2), so that L3 lies where nothing moved. If the charger measures,
#             that says it instead; and their order where they differ by more than meters err.
# Direction   A phase that falls as the charger is raised is counted the wrong way round. If one
#             does, its transformer is turned; if two, theirs are exchanged: the current of another
#             phase lags by 120 degrees, and its power is negative. If all, the meter is turned
#             round, or all transformers are one phase further on than the voltages.
# Exchanged   Phases of the meter that are exchanged together with their voltages look like phases
#             of the charger that are. It is the meter if every charger differs in the same way.

from array import array

from micropython import const

STEPS = const(14)
UNSEEN = const(0x1FFFFFFF)

# Noise of 0.3 A leaves 0.2 A in the difference of two medians.
_MOVED_MA = const(1200)
_STILL_MA = const(600)
_AGREE_MA = const(800)
_EQUAL_MA = const(1000)
_EQUAL_PART = const(8)
_OTHER_LEVEL_MA = const(1500)
_VOTES = const(2)

# Two meters of 1 % and 3 % differ by so much at 10 A; what fits worse by that is ruled out.
_FITS_MA = const(800)
_WORSE_MA = const(400)

_UNCLEAR = const(0xFF)
_UNKNOWN = const(0xFF)

# All orders: the grid's phases of the charger's L1, L2 and L3.
_ORDERS = b"\x00\x01\x02\x00\x02\x01\x01\x00\x02\x01\x02\x00\x02\x00\x01\x02\x01\x00"


class Steps:
    """Up to STEPS steps; all values in mA, six at a time: the meter's three phases, and the
    charger's own three or UNSEEN.

    Once `decided`: moved, inverted: masks of the meter's phases; blind: on how many more phases
    the charger measures that it moved; drawn_ma: by how much on its fullest.
    """

    def __init__(self):
        self.count = 0
        self.moved = self.inverted = self.blind = self.drawn_ma = 0
        self._mean = array("i", bytes(24))
        self._moves = array("i", bytes(24 * STEPS))
        self._pattern = bytearray(STEPS)  # moved, and inverted << 3
        self._low = array("i", bytes(4 * STEPS))
        self._high = array("i", bytes(4 * STEPS))

    def add(self, before, after, told_before: int, told: int) -> None:
        """What was measured before and after a step between two setpoints."""
        step = self.count
        sign = 1 if told > told_before else -1
        for place in range(6):
            move = UNSEEN
            if before[place] != UNSEEN != after[place]:
                move = sign * (after[place] - before[place])
            self._moves[6 * step + place] = move
        self._low[step] = min(told_before, told)
        self._high[step] = max(told_before, told)
        self._pattern[step] = self._classify(6 * step, abs(told - told_before))
        self.count += 1

    # -- one step --

    def _classify(self, first, told):
        moved = inverted = 0
        for phase in range(3):
            move = self._moves[first + phase]
            if abs(move) >= _MOVED_MA:
                moved |= 1 << phase
                inverted |= (move < 0) << phase
            elif abs(move) > _STILL_MA:
                return _UNCLEAR
        if moved and not (self._as_one(first, moved, told) and self._as_measured(first, moved)):
            return _UNCLEAR
        return moved | inverted << 3

    # All that moved moved alike, and not more than the charger was told.
    def _as_one(self, first, moved, told):
        least, most = UNSEEN, 0
        for phase in range(3):
            if moved >> phase & 1:
                least = min(least, abs(self._moves[first + phase]))
                most = max(most, abs(self._moves[first + phase]))
        alike = self._is_measured(first) or most - least <= _EQUAL_MA + most // _EQUAL_PART
        return alike and most <= told + _EQUAL_MA

    def _is_measured(self, first):
        return min(self._moves[first + 3], self._moves[first + 4], self._moves[first + 5]) < UNSEEN

    # Each that moved moved as one of the charger's own, if it measures.
    def _as_measured(self, first, moved):
        if not self._is_measured(first):
            return True
        able = 0
        for own in range(first + 3, first + 6):
            able += self._moves[own] >= _MOVED_MA
        for phase in range(3):
            if moved >> phase & 1:
                able -= 1
                if not self._has_own(first, abs(self._moves[first + phase])):
                    return False
        return able >= 0

    def _has_own(self, first, move):
        for own in range(first + 3, first + 6):
            if self._moves[own] == UNSEEN or abs(self._moves[own] - move) <= _EQUAL_MA:
                return True
        return False

    # -- all of them --

    def decided(self) -> bool:
        """True if enough steps agree; then the attributes hold what they say."""
        for step in range(self.count):
            if self._pattern[step] != _UNCLEAR and self._agree(step):
                self._keep(step)
                return True
        return False

    def _agree(self, step):
        here = there = rivals = 0
        for other in range(self.count):
            if self._supports(other, step):
                distance = abs(self._low[other] - self._low[step])
                here += distance <= _STILL_MA
                there += distance >= _OTHER_LEVEL_MA
            elif self._pattern[other] != _UNCLEAR:
                rivals += 1
        return here >= _VOTES and there >= _VOTES and here + there > 2 * rivals

    # Its car makes use of what it is told, or of as much as the other step says.
    def _supports(self, other, step):
        if self._pattern[other] != self._pattern[step]:
            return False
        for phase in range(3):
            if self._pattern[step] >> phase & 1:
                top = min(self._high[other], self._top(step, phase))
                if abs(self._top(other, phase) - top) > _AGREE_MA:
                    return False
        return True

    # What it stepped down from, as the meter shows it.
    def _top(self, step, phase):
        return self._low[step] + abs(self._moves[6 * step + phase])

    def _keep(self, step):
        self.moved = self._pattern[step] & 7
        self.inverted = self._pattern[step] >> 3
        for place in range(6):
            total = votes = 0
            for other in range(self.count):
                move = self._moves[6 * other + place]
                if self._supports(other, step) and move != UNSEEN:
                    total += move
                    votes += 1
            self._mean[place] = total // votes if votes else UNSEEN
        self._look_at_own()

    def _look_at_own(self):
        self.blind = self.drawn_ma = 0
        for own in range(3, 6):
            if _MOVED_MA <= self._mean[own] < UNSEEN:
                self.blind += 1
                self.drawn_ma = max(self.drawn_ma, self._mean[own])
        self.blind = max(self.blind - sum_of_bits(self.moved), 0)

    # -- the order --

    def rotation(self, dead: int) -> int:
        """The grid's phase of each of the charger's, two bits each, 3 for what is not known. dead:
        mask of the meter's phases that show nothing at all."""
        own = self._mean
        if dead & ~self.moved and max(own[3], own[4], own[5]) == UNSEEN:
            return _UNKNOWN
        if min(own[3], own[4], own[5]) == UNSEEN:
            self._assume()
        best = UNSEEN
        for order in range(0, 18, 3):
            best = min(best, self._misfit(order))
        if best > _FITS_MA:
            return _UNKNOWN
        rotation = 0
        for own in range(3):
            rotation |= self._common(own, best + _WORSE_MA) << 2 * own
        return rotation | 0xC0

    # A charger that does not measure has a car that uses L1, L1 and L2, or all three.
    def _assume(self):
        uses = sum_of_bits(self.moved)
        for own in range(3):
            self._mean[3 + own] = self._size_of_mean() if own < uses else 0

    def _size_of_mean(self):
        most = 0
        for phase in range(3):
            most = max(most, abs(self._mean[phase]))
        return most

    # How far an order is from what was measured, on the phase where it is farthest.
    def _misfit(self, order):
        misfit = 0
        for own in range(3):
            phase = _ORDERS[order + own]
            seen = self.moved >> phase & 1 or not self.blind
            if seen and self._mean[3 + own] != UNSEEN:
                distance = abs(self._mean[3 + own] - abs(self._mean[phase]))
                misfit = max(misfit, distance)
        return misfit

    # The grid's phase that all orders which fit have in common here, or 3.
    def _common(self, own, bearable):
        found = -1
        for order in range(0, 18, 3):
            if self._misfit(order) <= bearable:
                phase = _ORDERS[order + own]
                found = phase if found in (-1, phase) else 3
        return found


def sum_of_bits(mask: int) -> int:
    """How many phases are in a mask."""
    return (mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1)
