# What is shown of the settings and of the last day; streamed, one charger at a time.

import json

from app.api.routes import JSON, SECRETS
from settings.schema import SettingsError
from settings.store import LINE_SIZE, SITE_SIZE, parsed, read_chargers, read_site

_FILE = b'Content-Disposition: attachment; filename="%s"\r\n'


async def settings(exchange, web) -> None:
    """The settings in force with their defaults, secrets as `true`, and the fields."""
    await exchange.answer(200, _settings(web.snapshot.path), JSON)


def _settings(data_dir):
    from settings.fields import fields

    yield from _site(data_dir)
    yield ',"chargers":'
    yield from shown_chargers(data_dir)
    yield ',"fields":'
    yield from fields(SECRETS)
    yield "}\n"


def _site(data_dir):
    try:
        yield '{"site":' + json.dumps(read_site(data_dir))
    except SettingsError as error:
        yield '{"site":null,"error":' + json.dumps(str(error))


def shown_chargers(data_dir: str):
    """Yields the list of the chargers without secrets, a bad line as its number and error."""
    comma = "["
    for line, charger, error in read_chargers(data_dir):
        if charger is None:
            charger = {"line": line, "error": error}
        for key in SECRETS:
            if charger.get(key):
                charger[key] = True
        yield comma + json.dumps(charger)
        comma = ","
    yield "]" if comma == "," else "[]"


async def backup(exchange, web) -> None:
    """Both files as one, as they are, secrets and all; bad lines are left out."""
    pieces = _backup(web.snapshot.path)
    await exchange.answer(200, pieces, JSON + _FILE % b"amprail-backup.json")


def _backup(data_dir):
    yield '{"site":\n'
    with open(data_dir + "/site.json", "rb") as file:
        raw = file.read(SITE_SIZE)
    yield raw if _is_object(raw) else "null"
    yield ',\n"chargers":['
    comma = "\n"
    for raw in _lines(data_dir):
        if _is_object(raw):
            yield comma
            yield raw.strip()
            comma = ",\n"
    yield "\n]}\n"


# A line that is too long comes in parts, none of which is an object.
def _is_object(raw):
    try:
        return isinstance(parsed("", raw), dict)
    except SettingsError:
        return False


def _lines(data_dir):
    try:
        file = open(data_dir + "/chargers.jsonl", "rb")
    except OSError:
        return
    with file:
        while True:
            raw = file.readline(LINE_SIZE + 2)
            if not raw:
                break
            yield raw
