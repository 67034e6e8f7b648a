# What all chargers together may be drawing on each phase, added up anew in each cycle.
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
    DISOBEYING,
    DISOBEYS,
    DRAW_FRESH_MS,
    DRAW_SETTLED,
    FRESH,
    KNOWN,
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
SEEN_BY_METER_MS = const(6250)

# Cars draw up to half an ampere less than they are offered. Where nothing measures it, a cut
# counts on that, or it would be too small by as much with every car.
_BELOW_MA = const(500)
_NEARLY_MA = const(1000)

# A change that a reading can show: the noise of a meter is 0.3 A.
_CHANGES_MA = const(500)

# Unreachable: asked, and no answer for 10 s or 3 times; or nobody could ask for a minute.
_SILENT_MS = const(10000)
_FORGOTTEN_MS = const(60000)
FAILURES_UNREACHABLE = const(3)

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


class Bookings:
    """Bookings of `rows`; the sums are per phase, in mA, as of the last `advance`.

    told, least, most, booked: of the chargers that can be controlled. reserved: bookings of the
    others; counted: what those count for in a reading. unsettled: how many have a change under
    way that a reading would show; idle: what was told to those that are not drawing; below: how
    much less than `most` those without a meter may draw; unread: how many never answered; drawn:
    what those with a meter measure, and meters: how many those are; unused: what cars that draw a
    little less leave.
    """

    def __init__(self, rows):
        self._rows = rows
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
        self._sums = array("i", bytes(32 * _KINDS))

    def advance(self, elapsed_ms: int) -> None:
        """Lets time pass, books every charger, and adds up into the arrays of this object."""
        self.unread = self._age(elapsed_ms)
        for phase in range(3):
            self.least[phase] = self.most[phase] = self.counted[phase] = 0
            self.drawn[phase] = self.unused[phase] = 0
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
            self.counted[phase] += on_phase(self._sums, _COUNTED, phase)

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
            elif flag & (CONFIRMED | DISOBEYS) and settling_ms[row] < SEEN_BY_METER_MS:
                age_ms = settling_ms[row] + elapsed_ms
                settling_ms[row] = age_ms if age_ms < AGE_MAX else AGE_MAX
                if age_ms >= SEEN_BY_METER_MS and flag & CONFIRMED:
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
                self._reserve(row)
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

    # One that cannot be relied upon. If it answers and has a meter, it counts on each phase for
    # what it measures there: not all phases that are reserved for it need be in use.
    @micropython.viper
    def _reserve(self, row: int):
        rows = self._rows
        sums = ptr32(self._sums)
        draw_ma = ptr16(rows.draw_ma)
        counted_sum = ptr32(self.counted)
        mask = int(rows.phases[row])
        most = int(rows.most_ma[row])
        state = int(rows.state[row])
        counted = most if state >= STATE_C and state <= STATE_D else 0
        metered = int(rows.flags[row]) & METERED
        if int(rows.draw_age_ms[row]) >= DRAW_FRESH_MS:
            metered = 0
        if int(rows.aside[row]) == UNREACHABLE:
            told = int(rows.set_ma[row])
            reserve = int(rows.reserve_ma[row])
            metered = 0
            counted = told if told < reserve else reserve
            most = told if told > most else most
            fell_ms = int(rows.watchdog_s[row]) * 1000
            if reserve > most or (fell_ms and int(rows.silent_ms[row]) >= fell_ms):
                most = reserve
        rows.booked_ma[row] = most
        sums[_RESERVED + mask] += most
        if metered:
            for phase in range(3):
                drawn = draw_ma[3 * row + phase]
                counted_sum[phase] += drawn if drawn < counted else counted
        else:
            sums[_COUNTED + mask] += counted

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
