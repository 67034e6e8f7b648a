# Changes the settings while the site runs: checked, written, then applied, each as a whole. What
# checks has gone before the rest is loaded.

from app.api import checked
from app.api.routes import refused, an_id, answer, index_of


# Limits of the installation: who changes one proves the password.
_LIMITS = "limit_ma largest_consumer_ma margin_pct surge_pct supply_ma meter"


async def put_site(exchange, web) -> None:
    """Takes all of site.json."""
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        site, former = checked.site(raw, snapshot.path)
        checked.forget()
        if [key for key in _LIMITS.split() if site[key] != former.get(key)]:
            web.confirm(exchange)
        from app.api import applied
        from app.api.lines import calm
        from settings.files import write_file

        metering = applied.new_metering(snapshot, site, former)
        await calm(snapshot.cycle)
        write_file(snapshot.path + "/site.json", (raw, b"\n"))
        await applied.apply_site(snapshot, site, former, metering)
        applied.rename(web.access, site, former)
    await answer(exchange, 200, {})


async def put_charger(exchange, web, text: str) -> None:
    """Takes a charger, one that is there or a new one."""
    id_ = an_id(text)
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        given = checked.parsed(raw)
        former = checked.former_site(snapshot.path)
        from app.api.lines import calm, charger_line, replace_line

        old, number = await charger_line(snapshot.path, id_)
        charger, line = checked.charger(given, id_, old)
        checked.forget()
        from app.api import applied
        from app.api.site import driver

        module = driver(charger)
        index = applied.row_for(snapshot, id_, number)
        await calm(snapshot.cycle)
        await replace_line(snapshot.path, id_, number, line)
        applied.forget_bad(snapshot, number)
        await applied.apply_charger(snapshot, index, charger, module, former["minimum"])
        applied.refresh(snapshot)
    await answer(exchange, 200, {})


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
