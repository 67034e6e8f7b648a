# The program ends to be started again at once: after an update, and in the place of an update that
# does not come. Loaded for that.

import asyncio

from clock import sleep_ms
from micropython import const

_RESTART = const(3)  # `Health.end`
_ANSWERED_MS = const(500)
_WAIT_MS = const(600000)
_LOOK_MS = const(500)
_LOOKS = const(120)
_CALM_LOOKS = const(6)


def restart(web) -> None:
    """Has the program end soon: when the answer is on its way, and not in the middle of a cut.

    What is started then would see cars draw what they have just been told not to, and stop some.
    After a minute it ends anyway.
    """
    asyncio.create_task(_restart(web))  # noqa: RUF006  MicroPython's loop keeps it


async def _restart(web):
    try:
        await sleep_ms(_ANSWERED_MS)
        calm = 0
        for _ in range(_LOOKS):
            calm = 0 if web.cycle.grid.over else calm + 1
            if calm == _CALM_LOOKS:
                break
            await sleep_ms(_LOOK_MS)
    finally:
        web.end(_RESTART)


def waiting(web):
    """A task that gives the page its place back after ten minutes without an update."""

    async def run():
        await sleep_ms(_WAIT_MS)
        while web.busy:
            await sleep_ms(_LOOK_MS)
        restart(web)
        await sleep_ms(_WAIT_MS)

    return run
