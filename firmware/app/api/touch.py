# What a tap on the page does to one charger: pause, resume, priority.

import json

from app.api.routes import refused, an_id, answer, body, index_of, wrong
from balance.rows import STATE_A, USER_PAUSED


def _row(web, text):
    index = index_of(web.snapshot.chargers, an_id(text))
    if index < 0:
        raise refused(404, "no_charger", {"id": int(text)})
    return index


async def pause(exchange, web, text: str) -> None:
    """{"paused":true}: told 0 until {"paused":false}, or until the car is unplugged."""
    paused = (await body(exchange)).get("paused")
    if not isinstance(paused, bool):
        raise wrong("charger", "paused", "is not true or false")
    snapshot = web.snapshot
    rows = snapshot.cycle.rows
    index = _row(web, text)
    if paused and rows.state[index] == STATE_A:
        raise refused(409, "no_car", {"id": int(text)})
    if rows.weight[index] & USER_PAUSED and not paused:
        rows.hold_s[index] = 0
    rows.weight[index] = rows.weight[index] & (255 - USER_PAUSED) | (USER_PAUSED if paused else 0)
    snapshot.control.wake()
    await answer(exchange, 200, {"paused": paused})


async def priority(exchange, web, text: str) -> None:
    """{"priority":-10..10}, which is saved."""
    value = (await body(exchange)).get("priority")
    if not isinstance(value, int) or isinstance(value, bool) or not -10 <= value <= 10:
        raise wrong("charger", "priority", "is not a whole number of -10..10")
    from app.api.lines import replace_line
    from app.api.site import calm
    from settings.raw import chargers

    snapshot = web.snapshot
    async with web.lock:
        index = _row(web, text)
        for number, line in chargers(snapshot.path):
            if line["id"] == int(text):
                break
        else:
            raise refused(404, "no_charger", {"id": int(text)})
        line["priority"] = value
        await calm(snapshot.cycle)
        await replace_line(snapshot.path, int(text), number, json.dumps(line).encode())
        snapshot.cycle.rows.priority[index] = value
        snapshot.settings += 1
        snapshot.control.wake()
    await answer(exchange, 200, {"priority": value})
