# From a line of chargers.jsonl to a row. It is needed when settings come only and goes again.

from balance.rows import AUTO, LEAST_OFFER_MA, UNKNOWN, USABLE, USER_PAUSED
from micropython import const

_UNCONNECTED = const(3)


def apply(rows, index: int, charger: dict, of_site: dict) -> None:
    """A row that has none yet takes the settings of a charger, a checked line."""
    rows.rotation[index] = rotation(charger["phases"])
    rows.phases[index] = rows.wired(index)
    rows.max_ma[index] = rows.cap_ma[index] = charger["max_ma"]
    rows.session[index] = 0
    minimum(rows, index, charger, of_site)
    rows.reserve_ma[index] = reserve_ma(charger)
    rows.booked_ma[index] = max(rows.booked_ma[index], rows.reserve_ma[index])
    weight(rows, index, charger)
    rows.flags[index] |= USABLE


def minimum(rows, index: int, charger: dict, of_site: dict) -> None:
    """Its own minimum, that of the site, or what is found out."""
    fixed = charger["min_ma"] or not of_site["auto"]
    rows.session[index] = rows.session[index] & ~AUTO | (0 if fixed else AUTO)
    least = charger["min_ma"] or _minimum(rows.phases[index], of_site)
    rows.min_ma[index] = min(least, rows.max_ma[index])


def weight(rows, index: int, charger: dict) -> None:
    """Its place among the others."""
    rows.priority[index] = charger["priority"]
    rows.weight[index] = rows.weight[index] & USER_PAUSED | charger["weight"]


def reserve_ma(charger: dict) -> int:
    """What it is booked at while nobody can tell it anything."""
    fallback = charger["fallback_ma"]
    return charger["max_ma"] if fallback is None else fallback


def rotation(text: str) -> int:
    """`phases` as in Rows."""
    bits = UNKNOWN
    for own in range(len(text) if text != "?" else 0):
        grid = int(text[own]) - 1
        bits &= ~(_UNCONNECTED << 2 * own) | grid << 2 * own
    return bits & 0xFF


def _minimum(mask, minimum):
    if minimum["auto"]:
        return LEAST_OFFER_MA
    return minimum["one_phase_ma"] if mask in (1, 2, 4) else minimum["three_phase_ma"]
