# The one view of everything, for the page, the API and the summary: JSON, streamed row by row, so
# that it is never in memory as a whole. A row is consistent in itself. Names of reasons come from
# the core, words only from the page.

import gc
import json

from app import log
from balance.reasons import CODES
from balance.rows import METERED, UNREACHABLE
from modbus.rtu import KINDS

_STATES = "ABCDEF"

# No piece is longer than about 300 bytes: a small heap in use may have no larger hole.
_SITE = (
    '{{"uptime_s":{},"cycle":{},"site":{{"name":{},"limit_ma":{},"supply_ma":{},"meter":{},'
    '"largest_consumer_ma":{}}},'
)
_GRID = (
    '"grid":{{"ok":{},"age_ms":{},"phase_ma":{},"target_ma":{},"largest_jump_ma":{},"trouble":{}}},'
    '"budget_ma":{},'
)
_ROW = (
    '%s{"id":%d,"name":%s,"state":"%s","set_ma":%d,"max_ma":%d,"min_ma":%d,'
    '"booked_ma":[%d,%d,%d],"phase_ma":%s,"reason":%s}'
)
_COUNTS = '"setpoints":%d,"requests":%d,"failures":%d,"restarts":%d,"readings":'
_TROUBLES = ("null", '"frozen"', '"contradicted"')  # of balance.grid
_TAIL = (
    '],"loop":{{"cycle_us":{},"stretch_p999_us":{},"stretch_max_us":{}}},'
    '"heap":{{"used":{},"free":{}}}}}\n'
)


class Snapshot:
    """Reads the parts; owns nothing. `site`: site.json; `warnings`: standing ones, as JSON."""

    def __init__(
        self, site, warnings, chargers, cycle, control, delivery, metering, health, stretches
    ):
        self._name = json.dumps(site["name"])
        self._largest = site["largest_consumer_ma"]
        meter = site["meter"]
        self._meter = "null" if meter is None else json.dumps(meter["type"])
        self._warnings = "[{}]".format(",".join(warnings))
        self._chargers = chargers
        self.cycle = cycle
        self._control = control
        self._delivery = delivery
        self._metering = metering
        self._health = health
        self._stretches = stretches
        self._code = -1
        self._text = ""

    def status(self):
        """Yields `GET /api/status` in pieces."""
        text = self._site()
        yield text
        text = self._grid()
        yield text
        text = self._rate()
        yield text
        text = self._counts()
        yield text
        yield ',"warnings":'
        yield self._warnings
        yield ',"chargers":['
        for index in range(self.cycle.rows.count):
            text = self._row(index)
            yield text
        text = self._tail()
        yield text

    def _site(self):
        grid = self.cycle.grid
        return _SITE.format(
            log.uptime_s(),
            self.cycle.count,
            self._name,
            grid.limit_ma,
            grid.supply_ma,
            self._meter,
            self._largest,
        )

    def _grid(self):
        grid = self.cycle.grid
        known = grid.ok
        return _GRID.format(
            "true" if known else "false",
            grid.age_ms if grid.ever else "null",
            _list(grid.phase_ma, 0) if known else "null",
            grid.target_ma if known else "null",
            _list(grid.largest_jump_ma, 0),
            _TROUBLES[grid.trouble],
            _list(grid.budget_ma, 0),
        )

    def _rate(self):
        metering = self._metering
        if metering is None:
            return '"meter":null,'
        return '"meter":{"refresh_ms":%s,"poll_ms":%d,"pause_ms":%d,"unchanged_s":%d},' % (
            metering.refresh_ms or "null",
            metering.poll_ms,
            metering.meter.pause_ms,
            self.cycle.grid.same_ms // 1000,
        )

    def _counts(self):
        counts = (
            self.cycle.setpoints,
            self._delivery.requests,
            self._delivery.failures,
            self._health.restarts,
        )
        return _COUNTS % counts + self._readings()

    def _readings(self):
        if self._metering is None:
            return "{}"
        counts = self._metering.line.counts
        pairs = ['"{}":{}'.format(KINDS[kind], counts[kind]) for kind in range(len(KINDS))]
        return "{" + ",".join(pairs) + "}"

    def _row(self, index):
        rows = self.cycle.rows
        booked = rows.booked_ma[index]
        mask = rows.phases[index]
        silent = rows.aside[index] == UNREACHABLE
        metered = rows.flags[index] & METERED and not silent
        return _ROW % (
            "," if index else "",
            self._chargers.ids[index],
            self._chargers.name(index),
            "?" if silent else _STATES[rows.state[index]],
            rows.set_ma[index],
            rows.max_ma[index],
            rows.min_ma[index],
            booked if mask & 1 else 0,
            booked if mask & 2 else 0,
            booked if mask & 4 else 0,
            _list(rows.draw_ma, 3 * index) if metered else "null",
            self._reason(index),
        )

    # Most chargers have the reason of the one before.
    def _reason(self, index):
        cycle = self.cycle
        cycle.explain(index)
        if cycle.reason != self._code:
            self._code = cycle.reason
            self._text = _reason_text(cycle.reason)
        numbers = self._text.count("%")
        if numbers == 2:
            return self._text % (cycle.number_a, cycle.number_b)
        return self._text % cycle.number_a if numbers else self._text

    def _tail(self):
        return _TAIL.format(
            self._control.longest_us,
            self._stretches.p999_us(),
            self._stretches.longest_us,
            gc.mem_alloc(),
            gc.mem_free(),
        )


# A reason as JSON, with a place for each of its numbers.
def _reason_text(code):
    at = 0
    for _ in range(code):
        at = CODES.find("|", at) + 1
    end = CODES.find("|", at)
    words = (CODES[at:end] if end >= 0 else CODES[at:]).split()
    text = '{"code":"' + words[0] + '"'
    for word in words[1:]:
        text += ',"%s":%%d' % word
    return text + "}"


def _list(values, start):
    return "[%d, %d, %d]" % (values[start], values[start + 1], values[start + 2])
