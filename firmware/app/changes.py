# What has changed since somebody looked, for a page that looks once a second: loaded when the
# first one does. Whether a row has changed is told by a sum over all that is shown of it, and
# noted with the number of the cycle in which that was seen, so any number of pages may look. Every
# row comes every 16 s all the same: numbers that count down are not in the sum, and two sums may
# be equal by chance.

from array import array

import micropython
from app import log
from balance.rows import METERED
from micropython import const

_EVERY = const(16)


class Changes:
    """Over the rows of a snapshot's `cycle`."""

    def __init__(self, snapshot):
        self._snapshot = snapshot
        rows = snapshot.cycle.rows
        self._sums = array("H", bytes(2 * rows.capacity))
        self._seen = array("i", (-1,) * rows.capacity)
        self._round = 0

    def status(self, since: int):
        """Yields the answer to `GET /api/changes?since=`, in pieces: all rows where `since` is
        not the number of a cycle of this run."""
        snapshot = self._snapshot
        cycle = snapshot.cycle
        now = cycle.count
        self._round = (self._round + 1) % _EVERY
        self._look(now, cycle.grid.recent)
        yield '{"uptime_s":%d,"cycle":%d,"settings":%d,' % (
            log.uptime_s(),
            now,
            snapshot.settings,
        )
        yield from snapshot.live()
        yield ',"chargers":['
        comma = ""
        for index in range(cycle.rows.count):
            if not 0 <= since <= now or self._seen[index] > since:
                text = snapshot.row(index, comma)
                if text:
                    yield text
                    comma = ","
        yield "]}\n"

    @micropython.viper
    def _look(self, now: int, recent: int):
        rows = self._snapshot.cycle.rows
        state = ptr8(rows.state)
        aside = ptr8(rows.aside)
        bound = ptr8(rows.bound)
        session = ptr8(rows.session)
        weight = ptr8(rows.weight)
        phases = ptr8(rows.phases)
        flags = ptr8(rows.flags)
        set_ma = ptr16(rows.set_ma)
        booked_ma = ptr16(rows.booked_ma)
        hold_s = ptr16(rows.hold_s)
        draw_ma = ptr16(rows.draw_ma)
        min_ma = ptr16(rows.min_ma)
        max_ma = ptr16(rows.max_ma)
        sums = ptr16(self._sums)
        seen = ptr32(self._seen)
        turn = int(self._round)
        for row in range(int(rows.count)):
            sum = state[row] + 7 * aside[row] + 31 * bound[row] + 500 * session[row]
            sum = (sum * 31 + set_ma[row]) & 0xFFFFF
            sum = (sum * 31 + booked_ma[row]) & 0xFFFFF
            sum = (sum * 31 + min_ma[row] + max_ma[row]) & 0xFFFFF
            sum = (sum * 31 + phases[row] + 8 * weight[row] + recent) & 0xFFFFF
            if hold_s[row]:
                sum += 1
            if flags[row] & METERED:
                for phase in range(3):
                    sum = (sum * 31 + (draw_ma[3 * row + phase] >> 8)) & 0xFFFFF
            sum = (sum ^ sum >> 16) & 0xFFFF
            if sum != sums[row] or row % _EVERY == turn:
                sums[row] = sum
                seen[row] = now
