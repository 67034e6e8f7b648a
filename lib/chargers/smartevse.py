# SmartEVSE 3 and 3.5 from firmware 3.6 (github.com/SmartEVSE/SmartEVSE-3, dingo35/SmartEVSE-3.5).
# The override is in RAM, in 0.1 A, and 0 means none: full current. So a pause is the mode 4, which
# is stored and therefore only sent where it changes something. Refusals come with 200, and a
# reboot forgets the override.
#
# Its watchdog is the mains meter "API" in the mode Smart: without currents for 10 s it stops.

from chargers.fields import number, ok, phases, raw, true, wrong
from micropython import const

_SETTINGS = const("/settings")
_FEED = const("/currents?L1=0&L2=0&L3=0")
_CURRENTS = ("ev_meter.currents.L1", "ev_meter.currents.L2", "ev_meter.currents.L3")
_CHARGES = b"\x02\x03\x06\x07\x0a"  # states with a closed contactor
_WATCHDOG_S = const(11)
_NORMAL = const(1)
_SMART = const(3)
_PAUSE = const(4)

# In the notes: whether it is paused, the mode before, whether it wants to be fed.
_PAUSED = const(0)
_MODE = const(1)
_FED = const(2)

AUTH = ""
STEP_MA = 100
WRITE_EVERY_MS = 0
REPEAT_MS = 5000
ARM_STEPS = 1
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ("mode_id", "car_connected", "evse", "settings", "ev_meter")


def write(ma: int, notes, step: int) -> tuple | None:
    """Overrides the current and ends a pause, or pauses for 0; then feeds it as a mains meter."""
    paths = []
    if ma:
        paths.append("%s?override_current=%d" % (_SETTINGS, ma // 100))
    if bool(ma) == bool(notes[_PAUSED]):
        mode = _PAUSE if not ma else _SMART if notes[_MODE] == _SMART else _NORMAL
        paths.append("%s?mode=%d" % (_SETTINGS, mode))
    if notes[_FED]:
        paths.append(_FEED)
    return ("POST", paths[step], b"") if step < len(paths) else None


def confirm(notes) -> tuple:
    """Asks for all there is to know."""
    return "GET", _SETTINGS, None


poll = confirm


def arm(notes, fallback_ma: int, step: int) -> tuple:
    """Looks whether we are its mains meter."""
    return confirm(notes)


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError, also for a refusal with 200."""
    ok(request, status)
    path = request[1]
    if path == _SETTINGS:
        _read_settings(body, answer, notes)
    elif path != _FEED:  # what it has taken it repeats, a mode as a text
        key = path[path.find("?") + 1 : path.find("=")]
        if not raw(body, key).strip(b'"').isdigit():
            raise wrong(key, raw(body, key), "a number")


def _read_settings(body, answer, notes):
    mode = number(body, "mode_id", 0, 15)
    state = number(body, "evse.state_id", 0, 31)
    paused = notes[_PAUSED] = mode in (0, _PAUSE)
    if not paused:
        notes[_MODE] = mode
    override = number(body, "settings.override_current", 0, 800, 100)
    most = number(body, "settings.current_max", 0, 80, 1000)
    answer.allowed_ma = 0 if paused else override or most
    if number(body, "evse.error_id", 0, 65535) > 1:  # 1: not enough current
        answer.state = 5
    elif true(body, "car_connected"):
        answer.state = 2 if state in _CHARGES else 1
    else:
        answer.state = 0
    if raw(body, "ev_meter.description") != b'"Disabled"':
        phases(body, _CURRENTS, 100, answer)
    notes[_FED] = raw(body, "settings.mains_meter") == b'"API"'
    answer.watchdog_s = _WATCHDOG_S if notes[_FED] and notes[_MODE] == _SMART else 0
    answer.fallback_ma = -1
