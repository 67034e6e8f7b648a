# Tinkerforge WARP, WARP2, WARP3 and WARP4 (docs.warp-charger.com, HTTP API). The current goes into
# the slot "external", which is in RAM and may be written as often as one likes. The charger
# answers 200 to values that it ignores, so only `allowed_charging_current` says what it does. It
# runs commands on GET: nothing but the paths below is ever asked for.
#
# Its watchdog is an automation rule: 30 s without a write (trigger 9, EVSEExternalCurrentWd), then
# a current (action 3, SetCurrent). That current stays in the slot "automation" until somebody
# puts it back, so the driver does.

from chargers.fields import number, ok, phases, raw, wrong
from micropython import const

_STATE = const("/evse/state")
_IDS = const("/meters/0/value_ids")
_VALUES = const("/meters/0/values")
_RULES = const("/automation/config")
_DEFAULTS = const("/evse/external_defaults")
_RULE_SLOT = const("/evse/automation_current")
_WATCHDOG_S = const(30)
_MOST_RULES = const(14)

# Value ids of the currents of L1, L2, L3 in A, import plus export (meter_value_id.csv).
_CURRENT_IDS = (b"13", b"17", b"21")
_POLLS_WITHOUT_METER = const(100)

# What the notes hold: where in the values the three currents are, the polls until the meter is
# looked for, and what it has after a start, in steps of 200 mA.
_WAIT = const(3)
_DEFAULT = const(4)

AUTH = "digest"
STEP_MA = 1
WRITE_EVERY_MS = 0
REPEAT_MS = 10000
ARM_STEPS = 3
DEADLINE_MS = 2000
SETTLES_MS = 300  # the ESP asks its charge controller every 250 ms
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current: 0 or 6000..32000 mA; ValueError, as the charger would say 200."""
    if ma and not 6000 <= ma <= 32000:
        raise wrong("current", b"%d" % ma, "0 or 6000..32000 mA")
    return None if step else ("PUT", "/evse/external_current", b'{"current":%d}' % ma)


def confirm(notes) -> tuple:
    """Asks for the state with the current that is allowed."""
    return "GET", _STATE, None


def poll(notes) -> tuple:
    """Asks for the phase currents, or for the state where there is no meter."""
    if notes[_WAIT]:
        notes[_WAIT] -= 1
        return "GET", _STATE, None
    return "GET", _VALUES if notes[0] != notes[1] else _IDS, None


def arm(notes, fallback_ma: int, step: int) -> tuple:
    """Asks what it has after a start, puts back what the rule has done, looks for the rule."""
    if step == 0:
        return "GET", _DEFAULTS, None
    return ("PUT", _RULE_SLOT, b'{"current":32000}') if step == 1 else ("GET", _RULES, None)


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError. No meter (404) means no phases, and no error."""
    path = request[1]
    answer.clear()
    if status == 404 and path in (_IDS, _VALUES):
        return _found(notes, b"")
    if path == _RULES:
        return _read_rules(body if status == 200 else memoryview(b""), answer, notes)
    ok(request, status)
    if path == _DEFAULTS:
        notes[_DEFAULT] = (number(body, "current", 0, 32000) + 199) // 200
    elif path == _STATE:
        _read_state(body, answer)
    elif path == _IDS:
        ids = [id_.strip() for id_ in raw(body, "")[1:-1].split(b",")][:255]
        _found(notes, [ids.index(id_) for id_ in _CURRENT_IDS if id_ in ids])
    elif path == _VALUES:
        _read_values(body, answer, notes)


# Notes where the three currents are; if it is not three, there is no meter for a while.
def _found(notes, places):
    found = len(places) == 3
    for own in range(3):
        notes[own] = places[own] if found else 0
    notes[_WAIT] = 0 if found else _POLLS_WITHOUT_METER


def _read_values(body, answer, notes):
    places = ["%d" % place for place in notes[:3]]
    if not raw(body, places[0]) or not raw(body, places[1]) or not raw(body, places[2]):
        _found(notes, b"")
        raise wrong("values", raw(body, ""), "a list of more")
    phases(body, places, 1000, answer)


def _read_state(body, answer):
    state = number(body, "iec61851_state", 0, 4)
    faulty = number(body, "charger_state", 0, 4) == 4 or number(body, "error_state", 0, 255)
    answer.allowed_ma = number(body, "allowed_charging_current", 0, 32000)
    answer.state = 5 if faulty else state  # 5: F of IEC 61851-1


def _read_rules(body, answer, notes):
    answer.watchdog_s = 0
    answer.fallback_ma = 200 * notes[_DEFAULT]
    for task in range(_MOST_RULES):
        at = "tasks.%d." % task
        if raw(body, at + "trigger.0") == b"9" and raw(body, at + "action.0") == b"3":
            rule_ma = number(body, at + "action.1.current", 0, 32000)
            answer.watchdog_s = _WATCHDOG_S
            answer.fallback_ma = max(answer.fallback_ma, rule_ma)
