# Checks what a request wants to be settings. The tables are the largest thing that is loaded for
# a request, so this goes, with them, before the change is made; and they come when the check of
# the JSON has gone.

import json

from app import start
from app.api.routes import SECRETS, load

_MODULES = "app.api.checked settings.strict settings.schema settings.special settings.tables"
_LINE_SIZE = 1024

# Whoever changes another one of a charger proves the password (as in `put_site`): with wrong
# `phases`, a low `fallback_ma` or a `watchdog_s` that is none it would be booked at less than it
# may draw, `max_ma` is what its own cable carries, and by another `url`, driver or login it could
# not be told to stop, and its password would be sent to whoever is there.
_FREE = ("id", "name", "priority", "weight", "min_ma")


async def parsed(raw) -> dict:
    """The object in `raw`, strictly JSON; then the tables are there. ValueError."""
    await load("settings.strict")
    from settings import strict

    wrong = "request: is not an object"
    given = None
    try:
        given = strict.loads(bytes(raw).decode())
    except ValueError as error:
        wrong = "request: is not JSON in UTF-8: {}".format(error)
    strict = None
    start.forget("settings.strict")
    await load("settings.schema")
    if not isinstance(given, dict):
        raise settings_error(wrong)
    return given


def settings_error(text: str) -> ValueError:
    """A SettingsError, once the tables are there."""
    from settings.schema import SettingsError

    return SettingsError(text)


async def site(raw, snapshot) -> tuple:
    """The checked site.json in `raw`, and the one in force; SettingsError."""
    given = await parsed(raw)
    from settings.schema import check_site

    return check_site(given), former_site(snapshot)


def former_site(snapshot) -> dict:
    """The site.json in force; hardly anything of it where none is (limit 0), whatever the file
    says, or where it can be read no more."""
    from settings.schema import check_site

    if snapshot.cycle.grid.limit_ma:
        try:
            with open(snapshot.path + "/site.json") as file:
                return check_site(json.load(file))
        except (OSError, ValueError):
            pass  # somebody changed it since
    return {"meter": -1, "minimum": {"auto": True}, "limit_ma": 0}


def charger(given: dict, id_: int, old) -> tuple:
    """The checked charger, its line for the file, and whether it wants a proof. A secret given as
    `true` is the one of `old`, the line that was there, or None; SettingsError."""
    from settings.schema import check_charger

    if given.setdefault("id", id_) != id_:
        raise settings_error("charger: id: is not the {} of the path".format(id_))
    for key in SECRETS:
        if given.get(key) is True:
            del given[key]
            if old and key in old:
                given[key] = old[key]
    whole = check_charger(given, "charger")
    line = json.dumps(given).encode()
    if len(line) > _LINE_SIZE:
        raise settings_error("charger: is longer than {} bytes".format(_LINE_SIZE))
    return whole, line, old is not None and _is_other(whole, old)


def _is_other(whole, old):
    from settings.schema import SettingsError, check_charger

    try:
        return _bound(whole) != _bound(check_charger(old))
    except SettingsError:  # it is reserved for
        return True


def _bound(charger):
    return {key: charger[key] for key in charger if key not in _FREE}


def forget() -> None:
    """Lets all that checks go."""
    start.forget(*_MODULES.split())
