# Finding meters on the line, chargers on the network, and how a charger is wired: one search at a
# time, as a task of its own, whose state is data, so that all code of it goes when it is over.
# What each of them does is in `find_meters` and `find_chargers`.

import asyncio
import json
import sys

from app import log
from app.api.routes import JSON, answer, body, load, refused
from clock import sleep_ms

_MOST = 64

# What can be looked for, and the KB that have to be free for what that loads, besides this.
_SEARCHES = {"meters": 22, "chargers": 16, "wiring": 15}


async def begin(exchange, web, what: str) -> None:
    """POST /api/find/meters, /chargers or /wiring."""
    if what not in _SEARCHES:
        raise ValueError(404)
    given = await body(exchange) if exchange.left else {}
    snapshot = web.snapshot
    if snapshot.find and not snapshot.find["ended"]:
        raise refused(409, "busy", {"what": snapshot.find["what"]})
    find = {"what": what, "done": 0, "of": 0, "found": [], "ended": False, "error": None}
    await web.room(1024 * _SEARCHES[what])
    home = "app.api.find_" + ("meters" if what == "meters" else "chargers")
    await load(home)
    run = getattr(sys.modules[home], what)(snapshot, find, given)
    snapshot.find = find
    find["task"] = asyncio.create_task(_watched(find, run, web))
    await answer(exchange, 202, {})


async def shown(exchange, web) -> None:
    """How far it is, and what was found."""
    await exchange.answer(200, _shown(web.snapshot.find), JSON)


def _shown(find):
    if not find:
        yield '{"what":null,"done":0,"of":0,"found":[],"ended":true,"error":null}\n'
        return
    about = find["what"], find["done"], find["of"]
    yield '{"what":"%s","done":%d,"of":%d,"found":[' % about
    comma = ""
    for one in find["found"]:
        yield comma + one
        comma = ","
    ended = "true" if find["ended"] else "false"
    yield '],"ended":%s,"error":%s}\n' % (ended, json.dumps(find["error"]))


async def end(exchange, web) -> None:
    """Ends the search, and forgets what it has found."""
    find = web.snapshot.find
    if find:
        if find["task"]:
            find["task"].cancel()
        while not find["ended"]:
            await sleep_ms(10)
        web.snapshot.find = None
    await answer(exchange, 200, {})


# Whatever happens in it, it ends, and says how.
async def _watched(find, run, web):
    web.count(1)
    try:
        await run
    except asyncio.CancelledError:
        find["error"] = "cancelled"
    except Exception as error:
        find["error"] = str(error) or repr(error)
        log.warning("finding {}: {}".format(find["what"], find["error"]))
    finally:
        find["ended"] = True
        find["task"] = None  # it would keep all its code in memory
        web.count(-1)


def add(find, one) -> None:
    """Another one was found."""
    if len(find["found"]) < _MOST:
        find["found"].append(json.dumps(one))
