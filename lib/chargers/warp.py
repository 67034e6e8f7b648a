# Tinkerforge WARP, WARP2, WARP3 and WARP4 (docs.warp-charger.com, HTTP API). The current goes into
# the slot "external", which is in RAM and may be written as often as one likes. The charger
# answers 200 to values that it ignores, so only `allowed_charging_current` says what it does. It
# runs commands on GET: nothing but the four paths below is ever asked for.

import json
import sys

from micropython import const

_STATE = const("/evse/state")
_IDS = const("/meters/0/value_ids")
_VALUES = const("/meters/0/values")

# Value ids of the currents of L1, L2, L3 in A, import plus export (meter_value_id.csv).
_CURRENT_IDS = b"\x0d\x11\x15"
_POLLS_WITHOUT_METER = const(100)
_WAIT = const(3)  # where the notes have the polls until the meter is looked for

# The module is the driver, as all chargers are asked alike. Requests are (method, path, body).
# The `notes` of each charger are NOTES bytes of the caller's, all 0 at first: where in the values
# the three currents are, and the polls until the meter is looked for.
NOTES = 4
DEADLINE_MS = 2000
SETTLES_MS = 300  # the ESP asks its charge controller every 250 ms


def driver(charger: dict):
    """The driver for a checked line of chargers.jsonl."""
    return sys.modules[__name__]


def write(ma: int) -> tuple:
    """Sets the current: 0 or 6000..32000 mA; ValueError, as the charger would say 200."""
    if ma and not 6000 <= ma <= 32000:
        raise _wrong("current", ma, "0 or 6000..32000 mA")
    return "PUT", "/evse/external_current", b'{"current":%d}' % ma


def confirm() -> tuple:
    """Asks for the state with the current that is allowed."""
    return "GET", _STATE, None


def poll(notes) -> tuple:
    """Asks for the phase currents, or for the state where there is no meter."""
    if notes[_WAIT]:
        notes[_WAIT] -= 1
        return confirm()
    return "GET", _VALUES if notes[0] != notes[1] else _IDS, None


def read(path: str, status: int, body, answer, notes) -> None:
    """Reads the reply to the request for `path` into `answer`; ValueError naming the name, its
    value and what it should be. No meter (404) means no phases, which is no error."""
    answer.clear()
    if status == 404 and path in (_IDS, _VALUES):
        _found(notes, b"")
    elif status != 200:
        raise _wrong(path + " status", status, 200)
    elif path == _STATE:
        _read_state(_parsed(path, body, dict), answer)
    elif path == _IDS:
        ids = _parsed(path, body, list)[:255]
        _found(notes, [ids.index(i) for i in _CURRENT_IDS if i in ids])
    elif path == _VALUES:
        _read_values(_parsed(path, body, list), answer, notes)


# Notes where the three currents are; if it is not three, there is no meter for a while.
def _found(notes, values):
    found = len(values) == 3
    for phase in range(3):
        notes[phase] = values[phase] if found else 0
    notes[_WAIT] = 0 if found else _POLLS_WITHOUT_METER


def _read_values(values, answer, notes):
    if len(values) <= max(notes[0], notes[1], notes[2]):
        _found(notes, b"")
        raise _wrong("values", len(values), "more")
    for phase in range(3):
        value = values[notes[phase]]
        if value is None:  # not measured
            return answer.clear()
        if type(value) not in (int, float) or not 0 <= value <= 100:
            raise _wrong("current L%d" % (phase + 1), value, "0..100 A")
        answer.phase_ma[phase] = int(value * 1000 + 0.5)
    answer.has_phases = True


def _read_state(values, answer):
    state = _whole(values, "iec61851_state", 4)
    faulty = _whole(values, "charger_state", 4) == 4 or _whole(values, "error_state", 255)
    answer.allowed_ma = _whole(values, "allowed_charging_current", 32000)
    answer.state = 5 if faulty else state  # 5: F of IEC 61851-1


def _whole(values, key, high):
    value = values.get(key)
    if type(value) is not int or not 0 <= value <= high:
        raise _wrong(key, value, "0..%d" % high)
    return value


# Each level of brackets takes memory in the parser: 2 KB of "[" more than a heap of 64 KB has.
def _parsed(path, body, kind):
    raw = bytes(body)
    try:
        if raw.count(b"[") + raw.count(b"{") <= 8:
            value = json.loads(raw)
            if isinstance(value, kind):
                return value
    except (ValueError, MemoryError):
        pass
    raise _wrong(path, raw[:40], "JSON")


# A huge number would take seconds to be written out, or be refused by CPython.
def _wrong(name, value, kind):
    if isinstance(value, (list, dict)) or (isinstance(value, int) and abs(value) >> 30):
        value = "too large"
    return ValueError("%s: %s, expected %s" % (name, repr(value)[:40], kind))
