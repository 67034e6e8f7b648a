# The grid connection: from the meter's reading to what the chargers may be told on each phase.
#
# Target: a main breaker carries 140 % for far longer than we need to react (IEC 60898-1: at 145 %
# it has an hour to trip), so a jump by the largest consumer may lift the current from the target
# to there. Raises and cuts aim a little below it, or noise chatters.
#
# The reading already holds what the cars draw, so the room is aim - reading. A raise uses the
# least that the chargers count for in the reading, or what was just offered is given away twice; a
# cut uses the most, or one overload is cut again with every reading until the cars have followed.
# Nothing is cut unless the reading is above target; a raise is two thirds of the room, against the
# highest house of a window (house.py).
# Without a recent reading nothing is raised; once the meter is lost all chargers together get
# `without_meter_ma`.
#
# A reading is none if it is beyond all reason, or repeats to the milliampere while the chargers
# measure that they draw much more or less than before: a meter or gateway that is frozen. Where it
# stays below what they draw together, that is said: there is PV that the settings do not know of,
# or a current transformer sits on the wrong wire or the wrong way round.

from array import array

from balance.house import House
from micropython import const

# What limits the budget of a phase, for the reasons.
FROM_GRID = const(0)
FROM_SUPPLY = const(1)

# A reading older than this raises nothing: the meter is read 4 times a second.
_RECENT_MS = const(2000)

_AGE_MAX_MS = const(0x1FFFFFFF)

# Raises and cuts aim 1 % of the limit below target, as noise on the meter is 0.3 A, and not more
# than this where the limit is large.
_BAND_MAX_MA = const(1000)

# No fuse lets so much through for long enough to be read.
_BEYOND_LIMITS = const(5)

# What the chargers measure is up to 12 s old.
_FROZEN_MS = const(15000)
_CONTRADICTS_MS = const(15000)
_CHANGED_MA = const(4000)

# What is wrong with the meter, in `trouble`.
NO_TROUBLE = const(0)
FROZEN = const(1)
CONTRADICTED = const(2)


class Grid:
    """Budgets in mA per phase for the chargers that can be controlled, made by `assess`.

    budget_ma: what they may be told in all, so that what was cut for one that is to come on stays
    there for it; give_ma: how far they may be raised; room_ma: the same without the part that a
    raise is limited to, for minimums and bookings; pause_ma: the same against the limit instead of
    the target, and those that are told something but do not draw as far as is known may have begun
    to.
    over: mask of the phases whose reading is above target; far_over: by more than the band between
    aim and target. source: FROM_... per phase.
    largest_jump_ma: the largest rise of the house within 8 s, noted only while no charger can have
    made it. trouble: what is wrong with the readings.
    """

    def __init__(self):
        self.phase_ma = array("i", (0, 0, 0))
        self.budget_ma = array("i", (0, 0, 0))
        self.give_ma = array("i", (0, 0, 0))
        self.room_ma = array("i", (0, 0, 0))
        self.pause_ma = array("i", (0, 0, 0))
        self.house = House()
        self.largest_jump_ma = self.house.largest_jump_ma
        self.source = bytearray(3)
        self.over = self.far_over = 0
        self.age_ms = 0
        self.target_ma = self.limit_ma = self.supply_ma = 0
        self.static = False
        self.ever = self._fresh = False
        self.trouble = NO_TROUBLE
        self.same_ms = self._contradicts_ms = 0
        self._drawn = array("i", (0, 0, 0))
        self._meters = -1
        self._pv = False
        self._aim = self._without = self._least_house = self._lost_after_ms = 0

    def apply(self, site: dict) -> None:
        """Takes a checked site.json."""
        self.limit_ma = site["limit_ma"]
        self.supply_ma = site["supply_ma"]
        self.static = site["meter"] is None
        self.target_ma = target_ma(site)
        self._aim = self.target_ma - min(max(self.limit_ma // 100, 500), _BAND_MAX_MA)
        self._without = site["without_meter_ma"]
        self._pv = site["pv"]
        self._least_house = -site["largest_consumer_ma"] if self._pv else 0
        self._lost_after_ms = 0 if self.static else 1000 * site["meter"]["lost_after_s"]

    def read(self, phase_ma) -> None:
        """Takes a reading: three signed mA."""
        same = True
        for phase in range(3):
            if abs(phase_ma[phase]) > _BEYOND_LIMITS * self.limit_ma:
                return
            same = same and phase_ma[phase] == self.phase_ma[phase]
        if not same:
            self.same_ms = 0
            self._meters = -1
        for phase in range(3):
            self.phase_ma[phase] = phase_ma[phase]
        if self.trouble != FROZEN:
            self.age_ms = 0
            self.ever = self._fresh = True

    def advance(self, elapsed_ms: int) -> None:
        """Lets time pass."""
        if not self._fresh:
            self.age_ms = min(self.age_ms + elapsed_ms, _AGE_MAX_MS)
        self._fresh = False
        self.same_ms = min(self.same_ms + elapsed_ms, _AGE_MAX_MS)
        self._contradicts_ms = min(self._contradicts_ms + elapsed_ms, _AGE_MAX_MS)
        self.house.advance(elapsed_ms)

    @property
    def recent(self) -> bool:
        """True if the last reading is recent enough to raise something."""
        return self.ever and self.age_ms < _RECENT_MS

    @property
    def ok(self) -> bool:
        """True if there is a reading and it is not lost."""
        return self.ever and self.age_ms < self._lost_after_ms

    @property
    def lost(self) -> bool:
        """True if decisions have to do without the meter."""
        return not self.static and self.age_ms >= self._lost_after_ms

    def assess(self, bookings, may_raise: bool) -> None:
        """Makes the budgets from the reading and the sums of the bookings.

        may_raise: False while nothing but a reading above target may change anything.
        """
        self._doubt(bookings)
        self.over = self.far_over = 0
        for phase in range(3):
            self.source[phase] = FROM_GRID
            if self.static:
                self._assess_static(bookings, phase)
            elif self.lost:
                self._assess_lost(bookings, phase)
            elif not self.recent:
                self._keep(bookings, phase)
            else:
                self._assess_reading(bookings, phase, may_raise)
            self._cap(phase, self.supply_ma - bookings.reserved[phase], FROM_SUPPLY)

    # Whether the readings fit to what the chargers measure themselves.
    def _doubt(self, bookings):
        if self._is_frozen(bookings):
            self.trouble = FROZEN
            self.age_ms = max(self.age_ms, self.same_ms)
        else:
            self.trouble = NO_TROUBLE if self._fits(bookings) else CONTRADICTED

    def _fits(self, bookings):
        if not self._pv:
            for phase in range(3):
                drawn = bookings.drawn[phase]
                if self.phase_ma[phase] < drawn - drawn // 10 - _CHANGED_MA:
                    return self._contradicts_ms < _CONTRADICTS_MS
        self._contradicts_ms = 0
        return True

    def _is_frozen(self, bookings):
        if self._meters != bookings.meters:
            self._meters = bookings.meters
            for phase in range(3):
                self._drawn[phase] = bookings.drawn[phase]
        if self.same_ms >= _FROZEN_MS:
            for phase in range(3):
                if abs(bookings.drawn[phase] - self._drawn[phase]) >= _CHANGED_MA:
                    return True
        return False

    def _assess_static(self, bookings, phase):
        self._same(phase, self.limit_ma - bookings.reserved[phase])

    def _assess_lost(self, bookings, phase):
        free = self._without - bookings.reserved[phase]
        self._same(phase, min(free, bookings.told[phase]))

    def _keep(self, bookings, phase):
        self._same(phase, bookings.told[phase])

    def _assess_reading(self, bookings, phase, may_raise):
        reading = self.phase_ma[phase]
        house = reading - bookings.most[phase] - bookings.counted[phase]
        self.house.note(phase, house)
        if not bookings.unsettled[phase] and not bookings.idle[phase]:
            self.house.note_jump(phase, house)
        if reading > self.target_ma:
            self.over |= 1 << phase
            self.far_over |= (reading > 2 * self.target_ma - self._aim) << phase
            most = bookings.most[phase] - bookings.below[phase] - reading
            told = bookings.told[phase]
            self.budget_ma[phase] = self.give_ma[phase] = min(most + self._aim, told)
            self.room_ma[phase] = min(most + self.target_ma, told)
            self.pause_ma[phase] = min(most + bookings.idle[phase] + self.limit_ma, told)
        elif may_raise:
            self._assess_raise(bookings, phase, reading)
        else:
            self._keep(bookings, phase)

    def _assess_raise(self, bookings, phase, reading):
        told = bookings.told[phase]
        least = bookings.least[phase]
        house = max(self.house.highest_ma(phase), self._least_house)
        by_reading = least + bookings.counted[phase] - reading
        free = (
            self._aim + min(by_reading, bookings.unused[phase] - house) - bookings.reserved[phase]
        )
        part = least + (free - least) * 2 // 3
        self.budget_ma[phase] = max(part, told, bookings.booked[phase])
        self.give_ma[phase] = max(part, told)
        room = max(free + self.target_ma - self._aim, told)
        self.room_ma[phase] = room
        # Those that were cut a moment ago still show in the reading, which is not above target
        self.pause_ma[phase] = max(room + self.limit_ma - self.target_ma, bookings.most[phase])

    def _same(self, phase, ma):
        self.budget_ma[phase] = self.room_ma[phase] = self.pause_ma[phase] = ma
        self.give_ma[phase] = ma

    def _cap(self, phase, ma, source):
        if self.budget_ma[phase] >= ma:
            self.source[phase] = source
        self.budget_ma[phase] = max(min(self.budget_ma[phase], ma), 0)
        self.give_ma[phase] = min(self.give_ma[phase], self.budget_ma[phase])
        self.room_ma[phase] = max(min(self.room_ma[phase], ma), 0)
        self.pause_ma[phase] = max(min(self.pause_ma[phase], ma), 0)


def target_ma(site: dict) -> int:
    """The current per phase that is aimed at, in mA (design, section 4)."""
    limit = site["limit_ma"]
    surge = limit * site["surge_pct"] // 100 - site["largest_consumer_ma"]
    return min(surge, limit) * (100 - site["margin_pct"]) // 100
