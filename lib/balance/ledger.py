# What each charger may be drawing, and what it says about it (design, promises 1 and 2).
#
# A charger is booked at the most it may be drawing now: the larger of what it was told before and
# after a change, until it reads back no more than it was told and the car has had its 5 s, or is
# told 0 and its state says that it has stopped. One that cannot be reached is booked at the larger
# of what it was last told and its reserve; one that does not obey at what it reads back or draws.

from balance.bookings import CAR_FOLLOWS_MS, SEEN_BY_METER_MS
from balance.rows import (
    AGE_MAX,
    CONFIRMED,
    CONTROLLED,
    CUT,
    DIRTY,
    DISOBEYS,
    DRAW_FRESH_MS,
    DRAW_SETTLED,
    FRESH,
    IDLE,
    KNOWN,
    LEAST_OFFER_MA,
    METERED,
    STATE_A,
    STATE_C,
    STATE_D,
    UNREACHABLE,
)
from micropython import const

# A charger that knows whole amperes only allows up to so much less than it is told.
_WHOLE_MA = const(1000)

# Drawing more than told: by 1 A and 5 %, measured 6 s or more after the change was confirmed, for
# 10 s.
_OVERDRAW_MA = const(1000)
_OVERDRAW_FROM_MS = const(6000)
_OVERDRAW_S = const(10)

_REFUSALS = const(3)

# From its last answer to the last write that may have reached it without an answer: it is written
# to until it counts as unreachable, after 10 s or 3 tries, and the last of these may take 5 s.
_LAST_WRITE_S = const(15)
_LONGEST_S = const(60)  # ages end at 65 s


class Ledger:
    """Takes what the delivery reports into `rows`; a car that comes or goes, and new phase
    currents, it tells `sessions`."""

    def __init__(self, rows, sessions):
        self._rows = rows
        self._sessions = sessions
        self._over_s = bytearray(rows.capacity)

    def tell(self, index: int, ma: int) -> None:
        """A new setpoint: booked from now on, to be written by the delivery."""
        rows = self._rows
        set_ma = rows.set_ma[index]
        if ma < set_ma and self.draws(index) and not rows.session[index] & IDLE:
            rows.cut_s[index] = 0
            rows.session[index] |= CUT
        if not ma or not set_ma:
            rows.turn[index] = 0
        rows.least_ma[index] = min(rows.least_ma[index], ma)
        rows.most_ma[index] = max(rows.most_ma[index], ma)
        rows.set_ma[index] = ma
        rows.flags[index] = (rows.flags[index] | DIRTY) & ~(CONFIRMED | DRAW_SETTLED)

    def written(self, index: int, ma: int) -> None:
        """The charger answered to the writing of `ma`, which proves nothing yet."""
        rows = self._rows
        if rows.set_ma[index] == ma:
            rows.flags[index] &= ~DIRTY

    def answered(self, index: int, state: int) -> None:
        """Any good answer of the charger, with its IEC 61851-1 state (0 to 5)."""
        rows = self._rows
        if rows.aside[index] == UNREACHABLE and rows.flags[index] & KNOWN:
            self._find_again(index)
        if (rows.state[index] == STATE_A) != (state == STATE_A):
            self._sessions.begin(index)
        drew = self.draws(index)
        rows.state[index] = state
        if self.draws(index) and not drew:
            self._start(index)
        rows.silent_ms[index] = 0
        rows.failures[index] = 0

    # A car goes from nothing to what it is told, as after a raise: what it measures until it has
    # followed is less than it will draw.
    def _start(self, index):
        rows = self._rows
        rows.flags[index] &= ~DRAW_SETTLED
        if rows.flags[index] & DISOBEYS:
            return
        rows.least_ma[index] = 0
        if rows.settling_ms[index] >= CAR_FOLLOWS_MS:
            rows.settling_ms[index] = 0
            if rows.flags[index] & CONFIRMED:
                rows.most_ma[index] = rows.set_ma[index]

    # It may have fallen back meanwhile, so it stays reserved until it was read and has settled,
    # and is told at once what it may have forgotten.
    def _find_again(self, index):
        rows = self._rows
        reserve_ma = rows.reserve_ma[index]
        rows.least_ma[index] = min(rows.least_ma[index], rows.set_ma[index], reserve_ma)
        rows.most_ma[index] = max(rows.most_ma[index], rows.set_ma[index], reserve_ma)
        rows.flags[index] = (rows.flags[index] | DIRTY) & ~(CONFIRMED | DRAW_SETTLED)
        rows.aside[index] = CONTROLLED

    def failed(self, index: int) -> None:
        """One more request without a good answer."""
        rows = self._rows
        rows.failures[index] = min(rows.failures[index] + 1, 255)

    def guarded(self, index: int, watchdog_s: int, fallback_ma: int) -> None:
        """The charger falls back by itself to `fallback_ma` (-1: as in the settings) `watchdog_s`
        after the last write (0: it does not, or nobody knows)."""
        rows = self._rows
        if fallback_ma >= 0:
            rows.reserve_ma[index] = fallback_ma
        after_s = watchdog_s + _LAST_WRITE_S
        rows.watchdog_s[index] = after_s if watchdog_s and after_s <= _LONGEST_S else 0

    def read_back(self, index: int, allowed_ma: int) -> None:
        """What the charger says that it allows. Call `answered` as well."""
        rows = self._rows
        flags = rows.flags[index]
        allowed_ma = min(allowed_ma, AGE_MAX)  # more than that no row can hold
        if not flags & KNOWN:
            self._adopt(index, allowed_ma)
        elif flags & DIRTY:
            if allowed_ma > rows.set_ma[index]:
                rows.flags[index] &= ~(CONFIRMED | DRAW_SETTLED)
            rows.most_ma[index] = max(rows.most_ma[index], allowed_ma)
        elif allowed_ma > rows.set_ma[index]:
            self._refused(index, allowed_ma)
        elif not flags & CONFIRMED:
            self._confirm(index)
        elif (
            allowed_ma + _WHOLE_MA <= rows.set_ma[index]
            and rows.settling_ms[index] >= SEEN_BY_METER_MS
        ):
            rows.flags[index] |= DIRTY  # rebooted, or replugged: told again, now and then
            rows.settling_ms[index] = 0

    # The larger of what it was told and what it was found at: most_ma holds the first. A new
    # setpoint does not begin the count anew, or who gets one every few seconds is never found out.
    # One that does not obey is booked at what it reads back (least_ma) once its car has followed.
    def _refused(self, index, allowed_ma):
        rows = self._rows
        rows.refusals[index] = min(rows.refusals[index] + 1, 255)
        flags = (rows.flags[index] | DIRTY) & ~(CONFIRMED | DRAW_SETTLED)
        rows.most_ma[index] = max(rows.most_ma[index], allowed_ma)
        if rows.refusals[index] >= _REFUSALS:
            if not flags & DISOBEYS or rows.least_ma[index] != allowed_ma:
                rows.least_ma[index] = allowed_ma
                rows.settling_ms[index] = 0
                flags |= DISOBEYS | FRESH
            elif rows.settling_ms[index] >= CAR_FOLLOWS_MS:
                rows.most_ma[index] = allowed_ma
        rows.flags[index] = flags

    def _confirm(self, index):
        rows = self._rows
        rows.refusals[index] = 0
        rows.settling_ms[index] = 0
        if rows.flags[index] & DISOBEYS:
            rows.least_ma[index] = 0
        rows.flags[index] |= CONFIRMED | FRESH
        if self._over_s[index] < _OVERDRAW_S:
            rows.flags[index] &= ~DISOBEYS

    # After a restart of ours: what it reads back counts as settled. It is written once all the
    # same, since something else in the charger may hold it there; below 6 A nothing charges.
    def _adopt(self, index, allowed_ma):
        rows = self._rows
        rows.least_ma[index] = rows.most_ma[index] = allowed_ma
        rows.set_ma[index] = allowed_ma if allowed_ma >= LEAST_OFFER_MA else 0
        rows.settling_ms[index] = AGE_MAX
        rows.turn[index] = 0
        rows.flags[index] |= KNOWN | CONFIRMED | DIRTY

    def measured(self, index: int, own_ma) -> None:
        """The charger's phase currents, three integers in its own order (mA)."""
        rows = self._rows
        rotation = rows.rotation[index]
        flags = rows.flags[index] | METERED
        first = 3 * index
        largest = max(own_ma[0], own_ma[1], own_ma[2]) if rotation == 0xFF else 0
        largest = min(largest, AGE_MAX)
        for phase in range(first, first + 3):
            rows.draw_ma[phase] = largest
        for own in range(3):
            grid = rotation >> 2 * own & 3
            if grid < 3:
                rows.draw_ma[first + grid] = min(own_ma[own], AGE_MAX)
        if flags & CONFIRMED and rows.settling_ms[index] >= CAR_FOLLOWS_MS:
            flags |= DRAW_SETTLED
        rows.flags[index] = flags
        if flags & DRAW_SETTLED and rows.settling_ms[index] >= _OVERDRAW_FROM_MS:
            self._watch(index, rows.draw_age_ms[index] // 1000)
        rows.draw_age_ms[index] = 0
        self._sessions.widen(index)

    # A car, or a charger, that takes more than it is told, and goes on doing so, is booked at what
    # it takes and told again with every look, until it takes no more.
    def _watch(self, index, seconds):
        rows = self._rows
        draw_ma = rows.largest_draw_ma(index)
        told = rows.set_ma[index]
        overdrew = self._over_s[index] >= _OVERDRAW_S
        if draw_ma > told + told // 20 + _OVERDRAW_MA:
            self._over_s[index] = min(self._over_s[index] + seconds, 255)
            if self._over_s[index] >= _OVERDRAW_S:
                rows.flags[index] |= DISOBEYS | DIRTY
                rows.most_ma[index] = draw_ma
        else:
            self._over_s[index] = 0
            if overdrew:
                rows.flags[index] &= ~DISOBEYS
                rows.least_ma[index] = rows.most_ma[index] = told

    # -- what others ask --

    def draws(self, index: int) -> bool:
        """True if its car is charging as far as is known."""
        return STATE_C <= self._rows.state[index] <= STATE_D

    def fresh(self, index: int) -> bool:
        """True if its own phase currents are recent."""
        rows = self._rows
        return rows.flags[index] & METERED and rows.draw_age_ms[index] < DRAW_FRESH_MS

    def metered(self, index: int) -> bool:
        """True if they belong to the present setpoint, too."""
        return self._rows.flags[index] & DRAW_SETTLED and self.fresh(index)
