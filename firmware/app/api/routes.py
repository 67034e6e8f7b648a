# The routes that are asked for rarely, in a table like that of `web`. This module, and those that
# answer, are loaded for a request and let go again when no other one needs them.

import json
import sys

from app.web import need, refuse
from clock import sleep_ms

# Method, path (* is one part of it, given to the function), mark, module, function: in one
# string, since as tuples they would take 4 KB.
ROUTES = """\
GET /api/settings U shown settings
GET /api/backup U shown backup
PUT /api/backup C restore restore
PUT /api/site U put_site put
PUT /api/chargers/* U put_charger put
DELETE /api/chargers/* C delete delete
POST /api/chargers/*/pause U touch pause
POST /api/chargers/*/priority U touch priority
GET /api/history U plot history
POST /api/find/* U find begin
GET /api/find U find shown
DELETE /api/find U find end
GET /api/log U trouble lines
GET /api/report U trouble report
"""

# What is never shown, and kept where a change gives `true` in its place.
SECRETS = ("password", "token")

JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"

# The KB that have to be free for a module, with what it loads; 4 for others. Measured, as the sum
# of what is loaded at a time, and 3 for what is read, for holes and for the tasks.
_ROOMS = "put_site 13 put_charger 14 delete 11 shown 11 find 9 restore 23 "


async def run(exchange, web) -> None:
    """Answers a request of somebody who may ask, as `net.guard.Guard` has it."""
    found, allow = _find(exchange)
    if not found:
        return await refuse(exchange, allow)
    _, pattern, mark, module, name = found
    if mark == "C":
        web.confirm(exchange)
    elif mark != "U":
        raise ValueError(403, b"", '"code":"mark"')
    try:
        function = await _loaded(module, name)
        await function(exchange, web, *_parts(pattern, exchange.path.decode()))
    except ValueError as error:  # SettingsError, which is not loaded, and what a driver says
        if type(error).__name__ != "SettingsError" and str(error)[:16] != "chargers.jsonl: ":
            raise
        raise refused(400, "setting", _wrong(str(error)))
    except OSError as error:
        if exchange.begun or not isinstance(error.args[0], int) or error.errno not in _DISK:
            raise
        raise refused(507, "not_saved", {"text": _DISK[error.errno]})


async def _loaded(module, name):
    rest = _ROOMS.partition(module + " ")[2]
    there = "app.api." + module in sys.modules  # as `find` is while there is a search
    need(1024 if there else 1024 * int(rest.split(" ")[0] or 4))
    await load("app.api." + module)
    return getattr(sys.modules["app.api." + module], name)


async def load(names: str) -> None:
    """Loads modules one by one, since each takes long enough."""
    for name in names.split():
        __import__(name)
        await sleep_ms(0)


# What the file system says when it could not write.
_DISK = {
    5: "the flash fails",
    28: "the flash is full",
    27: "the file is too large",
    30: "read-only",
}


def _find(exchange):
    method = exchange.method.decode()
    path = exchange.path.decode()
    allow = b""
    for line in ROUTES.split("\n")[:-1]:
        route = line.split()
        if _parts(route[1], path) is not None:
            if route[0] == method:
                return route, b""
            allow += b", " + route[0].encode()
    return None, allow


# What stands for the stars of a pattern; None where the path is another one.
def _parts(pattern, path):
    wanted = pattern.split("/")
    given = path.split("/")
    if len(wanted) != len(given):
        return None
    parts = []
    for want, got in zip(wanted, given):
        if want == "*" and got:
            parts.append(got)
        elif want != got:
            return None
    return parts


# "site.json: meter.baud: 5 is not one of ..." in its parts.
def _wrong(text):
    where, _, rest = text.partition(": ")
    key, colon, words = rest.partition(": ")
    if not colon:
        key, words = "", rest
    return {"where": where, "key": key, "text": words or where}


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
