# What is shown of the settings and of the last day; streamed, one charger at a time.

import json
import os

from app.api.routes import JSON, SECRETS, load
from micropython import const
from settings.raw import parts

_FILE = b'Content-Disposition: attachment; filename="%s"\r\n'
_SITE_SIZE = const(8192)  # as in settings.store, which is larger than this
_CHARGERS = const(64)


async def settings(exchange, web) -> None:
    """The settings in force with their defaults, secrets as `true`, and the fields."""
    await load("settings.tables settings.special_tables settings.fields")
    await exchange.answer(200, _settings(web.snapshot), JSON)


def _settings(snapshot):
    from settings.fields import fields

    yield '{"site":'
    yield from shown_site(snapshot)
    yield ',"chargers":'
    yield from shown_chargers(snapshot.path, snapshot.lines)
    yield ',"fields":'
    yield from fields(SECRETS)
    yield "}\n"


def shown_site(snapshot):
    """Yields site.json with its defaults, or null, and why as `error` beside it unless there is
    none."""
    if not snapshot.cycle.grid.limit_ma:
        yield "null"
        for one in snapshot.lines:
            if one.startswith('{"code":"bad_site"'):
                yield ',"error":' + json.dumps(json.loads(one)["error"])
        return
    from settings.tables import with_defaults

    try:
        with open(snapshot.path + "/site.json") as file:
            yield json.dumps(with_defaults(json.load(file), "site"))
    except (OSError, ValueError, TypeError, KeyError) as error:  # somebody changed it since
        yield 'null,"error":' + json.dumps(str(error))


def shown_chargers(data_dir: str, bad: list):
    """Yields the list of the chargers without secrets, a bad line as its number and error. `bad`:
    what was said of those before, as JSON."""
    errors = {}
    for one in bad:
        one = json.loads(one)
        errors[one.get("line")] = one["error"]
    comma = "["
    count = shown = 0
    for number, raw in parts(data_dir):
        if raw.strip() and number != shown:
            count += 1
            shown = number
            yield comma + json.dumps(_shown(raw, number, count, errors))
            comma = ","
    yield "]" if comma == "," else "[]"


def _shown(raw, number, count, errors):
    from settings.tables import with_defaults

    try:
        if number in errors or count > _CHARGERS:
            raise ValueError(errors.get(number, "more than {} chargers".format(_CHARGERS)))
        charger = with_defaults(json.loads(raw), "charger")
    except (ValueError, TypeError) as error:
        return {"line": number, "error": str(error)}
    for key in SECRETS:
        if charger.get(key):
            charger[key] = True
    return charger


async def backup(exchange, web) -> None:
    """Both files as one, as they are, secrets and all; bad lines are left out."""
    pieces = _backup(web.snapshot.path)
    await exchange.answer(200, pieces, JSON + _FILE % b"amprail-backup.json")


def _backup(data_dir):
    yield '{"site":\n'
    try:
        size = min(os.stat(data_dir + "/site.json")[6], _SITE_SIZE)
        with open(data_dir + "/site.json", "rb") as file:
            raw = file.read(size)  # which takes so much memory at once
    except OSError:
        raw = b""
    yield raw if _is_object(raw) else "null"
    yield ',\n"chargers":['
    comma = "\n"
    for _, raw in parts(data_dir):
        if _is_object(raw):
            yield comma
            yield raw.strip()
            comma = ",\n"
    yield "\n]}\n"


# A line that is too long comes in parts, none of which is an object.
def _is_object(raw):
    from settings import strict

    try:
        return isinstance(strict.loads(raw.decode()), dict)
    except ValueError:
        return False
