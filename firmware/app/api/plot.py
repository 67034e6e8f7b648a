# The last hour and the last day, for a plot.

from app.api.routes import JSON, wrong
from app.history import DAY, HOUR, NONE, PART, SLOT, ZERO


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
