# Tinkerforge WARP, WARP2, WARP3 and WARP4 (docs.warp-charger.com, HTTP API). The current goes into
# the slot "external", which is in RAM and may be written as often as one likes. The charger
# answers 200 to values that it ignores, so only `allowed_charging_current` says what it does. It
# runs commands on GET: nothing but the four paths below is ever asked for.

import json

from chargers.answer import F

_STATE = ("GET", "/evse/state", None)
_IDS = ("GET", "/meters/0/value_ids", None)
_VALUES = ("GET", "/meters/0/values", None)
_CURRENT = "/evse/external_current"

# Value ids of the currents of L1, L2, L3 in A, import plus export (meter_value_id.csv).
_CURRENT_IDS = (13, 17, 21)
_POLLS_WITHOUT_METER = 100
_LARGEST_A = 100

_WAIT = 3  # in the notes: polls until the meter is looked for
_BRACKETS = 8


class Warp:
    """All chargers that are asked in the same way share one. Requests are (method, path, body or
    None). What is to be remembered of each charger, its `notes`, are NOTES bytes of the caller's,
    all 0 at first: where in the values the three currents are, and the polls until the meter is
    looked for again.
    """

    STEP_MA = 1
    CAN_HOLD_ZERO = True
    DEADLINE_MS = 2000
    SETTLES_MS = 300  # the ESP asks its charge controller every 250 ms
    NOTES = 4

    def write(self, ma: int) -> tuple:
        """Sets the current: 0 or 6000..32000 mA; ValueError, as the charger would say 200."""
        if ma and not 6000 <= ma <= 32000:
            raise ValueError("current: {} mA, expected 0 or 6000..32000".format(ma))
        return "PUT", _CURRENT, b'{"current":%d}' % ma

    def confirm(self) -> tuple:
        """Asks for the state with the current that is allowed."""
        return _STATE

    def poll(self, notes) -> tuple:
        """Asks for the phase currents, or for the state where there is no meter."""
        if notes[_WAIT]:
            notes[_WAIT] -= 1
            return _STATE
        return _VALUES if notes[0] != notes[1] else _IDS

    def read(self, path: str, status: int, body, answer, notes) -> None:
        """Reads the reply to the request for `path` into `answer`.

        ValueError naming the thing, its value and what it should be. Without a meter (404) there
        are no phases, which is no error.
        """
        answer.clear()
        if status == 404 and path in (_IDS[1], _VALUES[1]):
            _without_meter(notes)
            return
        if status != 200:
            raise ValueError("{}: status {}, expected 200".format(path, status))
        if path == _STATE[1]:
            _read_state(_parsed(path, body, dict), answer)
        elif path == _IDS[1]:
            _read_ids(_parsed(path, body, list), notes)
        elif path == _VALUES[1]:
            _read_values(_parsed(path, body, list), answer, notes)


def _without_meter(notes) -> None:
    notes[0] = notes[1] = 0
    notes[_WAIT] = _POLLS_WITHOUT_METER


def _read_ids(ids: list, notes) -> None:
    for phase in range(3):
        if _CURRENT_IDS[phase] not in ids[:255]:
            _without_meter(notes)
            return
        notes[phase] = ids.index(_CURRENT_IDS[phase])


def _read_values(values: list, answer, notes) -> None:
    last = max(notes[0], notes[1], notes[2])
    if len(values) <= last:
        _without_meter(notes)
        raise ValueError("values: {} of them, expected {}".format(len(values), last + 1))
    for phase in range(3):
        if values[notes[phase]] is None:
            return
    for phase in range(3):
        answer.phase_ma[phase] = _milliamperes(phase + 1, values[notes[phase]])
    answer.has_phases = True


def _parsed(path: str, body, kind):
    raw = bytes(body)
    try:
        if raw.count(b"[") + raw.count(b"{") > _BRACKETS:
            raise ValueError
        value = json.loads(raw)
    except (ValueError, MemoryError):
        raise ValueError("{}: {}, expected JSON".format(path, raw[:40]))
    if not isinstance(value, kind):
        raise ValueError("{}: {}, expected a {}".format(path, raw[:40], kind.__name__))
    return value


def _read_state(said: dict, answer) -> None:
    state = _whole(said, "iec61851_state", 4)
    faulty = _whole(said, "charger_state", 4) == 4 or _whole(said, "error_state", 255) != 0
    answer.allowed_ma = _whole(said, "allowed_charging_current", 32000)
    answer.state = F if faulty else state


def _whole(said: dict, key: str, high: int) -> int:
    value = said.get(key)
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value <= high:
        raise ValueError("{}: {}, expected 0..{}".format(key, _shown(value), high))
    return value


def _milliamperes(phase: int, value) -> int:
    right = isinstance(value, (int, float)) and not isinstance(value, bool)
    if not right or not 0 <= value <= _LARGEST_A:
        text = "current L{}: {}, expected 0..{} A"
        raise ValueError(text.format(phase, _shown(value), _LARGEST_A))
    return int(value * 1000 + 0.5)


def driver(charger: dict):
    """The driver for a checked line of chargers.jsonl."""
    return _SHARED


_SHARED = Warp()


def _shown(value) -> str:
    if isinstance(value, int) and not -(1 << 30) < value < 1 << 30:
        return "a huge number"
    return "a list or an object" if isinstance(value, (list, dict)) else repr(value)[:40]
