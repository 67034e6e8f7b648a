# Checks the settings by their tables.

import json

from settings.tables import TABLES, rows

_SHOWN = 40


class SettingsError(ValueError):
    """What is wrong with the settings: one line with the key, the value and what was expected."""


def _shown(value) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        return "'" + "".join([c if c >= " " else "?" for c in value[:_SHOWN]]) + "'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and not -(1 << 60) < value < 1 << 60:
        return "a huge number"
    return str(value)[:_SHOWN]


def refuse(name: str, value, wrong: str) -> None:
    """SettingsError; `wrong`: what is wrong with the value."""
    raise SettingsError("{}: {} {}".format(name, _shown(value), wrong))


def filled(where: str, given, table, kept, join: str = ".") -> dict:
    """`given` with the defaults of `table`, its rows, filled in, unknown keys kept; SettingsError.
    `kept(name, value, kind, arguments)` gives what is to be kept of a value."""
    if not isinstance(given, dict):
        refuse(where, given, "is not an object")
    whole = dict(given)
    for key, default, kind, *arguments in table:
        name = where + join + key
        if key not in whole:
            if default == "!":
                raise SettingsError(name + ": is missing and has no default")
            if default == "-":
                continue
            whole[key] = json.loads(default)
        null = kind[0] == "?"
        if not null or whole[key] is not None:
            whole[key] = kept(name, whole[key], kind[null:], arguments)
    return whole


def kept(name: str, value, kind: str, arguments: list):
    """What is to be kept of a value of one of the kinds here; SettingsError."""
    if kind == "group":
        return filled(name, value, rows(TABLES, arguments[0]), kept)
    if kind == "special":
        from settings import special

        return special.group(name, value, arguments[0])
    wrong = _wrong(value, kind, arguments)
    if wrong:
        refuse(name, value, wrong)
    return value


# What is wrong with a value, "" for nothing.
def _wrong(value, kind, arguments):
    wrong = ""
    if kind == "whole":
        wrong = _wrong_number(value, *arguments)
    elif kind == "text":
        wrong = _wrong_text(value, int(arguments[0]))
    elif kind == "one_of":
        wrong = _wrong_choice(value, [json.loads(one) for one in arguments])
    elif kind == "flag" and not isinstance(value, bool):
        wrong = "is not true or false"
    elif kind == "module" and not _is_module(value):
        wrong = "is not a name of 1..32 of a..z, 0..9 and _"
    elif kind == "url" and not _is_url(value):
        wrong = "is not http://A.B.C.D or http://A.B.C.D:PORT"
    elif kind == "phases" and not _is_phases(value):
        wrong = "is not one to three different of 1, 2 and 3, or ?"
    return wrong


def _wrong_choice(value, values):
    if isinstance(value, (float, bool)) or value not in values:
        return "is not one of " + ", ".join([str(one) for one in values])
    return ""


def _wrong_number(value, low, high, unit=""):
    span = "{}..{} {}".format(low, high, unit).rstrip()
    if not isinstance(value, int) or isinstance(value, bool):
        return "is not a whole number of " + span
    if int(low) <= value <= int(high):
        return ""
    return "{} is {} {}".format(unit, "below" if value < int(low) else "above", span).strip()


def _wrong_text(value, size):
    if not isinstance(value, str):
        return "is not a text of up to {} bytes".format(size)
    for char in value:
        if char < " " or char == "\x7f" or "\ud7ff" < char < "\ue000":
            return "has a control character or half a character in it"
    return "is longer than {} bytes".format(size) if len(value.encode()) > size else ""


# The name of a file without its extension: drivers and meters are imported by it.
def _is_module(value):
    fine = isinstance(value, str) and 1 <= len(value) <= 32 and "a" <= value[0] <= "z"
    return fine and not [c for c in value if not ("a" <= c <= "z" or "0" <= c <= "9" or c == "_")]


def _is_url(value):
    from settings.url import split_url

    try:
        split_url(value)
    except ValueError:
        return False
    return True


# The grid phase on the charger's L1, L2, L3.
def _is_phases(value):
    if not isinstance(value, str) or not 1 <= len(value) <= 3:
        return False
    for at in range(len(value)):
        if value[at] not in "123" or value[at] in value[:at]:
            return value == "?"
    return True


def check_site(given: dict) -> dict:
    """`given` with the defaults filled in, unknown keys kept; SettingsError.

    Where `largest_consumer_ma` is absent it is 32000, or `limit_ma` where that is less.
    `"meter": null` is static load management; an absent meter is the default one.
    """
    site = filled("site.json", given, rows(TABLES, "site"), kept, ": ")
    limit = site["limit_ma"]
    if "largest_consumer_ma" not in given:
        site["largest_consumer_ma"] = min(site["largest_consumer_ma"], limit)
    _within("site.json", site, "largest_consumer_ma", "limit_ma")
    _within("site.json", site, "without_meter_ma", "supply_ma")
    meter = site["meter"]
    if meter is not None and ("map" in meter or meter["type"] == "own"):
        from settings import special

        special.check_map("site.json: meter.map", meter)
    return site


def check_charger(given: dict, where: str = "chargers.jsonl") -> dict:
    """One line of chargers.jsonl with the defaults filled in; SettingsError, after `where`.

    `user`, `password` and `token` stay absent where they are not given.
    """
    charger = filled(where, given, rows(TABLES, "charger"), kept, ": ")
    if charger["min_ma"] is not None:
        _within(where, charger, "min_ma", "max_ma")
    return charger


def _within(where: str, settings: dict, key: str, bound: str) -> None:
    if settings[key] > settings[bound]:
        wrong = "mA is above {}, {} mA".format(bound, settings[bound])
        refuse(where + ": " + key, settings[key], wrong)
