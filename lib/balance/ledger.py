# What each charger may be drawing, and which changes may go out (design, promises 1 and 2).
#
# A charger is booked at the most it may be drawing now: the larger of what it was told before and
# after a change, until it reads back no more than it was told and the car has had its 5 s, or is
# told 0 and its state says that it has stopped. One that cannot be reached is booked at the larger
# of what it was last told and its reserve; one that does not obey at what it reads back or draws.
#
# `least_ma` and `most_ma` bracket what a charger counts for in a reading of the grid's meter:
# unsettled the smaller and the larger of before and after, settled both as told. Its own phase
# currents may lower the least at any time, and the most only if they were measured with the
# present setpoint settled. What is in A, B, E or F draws nothing, though it is booked.

from array import array

import micropython
from balance.rows import (
    AGE_MAX,
    CONFIRMED,
    CONTROLLED,
    CUT,
    DIRTY,
    DISOBEYING,
    DISOBEYS,
    DRAW_FRESH_MS,
    DRAW_SETTLED,
    FRESH,
    IDLE,
    KNOWN,
    LEAST_OFFER_MA,
    METERED,
    STATE_A,
    STATE_B,
    STATE_C,
    STATE_D,
    UNREACHABLE,
    USABLE,
    on_phase,
)
from micropython import const

# IEC 61851-1, table A.6: a car follows a change of the pilot's duty cycle within 5 s.
CAR_FOLLOWS_MS = const(5000)

# The grid's meter shows a change later: it refreshes about once a second and is read 4 times.
_SEEN_BY_METER_MS = const(CAR_FOLLOWS_MS + 1250)

# Cars draw up to half an ampere less than they are offered. Where nothing measures it, a cut
# counts on that, or it would be too small by as much with every car.
_BELOW_MA = const(500)
_NEARLY_MA = const(1000)

# A change that a reading can show: the noise of a meter is 0.3 A.
_CHANGES_MA = const(500)

# A charger that knows whole amperes only allows up to so much less than it is told.
_WHOLE_MA = const(1000)

# Drawing more than told: by 1 A and 5 %, measured 6 s or more after the change was confirmed, for
# 10 s.
_OVERDRAW_MA = const(1000)
_OVERDRAW_FROM_MS = const(6000)
_OVERDRAW_S = const(10)

# Unreachable: asked, and no answer for 10 s or 3 times; or nobody could ask for a minute.
_SILENT_MS = const(10000)
_FORGOTTEN_MS = const(60000)
FAILURES_UNREACHABLE = const(3)
_REFUSALS = const(3)

# Where in `_sums` the sums of a kind begin, one for each mask of phases.
_TOLD = const(0)
_BOOKED = const(8)
_IDLE = const(16)
_LEAST = const(24)
_MOST = const(32)
_BELOW = const(40)
_CHANGING = const(48)
_RESERVED = const(56)
_COUNTED = const(64)
_KINDS = const(9)


class Ledger:
    """Bookings of `rows`; the sums are per phase, in mA, as of the last `advance`.

    told, least, most, booked: of the chargers that can be controlled. reserved: bookings of the
    others; counted: what those count for in a reading. unsettled: how many have a change under
    way that a reading would show; idle: what was told to those that are not drawing; below: how
    much less than `most` those without a meter may draw; unread: how many never answered; drawn:
    what those with a meter measure, and meters: how many those are; unused: what cars that draw a
    little less leave.
    """

    def __init__(self, rows, sessions):
        self._rows = rows
        self._sessions = sessions
        self.told = array("i", (0, 0, 0))
        self.least = array("i", (0, 0, 0))
        self.most = array("i", (0, 0, 0))
        self.booked = array("i", (0, 0, 0))
        self.reserved = array("i", (0, 0, 0))
        self.counted = array("i", (0, 0, 0))
        self.unsettled = array("i", (0, 0, 0))
        self.idle = array("i", (0, 0, 0))
        self.below = array("i", (0, 0, 0))
        self.drawn = array("i", (0, 0, 0))
        self.unused = array("i", (0, 0, 0))
        self.meters = 0
        self.unread = 0
        self._over_s = bytearray(rows.capacity)
        self._sums = array("i", bytes(32 * _KINDS))

    # -- what the delivery reports --

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
        rows.refusals[index] = 0
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
        if self.draws(index) and not drew and rows.settling_ms[index] >= _SEEN_BY_METER_MS:
            # From nothing to what it is told, as after a raise
            rows.least_ma[index] = rows.settling_ms[index] = 0
        rows.silent_ms[index] = 0
        rows.failures[index] = 0

    # It may have fallen back meanwhile, so it stays reserved until it was read and has settled.
    def _find_again(self, index):
        rows = self._rows
        reserve_ma = rows.reserve_ma[index]
        rows.least_ma[index] = min(rows.least_ma[index], rows.set_ma[index], reserve_ma)
        rows.most_ma[index] = max(rows.most_ma[index], rows.set_ma[index], reserve_ma)
        rows.flags[index] &= ~(CONFIRMED | DRAW_SETTLED)
        rows.aside[index] = CONTROLLED

    def failed(self, index: int) -> None:
        """One more request without a good answer."""
        rows = self._rows
        rows.failures[index] = min(rows.failures[index] + 1, 255)

    def read_back(self, index: int, allowed_ma: int) -> None:
        """What the charger says that it allows. Call `answered` as well."""
        rows = self._rows
        flags = rows.flags[index]
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
            and rows.settling_ms[index] >= _SEEN_BY_METER_MS
        ):
            rows.flags[index] |= DIRTY  # rebooted, or replugged: told again, now and then
            rows.settling_ms[index] = 0

    # The larger of what it was told and what it was found at: most_ma holds the first. One that
    # does not obey is booked at what it reads back (least_ma) once its car has followed.
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

    # -- what the cycle asks --

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

    def advance(self, elapsed_ms: int) -> None:
        """Lets time pass, books every charger, and adds up into the arrays of this object."""
        self.unread = self._age(elapsed_ms)
        for phase in range(3):
            self.least[phase] = self.most[phase] = self.drawn[phase] = self.unused[phase] = 0
        self.meters = self._book()
        for phase in range(3):
            self.told[phase] = on_phase(self._sums, _TOLD, phase)
            self.booked[phase] = on_phase(self._sums, _BOOKED, phase)
            self.idle[phase] = on_phase(self._sums, _IDLE, phase)
            self.least[phase] += on_phase(self._sums, _LEAST, phase)
            self.most[phase] += on_phase(self._sums, _MOST, phase)
            self.unsettled[phase] = on_phase(self._sums, _CHANGING, phase)
            self.below[phase] = on_phase(self._sums, _BELOW, phase)
            self.reserved[phase] = on_phase(self._sums, _RESERVED, phase)
            self.counted[phase] = on_phase(self._sums, _COUNTED, phase)

    # Everyone grows older; who cannot be relied upon is set aside, and since nobody knows what car
    # stands there, it counts on all phases of the charger. Returns how many never answered.
    @micropython.viper
    def _age(self, elapsed_ms: int) -> int:
        rows = self._rows
        flags = ptr8(rows.flags)
        failures = ptr8(rows.failures)
        aside = ptr8(rows.aside)
        phases = ptr8(rows.phases)
        silent_ms = ptr16(rows.silent_ms)
        draw_age_ms = ptr16(rows.draw_age_ms)
        settling_ms = ptr16(rows.settling_ms)
        set_ma = ptr16(rows.set_ma)
        least_ma = ptr16(rows.least_ma)
        most_ma = ptr16(rows.most_ma)
        unread = 0
        for row in range(int(rows.count)):
            flag = flags[row]
            age_ms = silent_ms[row] + elapsed_ms
            silent_ms[row] = age_ms if age_ms < AGE_MAX else AGE_MAX
            if flag & METERED:
                age_ms = draw_age_ms[row] + elapsed_ms
                draw_age_ms[row] = age_ms if age_ms < AGE_MAX else AGE_MAX
            if flag & FRESH:
                flags[row] = flag - FRESH
            elif flag & (CONFIRMED | DISOBEYS) and settling_ms[row] < _SEEN_BY_METER_MS:
                age_ms = settling_ms[row] + elapsed_ms
                settling_ms[row] = age_ms if age_ms < AGE_MAX else AGE_MAX
                if age_ms >= _SEEN_BY_METER_MS and flag & CONFIRMED:
                    least_ma[row] = set_ma[row]
                    most_ma[row] = set_ma[row]
            if (
                not flag & KNOWN
                or (silent_ms[row] >= _SILENT_MS and failures[row])
                or silent_ms[row] >= _FORGOTTEN_MS
                or failures[row] >= FAILURES_UNREACHABLE
            ):
                if aside[row] != UNREACHABLE:
                    phases[row] = int(rows.wired(row))
                    aside[row] = UNREACHABLE
                if flag & KNOWN == 0 and flag & USABLE:
                    unread += 1
            else:
                aside[row] = DISOBEYING if flag & DISOBEYS else CONTROLLED
        return unread

    # Adds up by mask of phases, except for chargers with a meter; returns how many those are.
    @micropython.viper
    def _book(self) -> int:
        rows = self._rows
        sums = ptr32(self._sums)
        for place in range(8 * _KINDS):
            sums[place] = 0
        flags = ptr8(rows.flags)
        aside = ptr8(rows.aside)
        phases = ptr8(rows.phases)
        state = ptr8(rows.state)
        set_ma = ptr16(rows.set_ma)
        least_ma = ptr16(rows.least_ma)
        most_ma = ptr16(rows.most_ma)
        reserve_ma = ptr16(rows.reserve_ma)
        booked_ma = ptr16(rows.booked_ma)
        settling_ms = ptr16(rows.settling_ms)
        draw_age_ms = ptr16(rows.draw_age_ms)
        meters = 0
        for row in range(int(rows.count)):
            mask = phases[row]
            told = set_ma[row]
            most = most_ma[row]
            draws = 1 if state[row] >= STATE_C and state[row] <= STATE_D else 0
            if aside[row]:
                counted = most if draws else 0
                if aside[row] == UNREACHABLE:
                    reserve = reserve_ma[row]
                    counted = told if told < reserve else reserve
                    most = told if told > most else most
                    most = reserve if reserve > most else most
                booked_ma[row] = most
                sums[_RESERVED + mask] += most
                sums[_COUNTED + mask] += counted
                continue
            flag = flags[row]
            booked = most
            if flag & CONFIRMED and (
                settling_ms[row] >= CAR_FOLLOWS_MS or (not told and state[row] <= STATE_B)
            ):
                booked = told
            booked_ma[row] = booked
            if not most:
                continue
            sums[_TOLD + mask] += told
            sums[_BOOKED + mask] += booked
            if not draws:
                sums[_IDLE + mask] += told
            elif flag & METERED and draw_age_ms[row] < DRAW_FRESH_MS:
                self._bracket(row)
                meters += 1
            else:
                sums[_LEAST + mask] += least_ma[row]
                sums[_MOST + mask] += most
                sums[_BELOW + mask] += _BELOW_MA
            if most - least_ma[row] >= _CHANGES_MA and state[row] != STATE_A:
                sums[_CHANGING + mask] += 1
        return meters

    # A charger with a meter: its own currents narrow down what it counts for in a reading. A car
    # that draws a little less than it is told goes on doing so: for a raise it counts as told.
    @micropython.viper
    def _bracket(self, row: int):
        rows = self._rows
        draw_ma = ptr16(rows.draw_ma)
        least_ma = ptr16(rows.least_ma)
        most_ma = ptr16(rows.most_ma)
        least_sum = ptr32(self.least)
        most_sum = ptr32(self.most)
        drawn = ptr32(self.drawn)
        unused = ptr32(self.unused)
        mask = int(rows.phases[row])
        settled = int(rows.flags[row]) & DRAW_SETTLED
        for phase in range(3):
            if mask >> phase & 1:
                least = draw_ma[3 * row + phase]
                most = least if settled and least < most_ma[row] else most_ma[row]
                if settled and least < least_ma[row] and least + _NEARLY_MA >= least_ma[row]:
                    unused[phase] += least_ma[row] - least
                    least = least_ma[row]
                least_sum[phase] += least if least < least_ma[row] else least_ma[row]
                most_sum[phase] += most
                drawn[phase] += draw_ma[3 * row + phase]
