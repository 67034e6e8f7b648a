# What was: the last hour and the last day for a plot, the log, and for when something is wrong a
# report that holds all there is to know and no secret.

import gc
import json
import sys

from app import log
from app.api.routes import JSON, load, wrong
from app.history import DAY, HOUR, NONE, PART, SLOT, ZERO

_REPORT = b'Content-Disposition: attachment; filename="amprail-report.json"\r\n'
_CLIENTS = ("served", "refused", "late", "failed")  # of net.guard


async def history(exchange, web) -> None:
    """The last hour, or with ?span=day the last day, the oldest slot first."""
    kept = web.snapshot.history
    target_ma = web.snapshot.cycle.grid.target_ma
    day = exchange.query == b"span=day"
    if not day and exchange.query not in (b"", b"span=hour"):
        raise wrong("request", "span", "is not hour or day")
    if not kept:
        pieces = ('{"step_s":60,"rows":[]}\n',)
    elif day:
        pieces = _rows(target_ma, kept, HOUR, DAY, 60 * PART, kept.slots // PART)
    else:
        pieces = _rows(target_ma, kept, 0, HOUR, 60, kept.slots)
    await exchange.answer(200, pieces, JSON)


# The time is the uptime at the end of the slot.
def _rows(target_ma, kept, first, size, step_s, filled):
    yield '{"step_s":%d,"target":%d,"rows":[' % (step_s, target_ma // 100)
    for slot in range(max(filled - size, 0), filled):
        text = "%s[%d" % ("," if slot > max(filled - size, 0) else "", (slot + 1) * step_s)
        at = (first + slot % size) * SLOT
        for value in range(at, at + SLOT):
            byte = kept.buffer[value]
            text += ",null" if byte == NONE else ",%d" % ((byte - ZERO) * kept.step_ma // 100)
        yield text + "]"
    yield "]}\n"


async def lines(exchange, web) -> None:
    """The lines that are kept, the oldest first, and why the device was started."""
    await exchange.answer(200, _lines(web), JSON)


def _lines(web):
    yield '{"uptime_s":%d,"reset":%s,"lines":' % (log.uptime_s(), json.dumps(_reset(web)))
    yield from _kept()
    yield "}\n"


def _kept():
    comma = "["
    for line in log.lines():
        yield comma + json.dumps(line)
        comma = ","
    yield "]" if comma == "," else "[]"


# A board may know; a computer's program was started by somebody.
def _reset(web):
    return getattr(web.snapshot.board, "reset_cause", lambda: "started")()


async def report(exchange, web) -> None:
    """All of it as one file."""
    await load("settings.tables app.api.shown")
    await exchange.answer(200, _report(web), JSON + _REPORT)


def _report(web):
    from app.api.shown import shown_chargers, shown_site

    snapshot = web.snapshot
    yield '{"reset":%s,"interpreter":%s,' % (json.dumps(_reset(web)), json.dumps(sys.version))
    yield '"heap":{"used":%d,"free":%d},' % (gc.mem_alloc(), gc.mem_free())
    yield '"clients":%s,' % json.dumps(dict(zip(_CLIENTS, web.guard.counts)))
    yield '"site":'
    yield from shown_site(snapshot)
    yield ',"chargers":'
    yield from shown_chargers(snapshot.path, snapshot.lines)
    yield ',"log":'
    yield from _kept()
    yield ',"status":'
    yield from web.snapshot.status()
    yield "}\n"
