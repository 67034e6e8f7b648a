# What few settings have: a map of one's own for a meter, and a charger that is asked as the user
# says. As in `schema`, which loads this when there is one.

from settings.schema import SettingsError, filled, kept, refuse
from settings.special_tables import TABLES
from settings.tables import rows


def group(name: str, value, table: str) -> dict:
    """The value with the defaults of a table here; SettingsError."""
    if table == "generic":
        return filled(name, value, rows(TABLES, table), _kept)
    return _exact(name, value, table)


# A group in which a key that is not known is a wrong one: a scale by a wrong name is none.
def _exact(name, value, table):
    known = [row[0] for row in rows(TABLES, table)]
    if isinstance(value, dict):
        for key in value:
            if key not in known:
                refuse(name, key, "is not one of " + ", ".join(known))
    return filled(name, value, rows(TABLES, table), _kept)


def _kept(name, value, kind, arguments):
    if kind == "exact":
        return _exact(name, value, arguments[0])
    if kind == "registers":
        return _registers(name, value)
    if kind == "three":
        return _three(name, value)
    if kind == "requests" and not _is_requests(value):
        refuse(name, value, 'is not 1 to 4 of ["GET", "/path", null or a body]')
    if kind == "path" and not _is_path(value):
        refuse(name, value, "is not a path of up to 120 characters that begins with /")
    if kind == "states" and not _is_states(value):
        refuse(name, value, 'is not an object as {"1": "A", "2": "B", "3": "C"}')
    return kept(name, value, kind, arguments)


# What the generic driver sends: [["GET", "/path?with={a}", null or a body]], one after the other.
def _is_requests(value) -> bool:
    fine = isinstance(value, list) and 1 <= len(value) <= 4
    for request in value if fine else ():
        fine = fine and isinstance(request, list) and len(request) == 3
        fine = fine and request[0] in ("GET", "POST", "PUT", "PATCH")
        fine = fine and _is_path(request[1])
        fine = fine and (
            request[2] is None or (isinstance(request[2], str) and len(request[2]) <= 200)
        )
    return fine


def _is_path(value) -> bool:
    fine = isinstance(value, str) and value[:1] == "/" and len(value) <= 120
    return fine and min(value) > " " and max(value) < "\x7f"


# What the charger says for a state, to a letter of IEC 61851-1.
def _is_states(value) -> bool:
    fine = isinstance(value, dict) and 1 <= len(value) <= 16
    for said in value if fine else ():
        fine = fine and len(said) <= 20 and isinstance(value[said], str)
        fine = fine and len(value[said]) == 1 and value[said] in "ABCDEF"
    return fine


def _three(name: str, value) -> list:
    if not isinstance(value, list) or len(value) != 3:
        refuse(name, value, "is not a list of three places in the answer")
    return [kept(name, one, "text", ["60"]) for one in value]


def _registers(name: str, value) -> list:
    if not isinstance(value, list) or len(value) not in (1, 3):
        refuse(name, value, "is not a list of one or three registers")
    for register in value:
        kept(name, register, "whole", ["0", "65534"])
        if value.count(register) > 1:
            refuse(name, register, "is there twice, expected a register for each phase")
    return value


def check_map(name: str, meter: dict) -> None:
    """What the values of a map say of each other; SettingsError."""
    map = meter.get("map")
    if map is None:
        if meter["type"] == "own":
            raise SettingsError(name + ': is missing, and "type": "own" needs it')
        return
    if meter["type"] != "own":
        refuse(name, meter["type"], 'is the type of the meter, expected "own" with a map')
    count = len(map["current"]["registers"])
    for key in ("power", "voltage"):
        if key in map and len(map[key]["registers"]) != count:
            where = "{}.{}.registers".format(name, key)
            refuse(where, map[key]["registers"], "is not as long as that of current")
    if "power" not in map and map["current"]["type"][0] == "u":
        text = "{}.power: is missing, and a current of type {} has no sign: expected one of them"
        raise SettingsError(text.format(name, map["current"]["type"]))
