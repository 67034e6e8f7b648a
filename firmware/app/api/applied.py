# Gives a checked site.json, which is written already, to the parts that run. No car stops because
# of it.

from app import log, start
from app.api import site as parts
from app.api.routes import index_of, wrong
from app.history import NONE, ZERO, step_ma
from clock import sleep_ms


def new_metering(snapshot, site: dict, former: dict) -> tuple:
    """(metering or None,) where the meter is another one, () where it is not; ValueError."""
    meter, was = site["meter"], former["meter"]
    if meter and was and meter != was and was != -1:
        was = dict(was, lost_after_s=meter["lost_after_s"])
    if meter == was:
        return ()
    serial = snapshot.board.arguments()[0]
    try:
        new = parts.metering(
            snapshot.board, meter, serial, snapshot.cycle, snapshot.control, snapshot.health
        )
    except ValueError as error:
        raise wrong("site.json", "meter" if serial is None else "meter.type", str(error))
    return (new,)


async def apply_site(snapshot, site: dict, former: dict, metering: tuple) -> None:
    """Gives the checked site.json to all parts that run."""
    cycle = snapshot.cycle
    if metering:
        await change_metering(snapshot, metering[0])
    cycle.apply(site)
    if snapshot.history:
        _rescale(snapshot.history, site["limit_ma"])
    begin = '{"code":"bad_site"'
    snapshot.lines = [one for one in snapshot.lines if not one.startswith(begin)]
    parts.refresh(snapshot, site)
    if site["minimum"] != former["minimum"]:
        await _apply_minimum(snapshot, site["minimum"])
    snapshot.control.wake()


def rename(access, site: dict, former: dict) -> None:
    """The device answers to its new name, where that is another one; without memory for that, from
    the next start on."""
    if site["name"] != former.get("name"):
        try:
            from app import owner

            access.names = owner.names(site["name"], access.names[3].decode())
        except MemoryError:
            log.warning("{} is its name from the next start on".format(site["name"]))
        finally:
            owner = None
            start.forget("app.owner")


# A plot goes on across a change of the limit.
def _rescale(history, limit_ma):
    was, history.step_ma = history.step_ma, step_ma(limit_ma)
    if was != history.step_ma:
        slots = history.buffer
        for at in range(len(slots)):
            if slots[at] != NONE:
                byte = ZERO + (slots[at] - ZERO) * was // history.step_ma
                slots[at] = max(1, min(255, byte))


async def stop_metering(snapshot) -> None:
    """Nobody reads the meter any more, and its line is free."""
    if snapshot.metering:
        snapshot.health.stop("metering")
        await sleep_ms(0)
        await sleep_ms(0)
        snapshot.metering.line.close()


# Until the new meter has been read, and its time to be lost is over, all stays as it is.
async def change_metering(snapshot, metering) -> None:
    """Reads another meter from now on, or none."""
    await stop_metering(snapshot)
    snapshot.metering = metering
    grid = snapshot.cycle.grid
    grid.ever = False
    grid.age_ms = 0
    grid.house.forget()
    if metering:
        snapshot.health.start("metering", metering.run, True)


async def _apply_minimum(snapshot, minimum):
    from settings import live
    from settings.raw import chargers

    for _, charger in chargers(snapshot.path):
        charger.setdefault("min_ma", None)
        index = index_of(snapshot.chargers, charger["id"])
        if index >= 0 and snapshot.chargers.drivers[index]:
            live.change_minimum(snapshot.cycle, index, charger, minimum)
        await sleep_ms(0)
