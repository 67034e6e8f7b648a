# Takes another site.json while the site runs: checked, written, then applied, each as a whole.
# What checks has gone before the rest is loaded.

from app.api.routes import answer, load

# Whoever changes another one proves the password: all else, and what is added one day, makes the
# fuse more or less protected. A session may be stolen; with it the limits could be raised, the
# meter turned round (`invert`), taken away or believed for longer (`lost_after_s`), a blind site
# given more (`without_meter_ma`), a wrong meter's surplus given to cars (`pv`). These say only how
# it is called, who waits for how long, and from where on a car is paused, which is always before
# the limit.
_FREE = ("name", "rotation_s", "minimum")


async def put(exchange, web) -> None:
    """Takes all of site.json."""
    raw = await exchange.body()
    snapshot = web.snapshot
    async with web.lock:
        site, former = await _checked_site(raw, snapshot)
        if [key for key in site if key not in _FREE and site[key] != former.get(key)]:
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
