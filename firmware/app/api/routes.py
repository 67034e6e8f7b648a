# The routes that are asked for rarely, in a table like that of `web`. This module, and those that
# answer, are loaded for a request and let go again when no other one needs them.

import json
import sys

from app import start
from app.web import USER, refuse
from clock import sleep_ms

# Method, path (* is one part of it, given to the function), mark, module, function: in one
# string, since as tuples they would take 4 KB.
ROUTES = """\
GET /api/settings user shown settings
GET /api/backup user shown backup
PUT /api/backup user restore restore
PUT /api/site user change put_site
PUT /api/chargers/* user change put_charger
DELETE /api/chargers/* user change delete_charger
POST /api/chargers/*/pause user touch pause
POST /api/chargers/*/priority user touch priority
GET /api/history user plot history
POST /api/find/* user find begin
GET /api/find user find shown
DELETE /api/find user find end
GET /api/log user trouble lines
GET /api/report user trouble report
"""

# What is never shown, and kept where a change gives `true` in its place.
SECRETS = ("password", "token")

JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"

# Marks, as in `web`.
_MARKS = {"user": USER}

# The bytes that a module needs to be free, and what it needs to be loaded, one by one, since each
# takes long enough.
_LEAST_ROOM = 8192
_CHECKED = "settings.schema app.api.checked "
_NEEDS = {
    "app.api.change": (30720, _CHECKED),
    "app.api.shown": (30720, "settings.strict settings.schema settings.store"),
    "app.api.trouble": (30720, ""),
    "app.api.find": (24576, ""),
    "app.api.restore": (
        45056,
        _CHECKED + "settings.store settings.pieces settings.writer app.api.lines "
        "app.api.site settings.live app.api.applied",
    ),
}


class Refused(Exception):
    """Arguments: the status, the code, and what the page needs to say it in words (a dict)."""


async def run(exchange, web) -> None:
    """Answers a request, as `net.guard.Guard` has it."""
    found, allow = _find(exchange)
    if not found:
        return await refuse(exchange, allow)
    _, pattern, mark, module, name = found
    if _MARKS.get(mark) != USER:
        raise ValueError(403)
    module = "app.api." + module
    room, needs = _NEEDS.get(module, (_LEAST_ROOM, ""))
    if not start.has_room(room):
        return await answer(exchange, 503, {"error": {"code": "no_memory", "needed": room}})
    for needed in needs.split():
        __import__(needed)
        await sleep_ms(0)
    __import__(module)
    function = getattr(sys.modules[module], name)
    try:
        await function(exchange, web, *_parts(pattern, exchange.path.decode()))
    except Refused as refused:
        status, code, about = refused.args
    except ValueError as error:  # SettingsError, which is not loaded, and what a driver says
        if type(error).__name__ != "SettingsError" and str(error)[:16] != "chargers.jsonl: ":
            raise
        status, code, about = 400, "setting", _wrong(str(error))
    except OSError as error:
        if exchange.begun or not isinstance(error.args[0], int) or error.errno not in _DISK:
            raise
        status, code, about = 507, "not_saved", {"text": _DISK[error.errno]}
    else:
        return
    about["code"] = code
    await answer(exchange, status, {"error": about})
    if exchange.left:
        await exchange.linger()


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
    """The small object that the request carries; Refused, ValueError(413)."""
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
    """The id in a path; Refused."""
    if not (text.isdigit() and len(text) < 3 and 1 <= int(text) <= 64):
        raise Refused(404, "no_charger", {"id": text[:20]})
    return int(text)


def index_of(chargers, id_: int) -> int:
    """The row of a charger, -1 without."""
    for index in range(len(chargers.drivers)):
        if chargers.ids[index] == id_ and chargers.name(index):
            return index
    return -1


def wrong(where: str, key: str, text: str) -> Refused:
    """What is to be raised for a wrong value in a small body."""
    return Refused(400, "setting", {"where": where, "key": key, "text": text})
