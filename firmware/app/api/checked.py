# Checks what a request wants to be settings. The tables are the largest thing that is loaded for
# a request, so this goes, with them, before the change is made.

import json

from app import start
from app.api.routes import SECRETS
from settings.schema import SettingsError

_MODULES = "app.api.checked settings.strict settings.schema settings.special settings.store"
_LINE_SIZE = 1024


def parsed(raw) -> dict:
    """The object in `raw`, strictly JSON; SettingsError."""
    from settings import strict

    try:
        given = strict.loads(bytes(raw).decode())
    except ValueError as error:
        raise SettingsError("request: is not JSON in UTF-8: {}".format(error))
    finally:
        start.forget("settings.strict")
    if not isinstance(given, dict):
        raise SettingsError("request: is not an object")
    return given


def site(raw, path: str) -> tuple:
    """The checked site.json in `raw`, and the one in force; SettingsError."""
    from settings.schema import check_site

    return check_site(parsed(raw)), former_site(path)


def former_site(path: str) -> dict:
    """site.json as it is; hardly anything of it where it cannot be read."""
    from settings.schema import check_site

    try:
        with open(path + "/site.json") as file:
            return check_site(json.load(file))
    except (OSError, ValueError):
        return {"meter": -1, "minimum": {"auto": True}, "limit_ma": 0}


def charger(given: dict, id_: int, old) -> tuple:
    """The checked charger and its line for the file. A secret given as `true` is the one of `old`,
    the line that was there, or None; SettingsError."""
    from settings.schema import check_charger

    if given.setdefault("id", id_) != id_:
        raise SettingsError("charger: id: is not the {} of the path".format(id_))
    for key in SECRETS:
        if given.get(key) is True:
            del given[key]
            if old and key in old:
                given[key] = old[key]
    whole = check_charger(given, "charger")
    line = json.dumps(given).encode()
    if len(line) > _LINE_SIZE:
        raise SettingsError("charger: is longer than {} bytes".format(_LINE_SIZE))
    return whole, line


def forget() -> None:
    """Lets all that checks go."""
    start.forget(*_MODULES.split())
