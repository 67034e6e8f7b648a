# What each car has shown since it was plugged in, and what follows from it: the phases it uses,
# the most it makes use of, the least it charges with, and how well it has been served.
#
# Phases    A car that draws on some of its charger's phases and on others not frees the others;
#           the first ampere there takes them back.
# Demand    A car that draws less than it may for 60 s is capped at its draw and 3 A. It gets all
#           back as soon as its draw comes within 1 A of the cap. One that draws nothing for 60 s
#           is capped at its minimum until it draws.
# Ended     Offered its minimum for 210 s (longer than the wake-up of IEC 61851-1 takes) without
#           drawing, it has ended until it draws or is plugged in anew.
# Minimum   Found out unless the settings fix it. A car that drew before it was cut and then stops
#           within 60 s, or stays in C below 1 A for 60 s, gets 1 A more, for 60 s each time, up to
#           10 A. Once it draws, that is its minimum for this number of phases; if it never does,
#           it is full, and the minimum goes back.
# Pauses    A paused car stays paused for 60 s, doubled by each further pause within the hour, up
#           to 15 min; an hour without a pause starts anew. Who made way for another's turn was not
#           paused.
# Served    0.1 As on its fullest phase over the seconds connected: metered where the charger
#           meters, else what it is told while it charges.
#
# Every row is looked at once a second, a few with each cycle, so that no cycle is long.

from array import array

import micropython
from balance.rows import (
    AGE_MAX,
    AUTO,
    CONTROLLED,
    CUT,
    DRAW_FRESH_MS,
    ENDED,
    IDLE,
    LEAST_OFFER_MA,
    METERED,
    PROBING,
    ROTATION,
    SETTLED_MINIMUM,
    STATE_A,
    STATE_C,
    STATE_D,
    USER_PAUSED,
    YIELDED,
)
from micropython import const

ENDED_S = const(210)
_WATCH_S = const(60)
_MARGIN_MA = const(3000)
_ASKS_WITHIN_MA = const(1000)
_DRAWS_MA = const(1000)

# A car's phases are told apart where one carries so much and another less than this.
_CARRIES_MA = const(3000)
_CARRIES_NOT_MA = const(500)

_STEP_MA = const(1000)
_STEPS = const(4)

# `_found`: steps above 6 A, whether they were found out on one phase, pauses before there was an
# hour without one, and whether there was one in this hour.
_STEPS_MASK = const(7)
_ONE_PHASE = const(8)
_PAUSE = const(16)
_PAUSES_MAX = const(4)
_PAUSED = const(128)
_PAUSE_S = const(60)
_PAUSE_MAX_S = const(900)
_HOUR_S = const(3600)

# More than 12 days at 96 A.
_MOST_DAS = const(0x3FFFFFFF)

_PEAK_STEP_MA = const(200)
_AGE_S = const(255)


class Sessions:
    """Keeps `phases`, `cap_ma`, `min_ma`, `session` and what was served of `rows` up to date.

    all_das: what each had on all phases together since plug-in, in 0.1 As.
    """

    def __init__(self, rows):
        self._rows = rows
        bytes_ = bytes(rows.capacity)
        self._low_s = bytearray(bytes_)
        self._peak = bytearray(bytes_)
        self._found = bytearray(bytes_)
        self.all_das = array("i", bytes(4 * rows.capacity))
        self._next = 0
        self._owed = 0
        self.rotation_s = ROTATION
        self._lap_s = self._hour_s = 0
        self._turns = 0

    def apply(self, site: dict) -> None:
        """Takes a checked site.json."""
        self.rotation_s = site["rotation_s"]

    def begin(self, index: int) -> None:
        """A car was plugged in or has gone: what the last one showed is forgotten. The new one
        counts as having waited for one rotation, so that it gets current before it falls asleep.
        """
        rows = self._rows
        rows.session[index] &= AUTO
        rows.phases[index] = rows.wired(index)
        rows.charge_das[index] = rows.connected_s[index] = rows.hold_s[index] = 0
        rows.weight[index] &= 255 - USER_PAUSED
        self.all_das[index] = 0
        rows.turn[index] = ROTATION
        rows.cap_ma[index] = rows.max_ma[index]
        self._low_s[index] = self._peak[index] = self._found[index] = 0
        self.minimum(index)

    def advance(self, elapsed_ms: int, ledger) -> None:
        """Lets time pass: looks at the rows whose second is over."""
        rows = self._rows
        count = rows.count
        self._owed += elapsed_ms * count
        seconds = max(self._owed // (1000 * max(count, 1)), 1)
        looks = min(self._owed // (1000 * seconds), count)
        self._owed -= 1000 * seconds * looks
        while looks:
            if self._next >= count:
                self._begin_lap(seconds)
            first = self._next
            self._next = min(first + looks, count)
            looks -= self._next - first
            self._age(first, self._next, seconds)
            for index in range(first, self._next):
                if rows.state[index] != STATE_A and rows.aside[index] == CONTROLLED:
                    self._look(index, seconds, ledger)

    # How many sixtieths of `rotation_s` are over.
    def _begin_lap(self, seconds):
        self._next = 0
        self._lap_s += seconds * ROTATION
        self._turns = self._lap_s // self.rotation_s
        self._lap_s -= self._turns * self.rotation_s
        self._hour_s += seconds
        if self._hour_s >= _HOUR_S:
            self._hour_s = 0
            for index in range(self._rows.count):
                self._found[index] &= ~_PAUSED if self._found[index] & _PAUSED else _PAUSE - 1

    def pause_s(self, index: int) -> int:
        """How long a car that is told 0 has to stay so."""
        if self._rows.session[index] & (ENDED | YIELDED):
            return _PAUSE_S
        pauses = (self._found[index] & ~_PAUSED) // _PAUSE
        if pauses < _PAUSES_MAX:
            self._found[index] += _PAUSE
        self._found[index] |= _PAUSED
        return min(_PAUSE_S << pauses, _PAUSE_MAX_S)

    # What was served: where the seconds would not fit, all that was counts half.
    @micropython.viper
    def _age(self, first: int, until: int, seconds: int):
        rows = self._rows
        state = ptr8(rows.state)
        aside = ptr8(rows.aside)
        flags = ptr8(rows.flags)
        cut_s = ptr8(rows.cut_s)
        hold_s = ptr16(rows.hold_s)
        turn = ptr16(rows.turn)
        set_ma = ptr16(rows.set_ma)
        draw_ma = ptr16(rows.draw_ma)
        draw_age_ms = ptr16(rows.draw_age_ms)
        connected_s = ptr16(rows.connected_s)
        charge_das = ptr32(rows.charge_das)
        all_das = ptr32(self.all_das)
        phases = ptr8(rows.phases)
        turns = int(self._turns)
        for row in range(first, until):
            hold_s[row] = hold_s[row] - seconds if hold_s[row] > seconds else 0
            turn[row] = turn[row] + turns if turn[row] + turns < AGE_MAX else AGE_MAX
            cut_s[row] = cut_s[row] + seconds if cut_s[row] + seconds < _AGE_S else _AGE_S
            if state[row] == STATE_A or aside[row]:
                continue
            ma = set_ma[row] if state[row] >= STATE_C and state[row] <= STATE_D else 0
            mask = phases[row]
            drawn = ma * ((mask & 1) + (mask >> 1 & 1) + (mask >> 2 & 1))
            if flags[row] & METERED and draw_age_ms[row] < DRAW_FRESH_MS:
                drawn = draw_ma[3 * row] + draw_ma[3 * row + 1] + draw_ma[3 * row + 2]
                ma = draw_ma[3 * row]
                ma = draw_ma[3 * row + 1] if draw_ma[3 * row + 1] > ma else ma
                ma = draw_ma[3 * row + 2] if draw_ma[3 * row + 2] > ma else ma
            if connected_s[row] > AGE_MAX - seconds:
                connected_s[row] = connected_s[row] >> 1
                charge_das[row] = charge_das[row] >> 1
            connected_s[row] = connected_s[row] + seconds
            charge_das[row] = charge_das[row] + ma // 100 * seconds
            drawn = all_das[row] + drawn // 100 * seconds
            all_das[row] = drawn if drawn < _MOST_DAS else _MOST_DAS

    def _look(self, index, seconds, ledger):
        rows = self._rows
        charging = STATE_C <= rows.state[index] <= STATE_D
        fresh = ledger.fresh(index)
        draw_ma = rows.largest_draw_ma(index) if fresh else rows.set_ma[index]
        if charging and draw_ma >= _DRAWS_MA:
            self._draws(index, draw_ma, seconds, fresh and ledger.metered(index))
        elif rows.set_ma[index] >= rows.min_ma[index]:
            self._draws_nothing(index, charging, seconds)
        else:
            self._low_s[index] = self._peak[index] = 0

    def _draws(self, index, draw_ma, seconds, settled):
        rows = self._rows
        session = rows.session[index]
        if not self._peak[index]:
            self._low_s[index] = 0
        if session & PROBING:
            session = session & ~PROBING | SETTLED_MINIMUM
        if rows.cut_s[index] >= _WATCH_S:
            session &= ~CUT
        if session & (IDLE | ENDED):
            if session & ENDED:
                rows.turn[index] = 0
            session &= ~(IDLE | ENDED)
            rows.cap_ma[index] = rows.max_ma[index]
        rows.session[index] = session
        if settled:
            self._narrow(index)
            self._cap(index, draw_ma, seconds)

    # -- phases --

    def widen(self, index: int) -> None:
        """New phase currents: the phases on which it draws are its own again, at once."""
        rows = self._rows
        for phase in range(3):
            if (
                rows.draw_ma[3 * index + phase] >= _DRAWS_MA
                and not rows.phases[index] >> phase & 1
            ):
                rows.phases[index] |= 1 << phase
                self.minimum(index)

    def _narrow(self, index):
        rows = self._rows
        used = 0
        for phase in range(3):
            draw_ma = rows.draw_ma[3 * index + phase]
            if draw_ma >= _CARRIES_MA:
                used |= 1 << phase
            elif draw_ma >= _CARRIES_NOT_MA:
                return
        if used and used != rows.phases[index]:
            rows.phases[index] = used
            self.minimum(index)

    # -- demand --

    def _cap(self, index, draw_ma, seconds):
        rows = self._rows
        cap_ma = rows.cap_ma[index]
        if draw_ma > cap_ma - _ASKS_WITHIN_MA and cap_ma < rows.max_ma[index]:
            rows.cap_ma[index] = rows.max_ma[index]
        elif draw_ma + _MARGIN_MA + _ASKS_WITHIN_MA <= min(cap_ma, rows.set_ma[index]):
            self._low_s[index] = min(self._low_s[index] + seconds, _AGE_S)
            self._peak[index] = max(self._peak[index], -(-draw_ma // _PEAK_STEP_MA))
            if self._low_s[index] < _WATCH_S:
                return
            cap_ma = self._peak[index] * _PEAK_STEP_MA + _MARGIN_MA
            rows.cap_ma[index] = min(max(cap_ma, rows.min_ma[index]), rows.max_ma[index])
        self._low_s[index] = self._peak[index] = 0

    def _draws_nothing(self, index, charging, seconds):
        rows = self._rows
        session = rows.session[index]
        if not session & IDLE and self._peak[index]:
            self._low_s[index] = self._peak[index] = 0
        self._low_s[index] = low_s = min(self._low_s[index] + seconds, _AGE_S)
        if self._finds_out(index, charging, low_s):
            self._low_s[index] = 0
            self._step(index)
        elif low_s >= _WATCH_S:
            rows.session[index] |= IDLE
            rows.cap_ma[index] = rows.min_ma[index]
            if low_s >= ENDED_S:
                rows.session[index] |= ENDED

    # -- the automatic minimum --

    def _finds_out(self, index, charging, low_s):
        rows = self._rows
        session = rows.session[index]
        if session & (AUTO | SETTLED_MINIMUM) != AUTO:
            return False
        if session & PROBING:
            return low_s >= _WATCH_S
        if not session & CUT:
            return False
        return low_s >= _WATCH_S if charging else rows.cut_s[index] < _WATCH_S

    def _step(self, index):
        rows = self._rows
        found = self._found[index]
        steps = max(found & _STEPS_MASK, (rows.set_ma[index] - LEAST_OFFER_MA) // _STEP_MA)
        if steps < _STEPS and LEAST_OFFER_MA + steps * _STEP_MA < rows.max_ma[index]:
            self._found[index] = found & -_PAUSE | self._one_phase(index) | steps + 1
            rows.session[index] |= PROBING
        else:
            self._found[index] = found & -_PAUSE
            rows.session[index] = rows.session[index] & ~(PROBING | CUT) | SETTLED_MINIMUM
        self.minimum(index)

    def minimum(self, index: int) -> None:
        """Where it is found out: what was found for the phases in use."""
        rows = self._rows
        if rows.session[index] & AUTO:
            found = self._found[index]
            learned = found & _ONE_PHASE == self._one_phase(index)
            steps = found & _STEPS_MASK if learned else 0
            rows.min_ma[index] = min(LEAST_OFFER_MA + steps * _STEP_MA, rows.max_ma[index])
            rows.cap_ma[index] = max(rows.cap_ma[index], rows.min_ma[index])

    def _one_phase(self, index):
        return _ONE_PHASE if self._rows.phases[index] in (1, 2, 4) else 0
