# What those share who answer the routes that are asked for rarely (`table`). They are loaded for a
# request, as is this, and let go again when no other one needs them.

import json
import sys

from app import start
from app.web import refuse
from clock import sleep_ms

# What is never shown, and kept where a change gives `true` in its place.
SECRETS = ("password", "token")

JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"


async def run(exchange, web) -> None:
    """Answers a request of somebody who may ask, as `net.guard.Guard` has it."""
    found = _found(exchange)
    if isinstance(found, bytes):
        return await refuse(exchange, found)
    mark, room, module, name, parts = found
    if mark == "C":
        web.confirm(exchange)
    elif mark != "U":
        raise ValueError(403, b"", '"code":"mark"')
    module = "app.api." + module
    there = module in sys.modules  # as `find` is while there is a search
    await web.room(1024 if there else 1024 * room)
    try:
        await load(module)
        await getattr(sys.modules[module], name)(exchange, web, *parts)
    except (ValueError, OSError) as error:
        from app.api import table

        raise table.said(error, exchange.begun)


def _found(exchange):
    from app.api import table

    try:
        return table.found(exchange)
    finally:
        table = None
        start.forget("app.api.table")


async def load(names: str) -> None:
    """Loads modules one by one, since each takes long enough."""
    for name in names.split():
        __import__(name)
        await sleep_ms(0)


async def answer(exchange, status: int, value) -> None:
    """Answers with a value as JSON."""
    await exchange.answer(status, (json.dumps(value), "\n"), JSON)


async def body(exchange) -> dict:
    """The small object that the request carries; ValueError."""
    try:
        given = json.loads(await exchange.body(256))
    except ValueError as error:
        if error.args and isinstance(error.args[0], int):
            raise
        given = None
    if not isinstance(given, dict):
        raise wrong("request", "", "is not an object")
    return given


def an_id(text: str) -> int:
    """The id in a path; ValueError."""
    if not (text.isdigit() and len(text) < 3 and 1 <= int(text) <= 64):
        raise refused(404, "no_charger", {"id": text[:20]})
    return int(text)


def index_of(chargers, id_: int) -> int:
    """The row of a charger, -1 without."""
    for index in range(len(chargers.drivers)):
        if chargers.ids[index] == id_ and chargers.name(index):
            return index
    return -1


def wrong(where: str, key: str, text: str) -> ValueError:
    """What is to be raised for a wrong value in a small body."""
    return refused(400, "setting", {"where": where, "key": key, "text": text})


def refused(status: int, code: str, about: dict) -> ValueError:
    """What is to be raised; `about`: what the page needs to say it in words."""
    about["code"] = code
    return ValueError(status, b"", json.dumps(about)[1:-1])
