# The self-test of the wiring: one charger, whose car is charging, is stepped down and up again
# some times, and the medians of the meter's phases before and after each step are compared
# (steps.py says what follows). Loaded when somebody asks for it; `Cycle.test` holds it meanwhile.
#
# It lowers the charger's maximum for a while, and nothing else: what is told to whom is decided by
# the cycle as ever, so that it never gets more than the core grants. Nobody is raised but
# where it is to come up again. A reading above target, a lost meter, a charger or a car that is
# gone end it at once, and the maximum is what it was.

from array import array

from balance.rows import (
    CONFIRMED,
    CONTROLLED,
    DIRTY,
    DRAW_SETTLED,
    METERED,
    STATE_C,
    STATE_D,
    UNREACHABLE,
    USABLE,
)
from balance.steps import STEPS, UNSEEN, Steps
from micropython import const

# How it ended, each with the names of its numbers as in balance.reasons; `testing` until then.
#   told           on which phase of the grid each of the charger's phases lies
#   partly         the same for some of them: `phases()` has "?" for the others
#   order_unknown  on which phases its car draws, but not in which order
#   no_car         no car charges there: its state, 0 to 5 for A to F
#   no_room        it is told, or its car draws, less than there has to be to step down from
#   above_target   a reading was above target
#   unclear        not enough steps agreed: the house is too restless, or the car is
#   not_followed   nothing moved, neither at the meter nor, as far as it measures, at the charger
#   not_seen       the charger measures that its car follows, and the meter does not see it
#   slow           a level was not reached, or never quiet enough to be measured
#   failed         a fault of this program
CODES = (
    "testing step of|told|partly|order_unknown|no_meter|starting left_s|no_car state|"
    "no_room ma needed_ma|unreachable failures|not_obeying told_ma|meter_lost age_ms|"
    "above_target phase ma|unclear steps|not_followed steps|not_seen drawn_ma|slow after_s|"
    "cancelled|busy|bad_settings|failed"
)
TESTING = const(0)
TOLD = const(1)
PARTLY = const(2)
ORDER_UNKNOWN = const(3)
NO_METER = const(4)
STARTING = const(5)
NO_CAR = const(6)
NO_ROOM = const(7)
NO_ANSWER = const(8)
NOT_OBEYING = const(9)
METER_LOST = const(10)
ABOVE_TARGET = const(11)
UNCLEAR = const(12)
NOT_FOLLOWED = const(13)
NOT_SEEN = const(14)
SLOW = const(15)
CANCELLED = const(16)
BUSY = const(17)
BAD_SETTINGS = const(18)
FAILED = const(19)

# Going for a level, waiting until the chargers have settled, measuring.
_GOES = const(0)
_SETTLES = const(1)
_MEASURES = const(2)

# The low levels are the minimum and so much more in turn; the high one is so much above the
# minimum, or more.
_LEVEL_MA = const(2000)
_ROOM_MA = const(4000)
_NEAR_MA = const(500)

# 24 readings, 6 s of a meter that is read 4 times a second: 6 values of one that refreshes once a
# second. A level is quiet if the medians of both halves agree.
_SAMPLES = const(24)
_HALF = const(12)
_SAMPLE_MS = const(200)
_QUIET_MA = const(700)

# So long it waits for all that it was told before, for a level, for the charger's own currents.
_RAISE_MS = const(15000)
_SLOW_MS = const(90000)
_METER_MS = const(40000)

# A phase that never shows more is not connected, or not there.
_DEAD_MA = const(100)


class WiringTest:
    """Tests the charger of a row with each `cycle.run` from now on, until `code` is no more
    TESTING: 14 steps of at most 90 s, a minute and a half in a quiet house.

    code, number_a, number_b: an index of CODES, with its numbers. moved: mask of the meter's
    phases that move with the charger; inverted: those of them that move the wrong way; blind: on
    how many more phases the charger measures a step. rotation: as in Rows, with 3 for what is not
    known.
    differs: True if the settings say otherwise.
    """

    def __init__(self, cycle, index: int):
        rows = cycle.rows
        self._cycle = cycle
        self._index = index
        self._steps = Steps()
        self.moved = self.inverted = self.blind = 0
        self.rotation = 0xFF
        self.differs = False
        self._max_ma = self._cap_ma = rows.max_ma[index]
        self._high_ma = rows.set_ma[index]
        self._told = self._told_before = 0
        self._state = _GOES
        self._levels = self._level_ms = self._window_ms = self._since_ms = 0
        self._count = 0
        self._dead = 7
        self._samples = array("i", bytes(12 * _SAMPLES))
        self._sorted = array("i", bytes(4 * _SAMPLES))
        # The meter's three phases, and the charger's own three or UNSEEN
        self._now = array("i", bytes(24))
        self._before = array("i", bytes(24))
        self._say(TESTING, 0, STEPS)
        if cycle.test:
            self._say(BUSY)
        elif not rows.flags[index] & USABLE:
            self._say(BAD_SETTINGS)
        else:
            cycle.test = self

    def phases(self) -> str:
        """The phases as in chargers.jsonl, "?" for what is not known: "231", "2??"."""
        text = ""
        for own in range(3):
            text += "123?"[self.rotation >> 2 * own & 3]
        return text

    def cancel(self) -> None:
        """Ends it."""
        if self.code == TESTING:
            self._end(CANCELLED)

    # The cycle calls this before it decides; returns whether anybody may be raised.
    def step(self, elapsed_ms: int) -> bool:
        """Lets time pass. Never raises: the cycle goes on whatever happens here."""
        try:
            if not self._hindered():
                self._advance(elapsed_ms)
        except Exception:
            self._end(FAILED)
        return self.code != TESTING or (self._state == _GOES and not self._levels & 1)

    def _say(self, code, number_a=0, number_b=0):
        self.code = code
        self.number_a = number_a
        self.number_b = number_b

    # Settings that came meanwhile are left alone.
    def _end(self, code, number_a=0, number_b=0):
        self._say(code, number_a, number_b)
        self._cap(self._max_ma)
        if self._cycle.test is self:
            self._cycle.test = None

    def _cap(self, ma):
        rows = self._cycle.rows
        if rows.max_ma[self._index] == self._cap_ma:
            rows.max_ma[self._index] = rows.cap_ma[self._index] = self._cap_ma = ma

    # -- what ends it --

    def _hindered(self):
        cycle = self._cycle
        grid = cycle.grid
        if grid.static:
            self._end(NO_METER)
        elif cycle.starting_ms:
            self._end(STARTING, (cycle.starting_ms + 999) // 1000)
        elif grid.lost:
            self._end(METER_LOST, grid.age_ms)
        else:
            self._look_at_charger()
            for phase in range(3):
                if self.code == TESTING and grid.phase_ma[phase] > grid.target_ma:
                    self._end(ABOVE_TARGET, phase + 1, grid.phase_ma[phase])
        return self.code != TESTING

    def _look_at_charger(self):
        rows = self._cycle.rows
        index = self._index
        if rows.aside[index] == UNREACHABLE:
            self._end(NO_ANSWER, rows.failures[index])
        elif rows.aside[index] != CONTROLLED:
            self._end(NOT_OBEYING, rows.set_ma[index])
        elif not STATE_C <= rows.state[index] <= STATE_D:
            self._end(NO_CAR, rows.state[index])
        elif rows.max_ma[index] != self._cap_ma:
            self._end(CANCELLED)

    # -- levels: high, low, high, low and 2 A, ... --

    def _advance(self, elapsed_ms):
        self._level_ms += elapsed_ms
        self._window_ms += elapsed_ms
        self._since_ms += elapsed_ms
        if self._level_ms > _SLOW_MS:
            self._give_up()
        elif self._state == _GOES:
            if self._is_there():
                self._state = _SETTLES
        elif not self._settled():
            self._state = _SETTLES
        elif self._state == _SETTLES:
            self._state = _MEASURES
            self._told = self._cycle.rows.set_ma[self._index]
            self._count = self._window_ms = 0
            self._since_ms = _SAMPLE_MS
        elif not self._cycle.grid.age_ms and self._since_ms >= _SAMPLE_MS:
            self._since_ms = 0
            self._sample()

    def _give_up(self):
        set_ma = self._cycle.rows.set_ma[self._index]
        if self._state == _GOES and not self._levels & 1:
            self._end(NO_ROOM, set_ma, self._needed_ma())
        else:
            self._end(SLOW, _SLOW_MS // 1000)

    def _needed_ma(self):
        return self._cycle.rows.min_ma[self._index] + _ROOM_MA

    def _is_there(self):
        set_ma = self._cycle.rows.set_ma[self._index]
        if self._levels & 1:
            return set_ma <= self._cap_ma
        enough = set_ma >= self._needed_ma()
        return enough and (set_ma >= self._high_ma - _NEAR_MA or self._level_ms >= _RAISE_MS)

    # Nobody has a change under way that a reading would show.
    def _settled(self):
        rows = self._cycle.rows
        index = self._index
        set_ma = rows.set_ma[index]
        unsettled = self._cycle.bookings.unsettled
        return (
            rows.flags[index] & (CONFIRMED | DIRTY) == CONFIRMED
            and rows.least_ma[index] == rows.most_ma[index] == set_ma
            and not (unsettled[0] or unsettled[1] or unsettled[2])
            and (self._state != _MEASURES or set_ma == self._told)
        )

    # -- measuring --

    def _sample(self):
        for phase in range(3):
            ma = self._cycle.grid.phase_ma[phase]
            self._samples[_SAMPLES * phase + self._count] = ma
            if abs(ma) > _DEAD_MA:
                self._dead &= ~(1 << phase)
        self._count += 1
        if self._count == _SAMPLES:
            if self._quiet() and self._own():
                self._take()
            else:
                self._forget_half()

    def _quiet(self):
        for phase in range(3):
            first = _SAMPLES * phase
            former = self._median(first, _HALF)
            if abs(self._median(first + _HALF, _HALF) - former) > _QUIET_MA:
                return False
            self._now[phase] = self._median(first, _SAMPLES)
        return True

    def _median(self, first, count):
        values = self._sorted
        for place in range(count):
            ma = self._samples[first + place]
            while place and values[place - 1] > ma:
                values[place] = values[place - 1]
                place -= 1
            values[place] = ma
        return (values[count // 2 - 1] + values[count // 2]) // 2

    def _forget_half(self):
        for phase in range(0, 3 * _SAMPLES, _SAMPLES):
            for place in range(phase, phase + _HALF):
                self._samples[place] = self._samples[place + _HALF]
        self._count = _HALF

    # The charger's currents as of this level. False if they are still to come.
    def _own(self):
        rows = self._cycle.rows
        flags = rows.flags[self._index]
        rotation = rows.rotation[self._index]
        fresh = flags & DRAW_SETTLED and rows.draw_age_ms[self._index] < self._window_ms
        for own in range(3):
            grid = rotation >> 2 * own & 3
            known = fresh and grid < 3
            place = 3 * self._index + grid
            self._now[3 + own] = rows.draw_ma[place] if known else UNSEEN
        return fresh or not flags & METERED or rotation == 0xFF or self._level_ms > _METER_MS

    def _take(self):
        if self._levels:
            self._steps.add(self._before, self._now, self._told_before, self._told)
            self._say(TESTING, self._steps.count, STEPS)
        self._now, self._before = self._before, self._now
        self._told_before = self._told
        if self._steps.decided():
            self._conclude()
        elif self._steps.count == STEPS:
            self._end(UNCLEAR, STEPS)
        else:
            self._next_level()

    def _next_level(self):
        self._levels += 1
        self._level_ms = 0
        self._state = _GOES
        least = self._cycle.rows.min_ma[self._index]
        if not self._levels & 1:
            self._cap(self._max_ma)
        elif self._told < self._needed_ma() - _NEAR_MA:
            self._end(NO_ROOM, self._told, self._needed_ma())
        else:
            self._cap(least + (_LEVEL_MA if self._levels & 2 else 0))

    # -- what was found --

    def _conclude(self):
        steps = self._steps
        self.moved, self.inverted, self.blind = steps.moved, steps.inverted, steps.blind
        if not steps.moved:
            drawn_ma = steps.drawn_ma
            return (
                self._end(NOT_SEEN, drawn_ma) if drawn_ma else self._end(NOT_FOLLOWED, steps.count)
            )
        self.rotation = steps.rotation(self._dead)
        self._end(self._compare())

    # With what the settings say; returns the code.
    def _compare(self):
        rows = self._cycle.rows
        said = rows.rotation[self._index]
        known = unknown = 0
        for own in range(3):
            found = self.rotation >> 2 * own & 3
            expected = said >> 2 * own & 3
            if expected < 3 or said == 0xFF:
                known += found < 3
                unknown += found == 3
                self.differs |= found < 3 and said != 0xFF and found != expected
        self.differs |= bool(self.moved & ~rows.wired(self._index))
        if not unknown:
            return TOLD
        return PARTLY if known else ORDER_UNKNOWN
