# Takes a charger, one that is there or a new one, while the site runs: checked, written, then
# applied, each as a whole. What one step loads goes before the next, which is smaller.

from app import start
from app.api.routes import an_id, answer, load
from clock import sleep_ms
from settings.raw import chargers

_WRITING = ("app.api.lines", "settings.files")


async def put(exchange, web, text: str) -> None:
    """Takes a charger, one that is there or a new one."""
    id_ = an_id(text)
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        charger, line, proof, number, minimum = await _checked_charger(raw, id_, snapshot)
        if proof:
            web.confirm(exchange)
        await load("app.api.site app.api.placed")
        from app.api import placed
        from app.api.site import calm, driver, refresh

        module = driver(charger)
        index = placed.row_for(snapshot, id_, number)
        await calm(snapshot.cycle)
        await _write(snapshot.path, id_, number, line)
        placed.forget_bad(snapshot, number)
        await load("settings.url settings.live")
        await placed.apply_charger(snapshot, index, charger, module, minimum)
        refresh(snapshot)
    await answer(exchange, 200, {})


async def _checked_charger(raw, id_, snapshot):
    from app.api import checked

    try:
        old, number = await _line(snapshot.path, id_)
        given = await checked.parsed(raw)
        whole, line, proof = checked.charger(given, id_, old)
        return whole, line, proof, number, checked.former_site(snapshot)["minimum"]
    finally:
        checked.forget()


async def _write(path, id_, number, line):
    from app.api.lines import replace_line

    try:
        await replace_line(path, id_, number, line)
    finally:
        start.forget(*_WRITING)


# The charger of the first line with this id, unchecked, and its number; None, 0.
async def _line(path, id_):
    for number, charger in chargers(path):
        if charger["id"] == id_:
            return charger, number
        if number % 4 == 0:
            await sleep_ms(0)
    return None, 0
