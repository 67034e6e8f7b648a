# Gives a checked charger, which is written already, to a row, or takes it out. No car stops for
# it. A row is changed by whoever holds it, as the delivery does to serve it, so that no request is
# under way meanwhile.

import json

from app.api import site as parts
from app.api.routes import index_of, refused
from app.chargers import UNKNOWN_MA
from app.delivery import WORKERS
from app.messenger import connections
from balance.rows import STATE_B, STATE_D, UNREACHABLE
from clock import sleep_ms


# Its own, that of its bad line, one that is nobody's any more, or a new one.
def row_for(snapshot, id_: int, number: int) -> int:
    """The row for the charger of a line with a number, 0 for none; ValueError."""
    chargers = snapshot.chargers
    index = index_of(chargers, id_)
    if index < 0 and number:
        index = row_of_line(chargers, number)
    return index if index >= 0 else free_row(snapshot)


def row_of_line(chargers, number: int) -> int:
    """The row that is reserved for a bad line, -1 without."""
    name = json.dumps("settings line {}".format(number))
    for index in range(len(chargers.drivers)):
        if chargers.drivers[index] is None and chargers.name(index) == name:
            return index
    return -1


def free_row(snapshot) -> int:
    """A row that is nobody's, or the one behind the last; ValueError where all 64 are taken."""
    chargers = snapshot.chargers
    for index in range(len(chargers.drivers)):
        if not chargers.name(index):
            return index
    if len(chargers.drivers) == snapshot.cycle.rows.capacity:
        raise refused(409, "full", {"most": snapshot.cycle.rows.capacity})
    return len(chargers.drivers)


async def apply_charger(snapshot, index: int, charger: dict, driver, minimum: dict) -> None:
    """Gives a checked charger to a row of its own, or to a free one; wakes who has to know."""
    from settings import live

    chargers, cycle = snapshot.chargers, snapshot.cycle
    if index == len(chargers.drivers):
        cycle.rows.extend()
        chargers.add(0, "0", None)
    await hold(chargers, index)
    if snapshot.leaving:
        snapshot.leaving.pop(index, None)
    was = chargers.drivers[index], chargers.address(index)
    if was[0]:
        live.change(cycle, index, charger, minimum)
    else:
        live.clear(cycle, index)
        cycle.rows.apply(index, charger, minimum)
    parts.put(chargers, index, charger, driver)
    if was != (driver, chargers.address(index)):
        chargers.told_ma[index] = UNKNOWN_MA
        notes = chargers.notes(index)
        for at in range(len(notes)):
            notes[at] = 0
        live.read_anew(cycle, index)
    _hire(snapshot)
    snapshot.delivery.kick(True)
    snapshot.control.wake()


# A worker for each charger, four at most. Where there is no memory now, the next start has it.
def _hire(snapshot):
    delivery = snapshot.delivery
    if delivery.count < min(WORKERS, len(snapshot.chargers.drivers)):
        try:
            client = connections(1)[0]
        except MemoryError:
            return
        snapshot.health.start("delivery", delivery.worker(client), False)


async def hold(chargers, index: int) -> None:
    """Takes a charger from the delivery once no request is under way, each of which has an end.
    `chargers.put` gives it back; do both without a wait between them."""
    while chargers.drivers[index] and chargers.busy[index]:
        await sleep_ms(10)


def forget_bad(snapshot, number: int) -> None:
    """The warning about a line is over."""
    begin = '{{"code":"bad_charger","line":{},'.format(number)
    snapshot.lines = [one for one in snapshot.lines if not one.startswith(begin)]


async def remove(snapshot, index: int) -> bool:
    """Takes a charger out; True where a car stands there: it stays until that is done."""
    rows = snapshot.cycle.rows
    if rows.aside[index] != UNREACHABLE and STATE_B <= rows.state[index] <= STATE_D:
        from app.api import leaving

        leaving.watch(snapshot, index)
        return True
    await release(snapshot, index)
    return False


async def release(snapshot, index: int) -> None:
    """Nobody's from now on."""
    from settings import live

    await hold(snapshot.chargers, index)
    snapshot.chargers.put(index, 0, "", None)
    snapshot.chargers.secrets.pop(index, None)
    live.clear(snapshot.cycle, index)
    snapshot.control.wake()
