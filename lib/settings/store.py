# Reading the settings' two files. They come from people, from other tools and from power cuts in
# the middle of a write, so everything is bounded and checked. Writing them is in `writer`, which a
# start does not need.

import errno
import os

from micropython import const
from settings import strict
from settings.raw import line
from settings.schema import SettingsError, check_charger, check_site

SITE_SIZE = const(8192)
LINE_SIZE = const(1024)
CHARGERS = const(64)
_FILE_SIZE = 2 * CHARGERS * LINE_SIZE  # with room for empty lines
_LINES = 8 * CHARGERS  # 128 KB of empty lines would take an ESP32 longer than its watchdog waits
_COPY = const(256)


def read_site(data_dir: str) -> dict:
    """site.json, checked and with its defaults; SettingsError, also where it cannot be read."""
    path = data_dir + "/site.json"
    try:
        if os.stat(path)[6] > SITE_SIZE:
            raise SettingsError("site.json: is longer than {} bytes".format(SITE_SIZE))
        with open(path, "rb") as file:
            raw = file.read(os.stat(path)[6])
    except OSError as error:
        raise SettingsError("site.json: cannot be read: " + _why(error))
    return check_site(parsed("site.json", raw))


def read_chargers(data_dir: str):
    """Each charger of chargers.jsonl as (line from 1, dict or None, error or None).

    A bad line is an error of that line, never an exception. Without the file there are none.
    """
    try:
        file = open(data_dir + "/chargers.jsonl", "rb")
    except OSError as error:
        if error.errno != errno.ENOENT:
            yield 0, None, "chargers.jsonl: cannot be read: " + _why(error)
        return
    with file:
        yield from _checked(_lines(file), bytearray(CHARGERS + 1))


def count_chargers(data_dir: str) -> int:
    """How many lines of chargers.jsonl there are, good or bad; CHARGERS at most."""
    count = 0
    try:
        with open(data_dir + "/chargers.jsonl", "rb") as file:
            for _ in _lines(file):
                count += 1
                if count == CHARGERS:
                    break
    except OSError:
        pass  # reading them will say so
    return count


def _checked(lines, seen: bytearray):
    count = 0
    for number, raw in lines:
        where = "chargers.jsonl line {}".format(number)
        count += 1
        try:
            if count > CHARGERS:
                raise SettingsError("{}: more than {} chargers".format(where, CHARGERS))
            if isinstance(raw, str):
                raise SettingsError(where + ": " + raw)
            charger = once(where, check_charger(parsed(where, raw), where), seen)
        except SettingsError as error:
            yield number, None, str(error)
        except MemoryError as error:  # 1 KB of empty lists takes 20 KB
            yield number, None, "{}: {}".format(where, error)
        else:
            yield number, charger, None
        if count > CHARGERS:
            return


def once(where: str, charger: dict, seen: bytearray) -> dict:
    """The charger, whose id is not among those seen yet; SettingsError."""
    if seen[charger["id"]]:
        raise SettingsError("{}: id: {} is used by a line before".format(where, charger["id"]))
    seen[charger["id"]] = 1
    return charger


# (number, line or what is wrong with it), without the empty ones. Lines are gathered piece by
# piece, so a line without an end costs the memory of one line.
def _lines(file):
    number = total = 0
    while total < _FILE_SIZE and number < _LINES:
        number += 1
        try:
            raw = line(file)
            total += len(raw)
            if len(raw) > LINE_SIZE and raw[-1:] != b"\n":
                total += _skip_line(file, _FILE_SIZE - total)
                raw = "is longer than {} bytes".format(LINE_SIZE)
        except OSError as error:
            yield number, "cannot be read: " + _why(error)
            return
        if not raw:
            return
        if number < _LINES and (isinstance(raw, str) or raw.strip()):
            yield number, raw
    wrong = "fewer than {} lines and {} bytes expected".format(_LINES, _FILE_SIZE)
    yield min(number + 1, _LINES), wrong


def _skip_line(file, most: int) -> int:
    skipped = 0
    while skipped < most:
        raw = file.readline(_COPY)
        skipped += len(raw)
        if not raw or raw[-1:] == b"\n":
            break
    return skipped


def parsed(where: str, raw: bytes):
    """The JSON value in `raw`; SettingsError."""
    try:
        text = raw.decode()
    except ValueError:
        raise SettingsError(where + ": is not UTF-8")
    try:
        return strict.loads(text)
    except ValueError as error:
        raise SettingsError("{}: is not JSON: {}".format(where, error))


def _why(error: OSError) -> str:
    return errno.errorcode.get(error.errno, str(error))
