# The allocator alone, with stand-ins for the grid and the ledger, and what has to hold for it.

from array import array

from balance.allocator import Allocator
from balance.rows import CONTROLLED, ENDED, STATE_B, STATE_C, STATE_D, Rows

CHARGER = {
    "phases": "123",
    "max_ma": 32000,
    "min_ma": None,
    "fallback_ma": 6000,
    "priority": 0,
    "weight": 1,
}
MINIMUM = {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000}
SETTLED_MS = 10000  # after this a car that does not fit into the room is paused


class StubGrid:
    lost = False

    def __init__(self):
        self.budget_ma = array("i", (0, 0, 0))
        self.room_ma = array("i", (0, 0, 0))
        self.pause_ma = array("i", (0, 0, 0))


class Lone:
    """An allocator and its rows."""

    def __init__(self, budget_ma, room_ma=None, pause_ma=None):
        self.rows = Rows(8)
        self.grid = StubGrid()
        self.allocator = Allocator(self.rows)
        self.limit(budget_ma, room_ma, pause_ma)

    def limit(self, budget_ma, room_ma=None, pause_ma=None):
        """Three mA each; what is not given is the one before."""
        room_ma = room_ma or budget_ma
        for phase in range(3):
            self.grid.budget_ma[phase] = budget_ma[phase]
            self.grid.room_ma[phase] = room_ma[phase]
            self.grid.pause_ma[phase] = (pause_ma or room_ma)[phase]

    def add(self, state=STATE_C, set_ma=0, **changes):
        charger = dict(CHARGER)
        charger.update(changes)
        index = self.rows.add(charger, MINIMUM)
        self.rows.state[index] = state
        self.rows.aside[index] = CONTROLLED
        self.rows.set_ma[index] = set_ma
        return index

    def allocate(self, may_raise=True, elapsed_ms=SETTLED_MS):
        """What each is to have."""
        self.allocator.allocate(self.grid, may_raise, elapsed_ms)
        return [self.rows.want_ma[index] for index in range(self.rows.count)]

    def obey(self):
        """Every charger does what it is told; one that is paused stays so for a while."""
        rows = self.rows
        for index in range(rows.count):
            if rows.set_ma[index] and not rows.want_ma[index]:
                rows.hold_s[index] = 60
            rows.set_ma[index] = rows.want_ma[index]

    # -- who is where --

    def present(self):
        """Those that take part."""
        rows = self.rows
        every = range(rows.count)
        return [i for i in every if not rows.aside[i] and STATE_B <= rows.state[i] <= STATE_D]

    def ended(self):
        return [index for index in self.present() if self.rows.session[index] & ENDED]

    def on(self):
        """Those that have a place."""
        ended = self.ended()
        return [i for i in self.present() if self.rows.want_ma[i] and i not in ended]

    def off(self):
        """Those that wait for a place."""
        ended = self.ended()
        return [i for i in self.present() if not self.rows.want_ma[i] and i not in ended]

    def on_phases(self, index):
        return [phase for phase in range(3) if self.rows.phases[index] >> phase & 1]

    def summed(self, values, chargers):
        """The sums of `values` of these chargers, per phase."""
        sums = [0, 0, 0]
        for index in chargers:
            for phase in self.on_phases(index):
                sums[phase] += values[index]
        return sums

    def capacity(self):
        """What may be given: the budget, or the minimums of those on where those are more."""
        least = self.summed(self.rows.min_ma, self.on())
        return [max(self.grid.budget_ma[phase], least[phase]) for phase in range(3)]

    def left(self):
        """What could still be given, per phase."""
        given = self.summed(self.rows.want_ma, self.present())
        return [capacity - ma for capacity, ma in zip(self.capacity(), given)]

    def fits(self, index, limit_ma):
        """True if the minimum of one that is off fits beside those of all that are on."""
        least = self.summed(self.rows.min_ma, self.on())
        needed = self.rows.min_ma[index]
        return all(least[phase] + needed <= limit_ma[phase] for phase in self.on_phases(index))

    # -- what has to hold; each lists what breaks it --

    def above_budget(self):
        """Phases above their budget without need."""
        left = self.left()
        return [phase for phase in range(3) if left[phase] < 0]

    def minimums_above(self, limit_ma):
        """Phases on which somebody is on though the minimums do not fit."""
        least = self.summed(self.rows.min_ma, self.on())
        return [phase for phase in range(3) if least[phase] > max(limit_ma[phase], 0)]

    def out_of_bounds(self):
        """Those that are on outside their minimum and maximum, or given what they cannot take."""
        rows = self.rows
        on = self.on()
        wrong = [i for i in on if not rows.min_ma[i] <= rows.want_ma[i] <= rows.cap_ma[i]]
        wrong += [i for i in self.ended() if rows.want_ma[i] not in (0, rows.min_ma[i])]
        absent = [i for i in range(rows.count) if i not in self.present()]
        kept = [rows.set_ma[i] if rows.aside[i] else 0 for i in absent]
        return wrong + [i for i, ma in zip(absent, kept) if rows.want_ma[i] != ma]

    def kept_out(self):
        """Those that could start, fit, and are off."""
        room = self.grid.room_ma
        return [i for i in self.off() if not self.rows.hold_s[i] and self.fits(i, room)]

    # -- max-min fairness --

    # Levels are whole milliamperes, rounded down: less than the sum of the weights is left on a
    # phase that fills up, and handed out in the order of the rows.
    def rounding_ma(self):
        return sum([self.rows.weight[index] for index in self.on()])

    def hungry(self):
        """Those that are on and have less than they can use, by a whole mA of the level."""
        rows = self.rows
        return [i for i in self.on() if rows.want_ma[i] + rows.weight[i] <= rows.cap_ma[i]]

    def short_of_share(self):
        """Those that could get more from others that have more by weight, or from nobody."""
        left = self.left()
        off_ma = self.rounding_ma()
        full = [phase for phase in range(3) if left[phase] < off_ma]
        return [i for i in self.hungry() if not self._is_largest(i, full, off_ma)]

    # On one of its full phases nobody who has more than its minimum has more by weight.
    def _is_largest(self, index, full, off_ma):
        rows = self.rows
        raised = [i for i in self.on() if rows.want_ma[i] > rows.min_ma[i] + off_ma]
        more = [i for i in raised if self._has_more(i, index, off_ma)]
        mine = [phase for phase in self.on_phases(index) if phase in full]
        return any(not [i for i in more if phase in self.on_phases(i)] for phase in mine)

    def _has_more(self, index, other, off_ma):
        want_ma = self.rows.want_ma
        weight = self.rows.weight
        mine = (want_ma[index] - off_ma) * weight[other]
        return mine > (want_ma[other] + off_ma) * weight[index]

    def __repr__(self):
        rows = self.rows
        names = ("phases", "state", "aside", "weight", "priority", "min_ma", "max_ma", "set_ma")
        names += ("cap_ma", "session", "turn", "hold_s", "want_ma", "bound")
        text = "budget {}, room {}".format(list(self.grid.budget_ma), list(self.grid.room_ma))
        for index in range(rows.count):
            values = ["{} {}".format(name, getattr(rows, name)[index]) for name in names]
            text += "\n{}: {}".format(index, ", ".join(values))
        return text
