# What is shown of the settings and of the last day; streamed, one charger at a time.

import json

from app.api.routes import JSON, SECRETS
from settings.schema import SettingsError
from settings.store import LINE_SIZE, read_chargers, read_site

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
    with open(data_dir + "/site.json") as file:
        yield '{"site":\n'
        yield json.dumps(json.load(file))
    yield ',\n"chargers":['
    comma = "\n"
    for charger in _whole_lines(data_dir):
        yield comma + json.dumps(charger)
        comma = ",\n"
    yield "\n]}\n"


# A line that is too long comes in parts, none of which is an object.
def _whole_lines(data_dir):
    try:
        file = open(data_dir + "/chargers.jsonl", "rb")
    except OSError:
        return
    with file:
        while True:
            raw = file.readline(LINE_SIZE + 2)
            if not raw:
                break
            try:
                charger = json.loads(raw)
            except ValueError:
                continue
            if isinstance(charger, dict):
                yield charger
