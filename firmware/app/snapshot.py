# The one view of everything, for the page, the API and the summary: JSON, streamed row by row, so
# that it is never in memory as a whole. A row is consistent in itself. Names of reasons come from
# the core, words only from the page.

import gc
import json

from app import log, start
from app.history import History
from balance.reasons import CODES
from balance.rows import METERED, UNREACHABLE, USER_PAUSED
from micropython import const
from modbus.rtu import KINDS

_STATES = "ABCDEF"

_STARTED_S = const(10)
_HISTORY_ROOM = const(6144)

# No piece is longer than about 300 bytes: a small heap in use may have no larger hole.
_SITE = (
    '{{"uptime_s":{},"cycle":{},"site":{{"name":{},"limit_ma":{},"supply_ma":{},"meter":{},'
    '"largest_consumer_ma":{}}},'
)
_GRID = (
    '"grid":{{"ok":{},"age_ms":{},"phase_ma":{},"target_ma":{},"largest_jump_ma":{},"trouble":{}}},'
    '"budget_ma":{}'
)
_ROW = (
    '%s{"id":%d,"name":%s,"state":"%s","set_ma":%d,"max_ma":%d,"min_ma":%d,'
    '"booked_ma":[%d,%d,%d],"phase_ma":%s,"driver":%s,"priority":%d,"wh":%d,"paused":%s%s,'
    '"reason":%s}'
)
_COUNTS = '"setpoints":%d,"requests":%d,"failures":%d,"restarts":%d,"readings":'
_TROUBLES = ("null", '"frozen"', '"contradicted"')  # of balance.grid
_TAIL = (
    '],"loop":{{"cycle_us":{},"stretch_p999_us":{},"stretch_max_us":{}}},'
    '"heap":{{"used":{},"free":{}}}}}\n'
)


class Snapshot:
    """Reads the parts, and has them for who changes them; owns nothing. `site`: site.json;
    `warnings`: standing ones, as JSON.

    path: the data directory; lines: those of the warnings that are about bad lines;
    settings: another number whenever they have changed; find: the search that goes on, or the last
    one; leaving: what `app.leaving` looks after.
    """

    def __init__(
        self, site, warnings, chargers, cycle, control, delivery, metering, health, stretches
    ):
        self.chargers = chargers
        self.cycle = cycle
        self.control = control
        self.delivery = delivery
        self.metering = metering
        self.health = health
        self._stretches = stretches
        self._code = -1
        self._text = ""
        self.board = self.path = self.history = self.find = self.leaving = None
        self.lines = []
        self.settings = 0
        self.apply(site, warnings)

    def apply(self, site, warnings) -> None:
        """Other settings are in force, of chargers only if `site` is None."""
        if site:
            self._name = json.dumps(site["name"])
            self._largest = site["largest_consumer_ma"]
            meter = site["meter"]
            self._meter = "null" if meter is None else json.dumps(meter["type"])
        self._warnings = "[{}]".format(",".join(warnings))
        self.settings += 1

    # The history begins when the start, which takes the most memory, is over and left enough.
    def advance(self) -> None:
        """Call it once a second."""
        if self.history:
            self.history.advance()
        elif log.uptime_s() % _STARTED_S == _STARTED_S - 1 and start.has_room(_HISTORY_ROOM):
            try:
                self.history = History(self.cycle)
            except MemoryError:  # what is free is in pieces: in a while, then
                pass

    def status(self):
        """Yields `GET /api/status` in pieces."""
        text = self._site()
        yield text
        yield from self.live()
        text = self._rate()
        yield text
        text = self._counts()
        yield text
        yield ',"warnings":'
        yield self._warnings
        yield ',"chargers":['
        comma = ""
        for index in range(self.cycle.rows.count):
            text = self.row(index, comma)
            if text:
                yield text
                comma = ","
        text = self._tail()
        yield text

    def live(self):
        """Yields the grid and the budget."""
        text = self._grid()
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
        metering = self.metering
        if metering is None:
            return ',"meter":null,'
        return ',"meter":{"refresh_ms":%s,"poll_ms":%d,"pause_ms":%d,"unchanged_s":%d},' % (
            metering.refresh_ms or "null",
            metering.poll_ms,
            metering.meter.pause_ms,
            self.cycle.grid.same_ms // 1000,
        )

    def _counts(self):
        counts = (
            self.cycle.setpoints,
            self.delivery.requests,
            self.delivery.failures,
            self.health.restarts,
        )
        return _COUNTS % counts + self._readings()

    def _readings(self):
        if self.metering is None:
            return "{}"
        counts = self.metering.line.counts
        pairs = ['"{}":{}'.format(KINDS[kind], counts[kind]) for kind in range(len(KINDS))]
        return "{" + ",".join(pairs) + "}"

    # The energy is that at 230 V, from 0.1 As on all phases.
    def row(self, index: int, comma: str = "") -> str:
        """A charger, after a comma; "" for a row that is nobody's any more."""
        name = self.chargers.name(index)
        if not name:
            return ""
        rows = self.cycle.rows
        booked = rows.booked_ma[index]
        mask = rows.phases[index]
        silent = rows.aside[index] == UNREACHABLE
        metered = rows.flags[index] & METERED and not silent
        driver = self.chargers.drivers[index]
        brand = getattr(driver, "__name__", "chargers.generic")[9:]
        return _ROW % (
            comma,
            self.chargers.ids[index],
            name,
            "?" if silent else _STATES[rows.state[index]],
            rows.set_ma[index],
            rows.max_ma[index],
            rows.min_ma[index],
            booked if mask & 1 else 0,
            booked if mask & 2 else 0,
            booked if mask & 4 else 0,
            _list(rows.draw_ma, 3 * index) if metered else "null",
            '"%s"' % brand if driver else "null",
            rows.priority[index],
            self.cycle.sessions.all_das[index] * 23 // 3600,
            "true" if rows.weight[index] & USER_PAUSED else "false",
            ',"leaving":true' if self.leaving and index in self.leaving else "",
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
            self.control.longest_us,
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
