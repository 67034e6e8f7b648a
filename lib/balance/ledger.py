# What each charger may be drawing, and which changes may go out (design, promises 1 and 2).
#
# A charger is booked at the most it may be drawing now: the larger of what it was told before and
# after a change, until it reads back no more than it was told and the car has had its 5 s. One
# that cannot be reached is booked at the larger of what it was last told and its reserve; one that
# does not obey at what it reads back.
#
# `least_ma` and `most_ma` bracket what a charger counts for in a reading of the grid's meter:
# unsettled the smaller and the larger of before and after, settled both as told. Its own phase
# currents may lower the least at any time, and the most only if they were measured with the
# present setpoint settled. What is in A, B, E or F draws nothing, though it is booked.

from array import array

from balance.rows import (
    AGE_MAX,
    CONFIRMED,
    CONTROLLED,
    DIRTY,
    DISOBEYING,
    DISOBEYS,
    DRAW_SETTLED,
    FRESH,
    KNOWN,
    METERED,
    STATE_C,
    STATE_D,
    UNREACHABLE,
    USABLE,
)
from micropython import const

# IEC 61851-1, table A.6: a car follows a change of the pilot's duty cycle within 5 s.
CAR_FOLLOWS_MS = const(5000)

# The grid's meter shows a change later: it refreshes about once a second and is read 4 times.
_SEEN_BY_METER_MS = const(CAR_FOLLOWS_MS + 1500)

# Cars draw up to half an ampere less than they are offered. Where nothing measures it, a cut
# counts on that, or it would be too small by as much with every car.
_BELOW_MA = const(500)

# The least current that a charger can offer (IEC 61851-1).
_LEAST_OFFER_MA = const(6000)

# Unreachable: asked, and no answer for 10 s or 3 times; or nobody could ask for a minute.
_SILENT_MS = const(10000)
_FORGOTTEN_MS = const(60000)
FAILURES_UNREACHABLE = const(3)
_REFUSALS = const(3)
_DRAW_FRESH_MS = const(12000)


class Ledger:
    """Bookings of `rows`; the sums are per phase, in mA, as of the last `advance`.

    told, least, most, booked: of the chargers that can be controlled. reserved: bookings of the
    others; counted: what those count for in a reading. unsettled: how many have a change under
    way; idle: what was told to those that are not drawing; below: how much less than `most` those
    without a meter may draw; unread: how many never answered.
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
        self.unread = 0
        eight = bytes(32)  # sums by mask of phases
        self._told = array("i", eight)
        self._booked = array("i", eight)
        self._idle = array("i", eight)
        self._reserved = array("i", eight)
        self._counted = array("i", eight)
        self._least = array("i", eight)
        self._most = array("i", eight)
        self._changing = array("i", eight)
        self._below = array("i", eight)

    # -- what the delivery reports --

    def tell(self, index: int, ma: int) -> None:
        """A new setpoint: booked from now on, to be written by the delivery."""
        rows = self._rows
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
        rows.state[index] = state
        rows.silent_ms[index] = 0
        rows.failures[index] = 0

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
        elif allowed_ma < rows.set_ma[index] and rows.settling_ms[index] >= _SEEN_BY_METER_MS:
            rows.flags[index] |= DIRTY  # rebooted, or replugged: told again, now and then
            rows.settling_ms[index] = 0

    # The larger of what it was told and what it was found at: most_ma holds the first.
    def _refused(self, index, allowed_ma):
        rows = self._rows
        rows.refusals[index] = min(rows.refusals[index] + 1, 255)
        flags = (rows.flags[index] | DIRTY) & ~(CONFIRMED | DRAW_SETTLED)
        rows.most_ma[index] = max(rows.most_ma[index], allowed_ma)
        if rows.refusals[index] >= _REFUSALS:
            flags |= DISOBEYS
            rows.most_ma[index] = allowed_ma
        rows.flags[index] = flags

    def _confirm(self, index):
        rows = self._rows
        rows.refusals[index] = 0
        rows.settling_ms[index] = 0
        rows.flags[index] = (rows.flags[index] | CONFIRMED | FRESH) & ~DISOBEYS

    # After a restart of ours: what it reads back counts as settled. It is written once all the
    # same, since something else in the charger may hold it there; below 6 A nothing charges.
    def _adopt(self, index, allowed_ma):
        rows = self._rows
        rows.least_ma[index] = rows.most_ma[index] = allowed_ma
        rows.set_ma[index] = allowed_ma if allowed_ma >= _LEAST_OFFER_MA else 0
        rows.settling_ms[index] = AGE_MAX
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
        rows.draw_age_ms[index] = 0

    # -- what the cycle asks --

    def draws(self, index: int) -> bool:
        """True if its car is charging as far as is known."""
        return STATE_C <= self._rows.state[index] <= STATE_D

    def metered(self, index: int) -> bool:
        """True if its own phase currents are recent and belong to the present setpoint."""
        rows = self._rows
        both = METERED | DRAW_SETTLED
        return rows.flags[index] & both == both and rows.draw_age_ms[index] < _DRAW_FRESH_MS

    def advance(self, elapsed_ms: int) -> None:
        """Lets time pass, books every charger, and adds up into the arrays of this object."""
        self.unread = 0
        for phase in range(3):
            self.least[phase] = self.most[phase] = 0
        for mask in range(1, 8):
            self._told[mask] = self._booked[mask] = self._idle[mask] = self._changing[mask] = 0
            self._least[mask] = self._most[mask] = self._below[mask] = 0
            self._reserved[mask] = self._counted[mask] = 0
        for index in range(self._rows.count):
            self._age(index, elapsed_ms)
            aside = self._aside(index)
            if aside:
                self._reserve(index, aside)
            else:
                self._book(index)
        for phase in range(3):
            self.told[phase] = _on_phase(self._told, phase)
            self.booked[phase] = _on_phase(self._booked, phase)
            self.idle[phase] = _on_phase(self._idle, phase)
            self.least[phase] += _on_phase(self._least, phase)
            self.most[phase] += _on_phase(self._most, phase)
            self.unsettled[phase] = _on_phase(self._changing, phase)
            self.below[phase] = _on_phase(self._below, phase)
            self.reserved[phase] = _on_phase(self._reserved, phase)
            self.counted[phase] = _on_phase(self._counted, phase)

    def _age(self, index, elapsed_ms):
        rows = self._rows
        rows.silent_ms[index] = min(rows.silent_ms[index] + elapsed_ms, AGE_MAX)
        flags = rows.flags[index]
        if flags & METERED:
            rows.draw_age_ms[index] = min(rows.draw_age_ms[index] + elapsed_ms, AGE_MAX)
        if flags & FRESH:
            rows.flags[index] = flags & ~FRESH
        elif flags & CONFIRMED and rows.settling_ms[index] < _SEEN_BY_METER_MS:
            rows.settling_ms[index] += min(elapsed_ms, _SEEN_BY_METER_MS)
            if rows.settling_ms[index] >= _SEEN_BY_METER_MS:
                rows.least_ma[index] = rows.most_ma[index] = rows.set_ma[index]

    def _aside(self, index):
        rows = self._rows
        flags = rows.flags[index]
        if (
            not flags & KNOWN
            or (rows.silent_ms[index] >= _SILENT_MS and rows.failures[index])
            or rows.silent_ms[index] >= _FORGOTTEN_MS
            or rows.failures[index] >= FAILURES_UNREACHABLE
        ):
            aside = UNREACHABLE
        else:
            aside = DISOBEYING if flags & DISOBEYS else CONTROLLED
        rows.aside[index] = aside
        return aside

    def _reserve(self, index, aside):
        rows = self._rows
        mask = rows.phases[index]
        booked = counted = rows.most_ma[index]
        if aside == UNREACHABLE:
            counted = min(rows.set_ma[index], rows.reserve_ma[index])
            booked = max(booked, rows.set_ma[index], rows.reserve_ma[index])
            if rows.flags[index] & (KNOWN | USABLE) == USABLE:
                self.unread += 1
        elif not self.draws(index):
            counted = 0
        rows.booked_ma[index] = booked
        self._reserved[mask] += booked
        self._counted[mask] += counted

    def _book(self, index):
        rows = self._rows
        set_ma = rows.set_ma[index]
        most = rows.most_ma[index]
        settled = rows.flags[index] & CONFIRMED and rows.settling_ms[index] >= CAR_FOLLOWS_MS
        booked = set_ma if settled else most
        rows.booked_ma[index] = booked
        if most:
            mask = rows.phases[index]
            self._told[mask] += set_ma
            self._booked[mask] += booked
            if not STATE_C <= rows.state[index] <= STATE_D:
                self._idle[mask] += set_ma
            elif rows.flags[index] & METERED and rows.draw_age_ms[index] < _DRAW_FRESH_MS:
                self._bracket(index, mask)
            else:
                self._least[mask] += rows.least_ma[index]
                self._most[mask] += most
                self._below[mask] += _BELOW_MA
            if rows.least_ma[index] != most:
                self._changing[mask] += 1

    # A charger with a meter: its own currents narrow down what it counts for in a reading.
    def _bracket(self, index, mask):
        rows = self._rows
        settled = rows.flags[index] & DRAW_SETTLED
        for phase in range(3):
            if mask >> phase & 1:
                draw = rows.draw_ma[3 * index + phase]
                self.least[phase] += min(rows.least_ma[index], draw)
                self.most[phase] += min(rows.most_ma[index], draw if settled else AGE_MAX)


def _on_phase(sums, phase):
    if phase == 0:
        return sums[1] + sums[3] + sums[5] + sums[7]
    if phase == 1:
        return sums[2] + sums[3] + sums[6] + sums[7]
    return sums[4] + sums[5] + sums[6] + sums[7]
