# For when something is wrong: the log, and a report that holds all there is to know and no secret.

import gc
import json
import sys

from app import log
from app.api.routes import JSON, load
from app.web import need

_REPORT = b'Content-Disposition: attachment; filename="amprail-report.json"\r\n'
_REPORT_ROOM = 8192
_CLIENTS = ("served", "refused", "late", "failed")  # of net.guard


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
    need(_REPORT_ROOM)
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
