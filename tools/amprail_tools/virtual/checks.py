"""Checks of what stands in a scenario: each kind returns what is to be kept, or raises Wrong."""


class Wrong(ValueError):
    """What was expected instead."""


REQUIRED = object()


def number(low: float, high: float, unit: str = ""):
    """A number within the range."""
    expected = f"a number {low:g}..{high:g} {unit}".rstrip()

    def check(value):
        numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
        if not (numeric and low <= value <= high):
            raise Wrong(expected)
        return value

    return check


def whole(low: int, high: int):
    """A whole number within the range."""
    expected = f"a whole number {low}..{high}"

    def check(value):
        if not (type(value) is int and low <= value <= high):
            raise Wrong(expected)
        return value

    return check


def amps(low: float, high: float):
    """Amperes, kept as mA."""
    check_number = number(low, high, "A")
    return lambda value: round(1000 * check_number(value))


def flag(value):
    """true or false."""
    if not isinstance(value, bool):
        raise Wrong("true or false")
    return value


def text(value):
    """A text of one line."""
    if not (isinstance(value, str) and value.isprintable()):
        raise Wrong("a text of one line")
    return value


def word(*words):
    """One of some words."""

    def check(value):
        if value not in words:
            raise Wrong("one of " + ", ".join(words))
        return value

    return check


# "7:30" is half past seven of the first day, "31:30" of the second.
def time(value):
    """Seconds, or "H:MM" or "H:MM:SS"; kept as ms."""
    if isinstance(value, str):
        value = _clock_time(value)
    numeric = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not (numeric and 0 <= value <= 100 * 86400):
        raise Wrong('a time: seconds from 0, or "H:MM" or "H:MM:SS"')
    return round(1000 * value)


def _clock_time(value):
    parts = value.split(":")
    if not (len(parts) in (2, 3) and all(part.isascii() and part.isdigit() for part in parts)):
        return None
    hours, minutes, seconds = [int(part) for part in [*parts, "0"][:3]]
    return 3600 * hours + 60 * minutes + seconds if minutes < 60 and seconds < 60 else None


def three(kind):
    """One value for all phases, or a list for L1, L2, L3."""

    def check(value):
        if not isinstance(value, list):
            value = [value] * 3
        if len(value) != 3:
            raise Wrong("one value, or three for L1, L2, L3")
        return [kind(one) for one in value]

    return check


def span(kind):
    """One value, or [lowest, highest] of which each gets one by chance; kept as a pair."""

    def check(value):
        pair = value if isinstance(value, list) else [value, value]
        if len(pair) != 2:
            raise Wrong("one value, or [lowest, highest]")
        low, high = kind(pair[0]), kind(pair[1])
        if low > high:
            raise Wrong("the lower one first")
        return low, high

    return check


def periods(value):
    """A list of [from, to]."""
    lists = isinstance(value, list) and all(isinstance(one, list) for one in value)
    if not lists:
        raise Wrong("a list of [from, to]")
    return tuple(span(time)(one) for one in value)


def some(kind):
    """One value, or a list of which each takes the next."""

    def check(value):
        return [kind(one) for one in (value if isinstance(value, list) and value else [value])]

    return check


def table(given, where: str, rows: dict) -> dict:
    """`given` with its defaults; rows: key -> (default, kind). ValueError with one line."""
    if not isinstance(given, dict):
        raise ValueError(f"{where}: {shown(given)}, expected a section")
    for key in given:
        if key not in rows:
            raise ValueError(f"{where}: {key}: no such key, expected one of {', '.join(rows)}")
    return {key: _value(given, where, key, *row) for key, row in rows.items()}


def _value(given, where, key, default, kind):
    if key not in given:
        if default is REQUIRED:
            raise ValueError(f"{where}: {key}: is missing")
        return default
    try:
        return kind(given[key])
    except Wrong as wrong:
        raise ValueError(f"{where}: {key}: {shown(given[key])}, expected {wrong}") from None


def sections(given, where: str, rows: dict) -> list[dict]:
    """A list of tables, `[[name]]` in the file."""
    if not isinstance(given, list):
        raise ValueError(f"{where}: expected sections [[{where.rpartition(' ')[2]}]]")
    return [table(one, f"{where} {n}", rows) for n, one in enumerate(given, 1)]


def shown(value) -> str:
    """A value as one short line."""
    return ("a section" if isinstance(value, dict) else repr(value))[:60]
