# A start is on trial until it has shown for two minutes that it works: the page can be asked and
# no task has died. A version that has never shown it has to reach what answered before it came,
# too; of one that has, a broken charger says nothing. What does not become healthy within five
# minutes is started again, and after three tries the launcher (firmware/main.py) goes back to the
# other slot.
#
# DATA/slot      "a": slot a, which is healthy; "b2": slot b, started twice without the mark
# DATA/good      the slot that was healthy last
# DATA/answered  whether the meter answered then ("1" or "0"), how many chargers, and the limit in
#                force, 0 without settings that can be used: "1 8 chargers 63000 mA"
# DATA/resets    why it started and ended, the last 16 lines of JSON
#
# Each is replaced whole or not at all, and written only when it starts, ends or changes. The
# module is loaded for each of that anew: it has few names, since names stay in memory.

import json
import os
import sys

from app import log
from balance.bookings import FAILURES_UNREACHABLE
from balance.rows import KNOWN
from micropython import const

_WELL = const(4)
_MOST = const(10)
_LINES = const(16)
_LENGTH = const(120)

# The files, by number; the last is what the launcher has left of a program that could not end
# itself. Short texts would be names, and parts of a long one are not.
_FILES = "new slot good answered resets died"
_SLOT = const(1)
_GOOD = const(2)
_ANSWERED = const(3)
_RESETS = const(4)
_DIED = const(5)

# What `machine.reset_cause()` gives on an ESP32 (ports/esp32/modmachine.c), from 0 on.
_CAUSES = "started power_on reset watchdog sleep soft_reset"


def _path(data_dir, file):
    return data_dir + "/" + _FILES.split(" ")[file]


def read(data_dir: str, file: int = _SLOT, most: int = 24) -> str:
    """What is in one of the files (DATA/slot), "" where there is none."""
    path = _path(data_dir, file)
    try:
        with open(path) as opened:
            return opened.read(min(most, os.stat(path)[6])).strip()
    except (OSError, ValueError):
        return ""


def write(data_dir: str, text: str, file: int = _SLOT) -> None:
    """Puts another one in the place of one of the files, if it says something else; OSError."""
    if read(data_dir, file, len(text) + 1) != text:
        with open(_path(data_dir, 0), "w") as opened:
            opened.write(text)
        os.rename(_path(data_dir, 0), _path(data_dir, file))


# -- why it started and ended --


def begin(data_dir: str, slot: str, tries: int) -> None:
    """The program starts; OSError."""
    why = read(data_dir, _DIED, 120)
    if why:
        os.remove(_path(data_dir, _DIED))
        why = '{"died":%s}\n' % json.dumps(why)
    _append(data_dir, why + '{"cause":"%s","slot":"%s","try":%d}\n' % (_cause(), slot, tries))


def end(data_dir: str, code: int) -> None:
    """It ends with this code; the last error is the reason. OSError."""
    why = ""
    for line in log.lines():
        if line[7:8] == "E":
            why = line[9:]
    text = '{"ended":%d,"uptime_s":%d,"why":%s}\n'
    _append(data_dir, text % (code, log.uptime_s(), json.dumps(why)))


def _cause():
    machine = sys.modules.get("machine")
    cause = machine.reset_cause() if hasattr(machine, "reset_cause") else 0
    causes = _CAUSES.split(" ")
    return causes[cause] if cause < len(causes) else "reset"


def lines(data_dir: str) -> list:
    """The kept lines, oldest first; what is damaged is not among them."""
    kept = []
    for line in read(data_dir, _RESETS, _LINES * _LENGTH).split("\n")[-_LINES:]:
        try:
            json.loads(line)
            kept.append(line)
        except ValueError:
            pass
    return kept


def _append(data_dir, more):
    kept = lines(data_dir)[more.count("\n") - _LINES :]
    write(data_dir, "\n".join(kept + [more]), _RESETS)  # noqa: RUF005


# -- whether it works --


def run(state: list, health) -> bool:
    """Called every 30 s with [looks, well ones, deaths of tasks before, data_dir, slot, web or
    None, cycle]; True once the trial is over, with the mark or with the end of the program."""
    state[0] += 1
    missing = _missing(health.restarts > state[2], *state[3:])
    state[1] = 0 if missing else state[1] + 1
    state[2] = health.restarts
    if state[1] == _WELL:
        try:
            _mark(*state[3:])
        except OSError as error:
            log.warning("not kept that it is healthy: {}".format(error))
    elif state[0] == _MOST:
        log.error("not healthy: {}".format(missing))
        health.end(1)
    return state[1] == _WELL or state[0] == _MOST


def _missing(died, data_dir, slot, web, cycle):
    if died:
        return "a task died"
    if web is None:
        return ""
    if not web.guard.listener.socket:
        return "the page is not served"
    return "" if proven(data_dir, slot) else _lost(data_dir, cycle)


# What there was before this version came.
def _lost(data_dir, cycle):
    meter, before, limited = _answered(data_dir)
    if limited and not cycle.grid.limit_ma:
        return "site.json cannot be used"
    if meter and not (cycle.grid.ok or cycle.grid.static):
        return "the meter does not answer"
    if _answering(cycle.rows) < min(before, cycle.rows.count):
        return "fewer chargers answer than before"
    return ""


def proven(data_dir: str, slot: str) -> bool:
    """Whether what is in the slot has been healthy."""
    return read(data_dir, _GOOD) == slot


# Whether the meter answered, how many chargers, and whether there was a limit.
def _answered(data_dir):
    words = read(data_dir, _ANSWERED).split(" ")
    if len(words) < 3 or not words[1].isdigit():
        return False, 0, False
    return words[0] == "1", int(words[1]), len(words) > 3 and words[3] != "0"


# With control only a slot is not good, but the row of tries ends.
def _mark(data_dir, slot, web, cycle):
    if web is not None:
        note(data_dir, cycle)
        write(data_dir, slot, _GOOD)
    write(data_dir, slot)


def note(data_dir: str, cycle) -> None:
    """Keeps what answers now, for the next version to be measured by; OSError."""
    meter = cycle.grid.ok and not cycle.grid.static
    answered = meter, _answering(cycle.rows), cycle.grid.limit_ma
    write(data_dir, "%d %d chargers %d mA" % answered, _ANSWERED)


def _answering(rows):
    count = 0
    for index in range(rows.count):
        if rows.flags[index] & KNOWN and rows.failures[index] < FAILURES_UNREACHABLE:
            count += 1
    return count
