# Other settings for rows in use. It is needed when those change only and goes again.
#
# No car stops because of it: what a charger was told, its session, what it draws and what was
# found out about it stay, as far as they still hold. A limit of its own is the exception.

from balance import lines
from balance.rows import CONFIRMED, DRAW_SETTLED, KNOWN, METERED, UNREACHABLE


def change(cycle, index: int, charger: dict, minimum: dict) -> None:
    """A row in use takes new settings of its charger."""
    rows = cycle.rows
    rotation = lines.rotation(charger["phases"])
    if rows.rotation[index] != rotation:
        rows.rotation[index] = rotation
        rows.phases[index] = rows.wired(index)
        rows.flags[index] &= ~(METERED | DRAW_SETTLED)
    if rows.max_ma[index] != charger["max_ma"]:
        rows.max_ma[index] = rows.cap_ma[index] = charger["max_ma"]
    change_minimum(cycle, index, charger, minimum)
    if rows.reserve_ma[index] != lines.reserve_ma(charger):
        rows.reserve_ma[index] = lines.reserve_ma(charger)
        rows.watchdog_s[index] = 0
    lines.weight(rows, index, charger)


def change_minimum(cycle, index: int, charger: dict, minimum: dict) -> None:
    """A row in use takes the minimum of its charger or of the site."""
    rows = cycle.rows
    lines.minimum(rows, index, charger, minimum)
    cycle.sessions.minimum(index)
    rows.cap_ma[index] = max(rows.cap_ma[index], rows.min_ma[index])


def read_anew(cycle, index: int) -> None:
    """Another charger may be there, or is asked in another way: it is reserved for, as far as it
    was told, until it has been read; nobody else is cut for that at once."""
    rows = cycle.rows
    rows.flags[index] &= ~(KNOWN | CONFIRMED | METERED | DRAW_SETTLED)
    rows.aside[index] = UNREACHABLE
    rows.failures[index] = rows.refusals[index] = 0
    rows.silent_ms[index] = rows.watchdog_s[index] = 0
    cycle.begin()


def clear(cycle, index: int) -> None:
    """The row is nobody's and counts for nothing, until `apply` gives it to another charger."""
    rows = cycle.rows
    cycle.sessions.begin(index)
    rows.flags[index] = rows.session[index] = rows.state[index] = 0
    rows.failures[index] = rows.refusals[index] = rows.watchdog_s[index] = 0
    rows.set_ma[index] = rows.least_ma[index] = rows.most_ma[index] = rows.want_ma[index] = 0
    rows.reserve_ma[index] = rows.booked_ma[index] = rows.silent_ms[index] = 0
    rows.aside[index] = UNREACHABLE
