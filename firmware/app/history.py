# What the connection carried in the last hour and the last day, for a plot: two rings in 972
# bytes, and nothing else grows. A slot of the hour is a minute, one of the day 30 of them. Taken
# once a second, allocates nothing.

from array import array

from micropython import const

# A slot: the means of the three phases, their highest, the cars on each. A byte is 128 more than
# the current in steps; 0: not known.
SLOT = const(9)
NONE = const(0)
ZERO = const(128)

HOUR = const(60)
DAY = const(48)
PART = const(30)
_SAMPLES = const(60)

# 1.5 times the limit is the most that can be shown.
_STEPS = const(84)
_LOWEST_MA = const(-0x20000000)


class History:
    """Watches `cycle`. buffer: the slots of the hour, then those of the day; slots: how many of
    the hour have been filled since the start, each after 60 calls of `advance`; step_ma: a step.
    """

    def __init__(self, cycle):
        self._cycle = cycle
        self.buffer = bytearray((HOUR + DAY) * SLOT)
        self.step_ma = step_ma(cycle.grid.limit_ma)
        self.slots = 0
        self._sums = array("i", bytes(24))
        self._most = array("i", (_LOWEST_MA,) * 3)
        self._known = self._count = 0

    def advance(self) -> None:
        """Call it once a second."""
        grid = self._cycle.grid
        bookings = self._cycle.bookings
        known = int(grid.ok)
        for phase in range(3):
            self._sums[3 + phase] += bookings.most[phase] + bookings.counted[phase]
            if known:
                ma = grid.phase_ma[phase]
                self._sums[phase] += ma
                self._most[phase] = max(self._most[phase], ma)
        self._known += known
        self._count += 1
        if self._count == _SAMPLES:
            self._fill(self.slots % HOUR * SLOT)
            self.slots += 1
            if self.slots % PART == 0:
                self._fold()

    def _fill(self, at):
        known = self._known
        for phase in range(3):
            self.buffer[at + phase] = self._steps(self._sums[phase] // known) if known else NONE
            self.buffer[at + 3 + phase] = self._steps(self._most[phase]) if known else NONE
            self.buffer[at + 6 + phase] = self._steps(self._sums[3 + phase] // _SAMPLES)
            self._sums[phase] = self._sums[3 + phase] = 0
            self._most[phase] = _LOWEST_MA
        self._known = self._count = 0

    def _steps(self, ma):
        return max(1, min(255, ZERO + (ma + self.step_ma // 2) // self.step_ma))

    # The last slots of the hour are one of the day.
    def _fold(self):
        first = (self.slots - PART) % HOUR
        to = HOUR + (self.slots // PART - 1) % DAY
        for value in range(SLOT):
            total = known = most = 0
            for slot in range(first, first + PART):
                byte = self.buffer[slot * SLOT + value]
                total += byte
                known += byte != NONE
                most = max(most, byte)
            if 3 <= value < 6:
                self.buffer[to * SLOT + value] = most
            else:
                self.buffer[to * SLOT + value] = (total + known // 2) // known if known else NONE


def step_ma(limit_ma: int) -> int:
    """The step that shows half as much again as the limit, in whole 0.1 A; 0.1 A without one."""
    return -(-limit_ma // (_STEPS * 100)) * 100 or 100
