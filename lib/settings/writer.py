# Writing the settings, each file whole or not at all (`files`).

import json

from settings.files import write_file
from settings.schema import SettingsError, check_charger, check_site
from settings.store import CHARGERS, LINE_SIZE, SITE_SIZE, once, parsed


def write_site(data_dir: str, site: dict) -> None:
    """Checks `site` and writes it as it is, without defaults; SettingsError, OSError."""
    check_site(site)
    raw = dumped("site.json", site, SITE_SIZE)
    write_file(data_dir + "/site.json", (raw, b"\n"))


def write_chargers(data_dir: str, chargers) -> None:
    """Writes an iterable of chargers, one a line; SettingsError, OSError.

    One that is wrong refuses all, and the old file stays.
    """
    write_file(data_dir + "/chargers.jsonl", _dumped_chargers(chargers))


def _dumped_chargers(chargers):
    seen = bytearray(CHARGERS + 1)
    number = 0
    for charger in chargers:
        number += 1
        where = "chargers.jsonl line {}".format(number)
        if number > CHARGERS:
            raise SettingsError("{}: more than {} chargers".format(where, CHARGERS))
        once(where, check_charger(charger, where), seen)
        yield dumped(where, charger, LINE_SIZE)
        yield b"\n"


# CPython escapes what is not ASCII, as pairs of halves that MicroPython does not join again; so
# it is told not to, which MicroPython neither needs nor knows. What was written is read once more:
# a NaN in an unknown key would make a file that nobody can read.
def dumped(where: str, settings: dict, most: int) -> bytes:
    """The line of a file; SettingsError where it would be longer than `most` or unreadable."""
    try:
        raw = json.dumps(settings, ensure_ascii=False)  # pyright: ignore[reportCallIssue]
    except TypeError:
        raw = json.dumps(settings)
    raw = raw.encode()
    if len(raw) > most:
        raise SettingsError("{}: is longer than {} bytes".format(where, most))
    parsed(where, raw)
    return raw
