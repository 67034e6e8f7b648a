# Takes another site.json while the site runs: checked, written, then applied, each as a whole.
# What checks has gone before the rest is loaded.

from app.api.routes import answer, load

# Limits of the installation: who changes one proves the password.
_LIMITS = "limit_ma largest_consumer_ma margin_pct surge_pct supply_ma meter"


async def put(exchange, web) -> None:
    """Takes all of site.json."""
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        site, former = await _checked_site(raw, snapshot)
        if [key for key in _LIMITS.split() if site[key] != former.get(key)]:
            web.confirm(exchange)
        await load("settings.files app.api.site app.api.applied")
        from app.api import applied
        from app.api.site import calm
        from settings.files import write_file

        metering = applied.new_metering(snapshot, site, former)
        await calm(snapshot.cycle)
        write_file(snapshot.path + "/site.json", (raw, b"\n"))
        await applied.apply_site(snapshot, site, former, metering)
        applied.rename(web.access, site, former)
    await answer(exchange, 200, {})


# What checks has gone, with all that holds it, when this has answered.
async def _checked_site(raw, snapshot):
    from app.api import checked

    try:
        return await checked.site(raw, snapshot)
    finally:
        checked.forget()
