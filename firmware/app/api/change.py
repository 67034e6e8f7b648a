# Changes the settings while the site runs: checked, written, then applied, each as a whole. What
# checks has gone before the rest is loaded.

from app.api.routes import an_id, answer, index_of, load, refused


# What it takes to apply them.
_APPLIED = "settings.files app.api.lines settings.url app.api.site settings.live app.api.applied"

# Limits of the installation: who changes one proves the password.
_LIMITS = "limit_ma largest_consumer_ma margin_pct surge_pct supply_ma meter"


async def put_site(exchange, web) -> None:
    """Takes all of site.json."""
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        site, former = await _checked_site(raw, snapshot.path)
        if [key for key in _LIMITS.split() if site[key] != former.get(key)]:
            web.confirm(exchange)
        await load(_APPLIED)
        from app.api import applied
        from app.api.lines import calm
        from settings.files import write_file

        metering = applied.new_metering(snapshot, site, former)
        await calm(snapshot.cycle)
        write_file(snapshot.path + "/site.json", (raw, b"\n"))
        await applied.apply_site(snapshot, site, former, metering)
        applied.rename(web.access, site, former)
    await answer(exchange, 200, {})


# What checks has gone, with all that holds it, when this has answered.
async def _checked_site(raw, path):
    from app.api import checked

    try:
        return await checked.site(raw, path)
    finally:
        checked.forget()


async def put_charger(exchange, web, text: str) -> None:
    """Takes a charger, one that is there or a new one."""
    id_ = an_id(text)
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        charger, line, number, minimum = await _checked_charger(raw, id_, snapshot.path)
        await load(_APPLIED)
        from app.api import applied
        from app.api.lines import calm, replace_line
        from app.api.site import driver

        module = driver(charger)
        index = applied.row_for(snapshot, id_, number)
        await calm(snapshot.cycle)
        await replace_line(snapshot.path, id_, number, line)
        applied.forget_bad(snapshot, number)
        await applied.apply_charger(snapshot, index, charger, module, minimum)
        applied.refresh(snapshot)
    await answer(exchange, 200, {})


async def _checked_charger(raw, id_, path):
    from app.api import checked

    try:
        given = await checked.parsed(raw)
        minimum = checked.former_site(path)["minimum"]
        from app.api.lines import charger_line

        old, number = await charger_line(path, id_)
        whole, line = checked.charger(given, id_, old)
        return whole, line, number, minimum
    finally:
        checked.forget()


async def delete_charger(exchange, web, text: str) -> None:
    """Removes a charger, or the bad line with a number: /api/chargers/line7. One at which a car
    charges stays ours until that is over."""
    from app.api import applied
    from app.api.lines import calm, charger_line, replace_line

    snapshot = web.snapshot
    async with web.lock:
        index, number = -1, 0
        if text[:4] == "line" and text[4:].isdigit() and len(text) < 10:
            id_, number = 0, int(text[4:])  # which is no charger's
            index = applied.row_of_line(snapshot.chargers, number)
        else:
            id_ = an_id(text)
            number = (await charger_line(snapshot.path, id_))[1]
            index = index_of(snapshot.chargers, id_)
        if index < 0:
            raise refused(404, "no_charger", {"id": text[:20]})
        await calm(snapshot.cycle)
        await replace_line(snapshot.path, id_, number or -1, b"")
        applied.forget_bad(snapshot, number)
        stays = await applied.remove(snapshot, index)
        applied.refresh(snapshot)
    await answer(exchange, 200, {"leaving": stays})
