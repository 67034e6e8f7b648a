# OpenEVSE, ESP32 gateway v4 and v5 (github.com/OpenEVSE/openevse_esp32_firmware). It is claimed
# as by its own timers: in RAM, and with `max_current` so that a user's override does not lift it.
# What is below 6 A is raised to 6, so 0 is the state "disabled". Whole amperes, and one current
# for all phases, which says nothing about any.
#
# Its watchdog is the current shaper: it pauses when nobody sends a power for a while. How long
# that is, the settings say.

from chargers.answer import AS_SET
from chargers.fields import number, raw, wrong
from micropython import const

_STATUS = const("/status")
_CLAIM = const("/claims/20")
_BODY = const(b'{"state":"%s","charge_current":%d,"max_current":%d,"auto_release":false}')
_SHAPED = const(0)  # in the notes: whether it has a shaper that wants to be fed
_SLEEPING = const(254)  # and 255: disabled

AUTH = "basic"
STEP_MA = 1000
WRITE_EVERY_MS = 0
REPEAT_MS = 10000
ARM_STEPS = 1
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ("state", "pilot", "vehicle", "shaper")


def write(ma: int, notes, step: int) -> tuple | None:
    """Claims the current, or the state "disabled" for 0; then feeds the shaper."""
    if step == 0:
        amperes = max(ma // 1000, 6)
        state = b"active" if ma else b"disabled"
        return "POST", _CLAIM, _BODY % (state, amperes, amperes)
    if step == 1 and notes[_SHAPED]:
        return "POST", _STATUS, b'{"shaper_live_pwr":0}'
    return None


def confirm(notes) -> tuple:
    """Asks for all there is to know."""
    return "GET", _STATUS, None


poll = confirm


def arm(notes, fallback_ma: int, step: int) -> tuple:
    """Looks whether it has a shaper."""
    return confirm(notes)


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError."""
    if not 200 <= status <= 201 or b"Failed" in bytes(body[:40]):
        raise wrong("answer of " + request[1], b"%d " % status + bytes(body), "200")
    if request[0] != "GET":
        return
    state = number(body, "state", 0, 255)
    answer.allowed_ma = 0 if state >= _SLEEPING else number(body, "pilot", 0, 80, 1000)
    if state >= _SLEEPING:
        state = 1 + number(body, "vehicle", 0, 1)
    answer.state = state - 1 if 1 <= state <= 4 else 5
    notes[_SHAPED] = raw(body, "shaper") == b"1"
    answer.watchdog_s = AS_SET if notes[_SHAPED] else 0
    answer.fallback_ma = -1
