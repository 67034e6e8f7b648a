# Chargers that are in the settings no more and at which a car charges: they stay booked and go on
# being told what they may, and go when the car is full or gone. Loaded while there are any.

import asyncio

from app import log
from settings import live
from balance.rows import CONFIRMED, STATE_B, STATE_C, STATE_D, UNREACHABLE, USER_PAUSED
from clock import diff_ms, now_ms, sleep_ms
from micropython import const

# What its state was asked for meanwhile: a car may have begun to charge since the last time.
_ASKED_MS = const(6000)


def watch(snapshot, index: int) -> None:
    """Looks after the row from now on."""
    if snapshot.leaving is None:
        snapshot.leaving = {}
        asyncio.create_task(_run(snapshot))  # noqa: RUF006 (the loop keeps it)
    snapshot.leaving[index] = now_ms()


async def _run(snapshot):
    try:
        while snapshot.leaving:
            for index in list(snapshot.leaving):
                asked = diff_ms(now_ms(), snapshot.leaving[index]) >= _ASKED_MS
                if asked and not snapshot.chargers.busy[index] and _is_over(snapshot.cycle, index):
                    del snapshot.leaving[index]
                    snapshot.chargers.put(index, 0, "", None)
                    snapshot.chargers.secrets.pop(index, None)
                    live.clear(snapshot.cycle, index)
                    snapshot.settings += 1
                    snapshot.control.wake()
            await sleep_ms(500)
    except Exception as error:
        log.error("leaving: {!r}".format(error))
    snapshot.leaving = None


# A car that has stopped is told 0 first: it could begin again.
def _is_over(cycle, index):
    rows = cycle.rows
    if rows.aside[index] == UNREACHABLE:
        return True
    if STATE_C <= rows.state[index] <= STATE_D:
        return False
    if rows.state[index] == STATE_B:
        rows.weight[index] |= USER_PAUSED
    return rows.state[index] != STATE_B or (
        not rows.set_ma[index] and rows.flags[index] & CONFIRMED
    )
