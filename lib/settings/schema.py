# Every setting with its unit, range and default, in two tables: site.json and one line of
# chargers.jsonl. Names, ranges and defaults are a contract with the tools, the page and every
# device in the field: add to them, never change their meaning.

# Instead of a default: there is none, or the key may stay absent.
_REQUIRED = object()
_OPTIONAL = object()

_SHOWN = 40


class SettingsError(ValueError):
    """What is wrong with the settings: one line with the key, the value and what was expected."""


def _shown(value) -> str:
    if isinstance(value, dict):
        return "an object"
    if isinstance(value, (list, tuple)):
        return "a list"
    if isinstance(value, str):
        return "'" + "".join(c if c >= " " else "?" for c in value[:_SHOWN]) + "'"
    if isinstance(value, bool) or value is None:
        return {True: "true", False: "false", None: "null"}[value]
    if isinstance(value, int) and not -(1 << 60) < value < 1 << 60:
        return "a huge number"
    return str(value)[:_SHOWN]


def _refuse(name: str, value, wrong: str) -> None:
    raise SettingsError("{}: {} {}".format(name, _shown(value), wrong))


# The kinds of value: functions that refuse a wrong value of the setting `name` and return what is
# to be kept. A row of the tables is key, default, kind and what the kind asks for after the value.


def _whole(name: str, value, low: int, high: int, unit: str = "") -> int:
    span = "{}..{}{}".format(low, high, " " + unit if unit else "")
    if not isinstance(value, int) or isinstance(value, bool):
        _refuse(name, value, "is not a whole number of " + span)
    if not low <= value <= high:
        side = "below" if value < low else "above"
        _refuse(name, value, "{} is {} {}".format(unit, side, span).strip())
    return value


def _or_null(name: str, value, kind, *arguments):
    return None if value is None else kind(name, value, *arguments)


def _one_of(name: str, value, *values):
    if isinstance(value, (float, bool)) or value not in values:
        _refuse(name, value, "is not one of " + ", ".join([str(one) for one in values]))
    return value


def _flag(name: str, value) -> bool:
    if not isinstance(value, bool):
        _refuse(name, value, "is not true or false")
    return value


def _text(name: str, value, size: int) -> str:
    if not isinstance(value, str):
        _refuse(name, value, "is not a text of up to {} bytes".format(size))
    for char in value:
        if char < " " or char == "\x7f" or "\ud7ff" < char < "\ue000":
            _refuse(name, value, "has a control character or half a character in it")
    if len(value.encode()) > size:
        _refuse(name, value, "is longer than {} bytes".format(size))
    return value


# The name of a file without its extension: drivers and meters are imported by it.
def _module(name: str, value) -> str:
    fine = isinstance(value, str) and 1 <= len(value) <= 32 and "a" <= value[0] <= "z"
    if not fine or [c for c in value if not ("a" <= c <= "z" or "0" <= c <= "9" or c == "_")]:
        _refuse(name, value, "is not a name of 1..32 of a..z, 0..9 and _")
    return value


def _url(name: str, value) -> str:
    try:
        split_url(value)
    except ValueError:
        _refuse(name, value, "is not http://A.B.C.D or http://A.B.C.D:PORT")
    return value


# The grid phase on the charger's L1, L2, L3.
def _phases(name: str, value) -> str:
    fine = isinstance(value, str) and 1 <= len(value) <= 3
    if value != "?" and not (fine and _distinct_phases(value)):
        _refuse(name, value, "is not one to three different of 1, 2 and 3, or ?")
    return value


def _distinct_phases(value: str) -> bool:
    for at in range(len(value)):
        if value[at] not in "123" or value[at] in value[:at]:
            return False
    return True


# What the generic driver sends: [["GET", "/path?with={a}", null or a body]], one after the other.
def _requests(name: str, value) -> list:
    fine = isinstance(value, list) and 1 <= len(value) <= 4
    for request in value if fine else ():
        fine = fine and isinstance(request, list) and len(request) == 3
        fine = fine and request[0] in ("GET", "POST", "PUT", "PATCH")
        fine = fine and _is_path(request[1])
        fine = fine and (
            request[2] is None or (isinstance(request[2], str) and len(request[2]) <= 200)
        )
    if not fine:
        _refuse(name, value, 'is not 1 to 4 of ["GET", "/path", null or a body]')
    return value


def _path(name: str, value) -> str:
    if not _is_path(value):
        _refuse(name, value, "is not a path of up to 120 characters that begins with /")
    return value


def _is_path(value) -> bool:
    fine = isinstance(value, str) and value[:1] == "/" and len(value) <= 120
    return fine and min(value) > " " and max(value) < "\x7f"


# What the charger says for a state, to a letter of IEC 61851-1.
def _states(name: str, value) -> dict:
    fine = isinstance(value, dict) and 1 <= len(value) <= 16
    for said in value if fine else ():
        fine = fine and len(said) <= 20 and isinstance(value[said], str)
        fine = fine and len(value[said]) == 1 and value[said] in "ABCDEF"
    if not fine:
        _refuse(name, value, 'is not an object as {"1": "A", "2": "B", "3": "C"}')
    return value


def _three(name: str, value) -> list:
    if not isinstance(value, list) or len(value) != 3:
        _refuse(name, value, "is not a list of three places in the answer")
    return [_text(name, one, 60) for one in value]


def _group(name: str, value, table: tuple) -> dict:
    return _filled(name, value, table, ".")


_MINIMUM = (
    ("auto", True, _flag),
    ("one_phase_ma", 6000, _whole, 6000, 16000, "mA"),
    ("three_phase_ma", 6000, _whole, 6000, 16000, "mA"),
)


# A group in which a key that is not known is a wrong one: a scale by a wrong name is none.
def _strict_group(name: str, value, table: tuple) -> dict:
    known = [row[0] for row in table]
    if isinstance(value, dict):
        for key in value:
            if key not in known:
                _refuse(name, key, "is not one of " + ", ".join(known))
    return _filled(name, value, table, ".")


def _registers(name: str, value) -> list:
    if not isinstance(value, list) or len(value) not in (1, 3):
        _refuse(name, value, "is not a list of one or three registers")
    for register in value:
        _whole(name, register, 0, 65534)
        if value.count(register) > 1:
            _refuse(name, register, "is there twice, expected a register for each phase")
    return value


def _measured(least: int, most: int) -> tuple:
    return (
        ("registers", _REQUIRED, _registers),
        ("type", _REQUIRED, _one_of, "float32", "int32", "uint32", "int16", "uint16"),
        ("order", "ABCD", _one_of, "ABCD", "CDAB", "BADC", "DCBA"),
        ("exponent", 0, _whole, least, most),
    )


# A map of one's own: a value is its registers, times ten to the power of `exponent`, in A, W or V.
_MAP = (
    ("function", _REQUIRED, _one_of, 3, 4),
    ("max_registers", 60, _whole, 2, 125),
    ("pause_ms", 0, _whole, 0, 500, "ms"),
    ("current", _REQUIRED, _strict_group, _measured(-6, 0)),
    ("power", _OPTIONAL, _strict_group, _measured(-3, 3)),
    ("voltage", _OPTIONAL, _strict_group, _measured(-4, 3)),
)

_METER = (
    ("type", "eastron_sdm630", _module),
    ("map", _OPTIONAL, _strict_group, _MAP),
    ("phase", 1, _whole, 1, 3),
    ("address", 1, _whole, 1, 247),
    ("baud", 9600, _one_of, 1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200),
    ("parity", "N", _one_of, "N", "E", "O"),
    ("stop", 1, _one_of, 1, 2),
    ("invert", False, _flag),
    ("lost_after_s", 10, _whole, 3, 30, "s"),
)

_SITE = (
    ("name", "amprail", _text, 32),
    ("limit_ma", _REQUIRED, _whole, 16000, 524000, "mA"),
    ("largest_consumer_ma", 32000, _whole, 16000, 524000, "mA"),
    ("margin_pct", 0, _whole, 0, 50, "%"),
    ("surge_pct", 140, _whole, 100, 145, "%"),
    ("supply_ma", _REQUIRED, _whole, 6000, 2048000, "mA"),
    ("without_meter_ma", 0, _whole, 0, 2048000, "mA"),
    ("rotation_s", 900, _whole, 60, 86400, "s"),
    ("pv", False, _flag),
    ("minimum", {}, _group, _MINIMUM),
    ("meter", {}, _or_null, _group, _METER),
)

_GENERIC = (
    ("set", _REQUIRED, _requests),
    ("pause", None, _or_null, _requests),
    ("success", "", _text, 32),
    ("status", _REQUIRED, _path),
    ("state", _REQUIRED, _text, 60),
    ("states", _REQUIRED, _states),
    ("allowed", _REQUIRED, _text, 60),
    ("allowed_per_a", 1, _one_of, 1, 10, 100, 1000),
    ("paused", "", _text, 60),
    ("currents", None, _or_null, _three),
    ("currents_per_a", 1, _one_of, 1, 10, 100, 1000),
    ("step_ma", 1000, _whole, 1, 1000, "mA"),
    ("write_every_s", 5, _whole, 0, 60, "s"),
)

# Only id, driver and url have no default in the contract. A name helps people, a number will do.
_CHARGER = (
    ("id", _REQUIRED, _whole, 1, 64),
    ("name", "", _text, 32),
    ("driver", _REQUIRED, _module),
    ("url", _REQUIRED, _url),
    ("phases", "123", _phases),
    ("max_ma", 16000, _whole, 6000, 32000, "mA"),
    ("min_ma", None, _or_null, _whole, 6000, 32000, "mA"),
    ("fallback_ma", None, _or_null, _whole, 0, 32000, "mA"),
    ("watchdog_s", None, _or_null, _whole, 5, 3600, "s"),
    ("priority", 0, _whole, -10, 10),
    ("weight", 1, _whole, 1, 8),
    ("user", _OPTIONAL, _text, 64),
    ("password", _OPTIONAL, _text, 64),
    ("token", _OPTIONAL, _text, 64),
    ("generic", _OPTIONAL, _group, _GENERIC),
)


# For settings/fields.py, which shows the tables: what stands for a default, and the kinds.
KINDS = (_REQUIRED, _OPTIONAL, _whole, _or_null, _one_of, _flag, _text, _module, _url, _phases)
KINDS += (_requests, _path, _states, _three, _registers, _group, _strict_group)


def _filled(where: str, given, table: tuple, join: str = ": ") -> dict:
    if not isinstance(given, dict):
        _refuse(where, given, "is not an object")
    whole = dict(given)
    for row in table:
        key, default, kind = row[:3]
        name = where + join + key
        if key not in whole:
            if default is _REQUIRED:
                raise SettingsError(name + ": is missing and has no default")
            if default is _OPTIONAL:
                continue
            whole[key] = default
        whole[key] = kind(name, whole[key], *row[3:])
    return whole


def rows(site: bool) -> tuple:
    """That of site.json or of a charger: a tuple of (key, default, kind, arguments...)."""
    return _SITE if site else _CHARGER


def check_site(given: dict) -> dict:
    """`given` with the defaults filled in, unknown keys kept; SettingsError.

    Where `largest_consumer_ma` is absent it is 32000, or `limit_ma` where that is less.
    `"meter": null` is static load management; an absent meter is the default one.
    """
    site = _filled("site.json", given, _SITE)
    limit = site["limit_ma"]
    if "largest_consumer_ma" not in given:
        site["largest_consumer_ma"] = min(site["largest_consumer_ma"], limit)
    _within("site.json", site, "largest_consumer_ma", "limit_ma")
    _within("site.json", site, "without_meter_ma", "supply_ma")
    if site["meter"] is not None:
        _check_map("site.json: meter.map", site["meter"])
    return site


def _check_map(name: str, meter: dict) -> None:
    map = meter.get("map")
    if map is None:
        if meter["type"] == "own":
            raise SettingsError(name + ': is missing, and "type": "own" needs it')
        return
    if meter["type"] != "own":
        _refuse(name, meter["type"], 'is the type of the meter, expected "own" with a map')
    count = len(map["current"]["registers"])
    for key in ("power", "voltage"):
        if key in map and len(map[key]["registers"]) != count:
            where = "{}.{}.registers".format(name, key)
            _refuse(where, map[key]["registers"], "is not as long as that of current")
    if "power" not in map and map["current"]["type"][0] == "u":
        text = "{}.power: is missing, and a current of type {} has no sign: expected one of them"
        raise SettingsError(text.format(name, map["current"]["type"]))


def check_charger(given: dict, where: str = "chargers.jsonl") -> dict:
    """One line of chargers.jsonl with the defaults filled in; SettingsError, after `where`.

    `user`, `password` and `token` stay absent where they are not given.
    """
    charger = _filled(where, given, _CHARGER)
    if charger["min_ma"] is not None:
        _within(where, charger, "min_ma", "max_ma")
    return charger


def _within(where: str, settings: dict, key: str, bound: str) -> None:
    if settings[key] > settings[bound]:
        wrong = "mA is above {}, {} mA".format(bound, settings[bound])
        _refuse(where + ": " + key, settings[key], wrong)


def split_url(url: str) -> tuple:
    """`http://A.B.C.D[:port]` as (host, port); ValueError. Names are refused: looking one up
    blocks MicroPython for seconds."""
    if not isinstance(url, str) or url[:7] != "http://" or len(url) > 28:
        raise ValueError("not http://A.B.C.D[:port]")
    host, colon, port = url[7:].partition(":")
    parts = host.split(".")
    if len(parts) != 4:
        raise ValueError("not an IPv4 address")
    for part in parts:
        _decimal(part, 0, 255)
    return host, _decimal(port, 1, 65535) if colon else 80


def _decimal(digits: str, low: int, high: int) -> int:
    if not 1 <= len(digits) <= 5 or (digits[0] == "0" and digits != "0"):
        raise ValueError("not a decimal number")
    for char in digits:
        if not "0" <= char <= "9":
            raise ValueError("not a decimal number")
    if not low <= int(digits) <= high:
        raise ValueError("not in {}..{}".format(low, high))
    return int(digits)
