# NRGkick Gen2 (nrgkick.com, local JSON API v1), switched on in its app. All is GET, also what
# writes. Tenths of an ampere; a pause is a flag. What a write costs its flash is not documented,
# so it is written to on a change only, and not within 5 s of another raise.

from chargers.fields import number, phases, raw, wrong
from micropython import const

_CONTROL = const("/control")
_VALUES = const("/values?general=1&powerflow=1")
_CURRENTS = ("powerflow.l1.current", "powerflow.l2.current", "powerflow.l3.current")
_STATES = {b'"STANDBY"': 0, b'"CONNECTED"': 1, b'"CHARGING"': 2, b'"WAKEUP"': 1}
_TURN = const(0)  # in the notes: which of the two is asked next

AUTH = "basic"
STEP_MA = 100
WRITE_EVERY_MS = 5000
REPEAT_MS = ARM_STEPS = 0
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current, or pauses with 0."""
    notes[_TURN] = 0
    if step:
        return None
    asked = "?current_set=%d.%d&charge_pause=0" % (ma // 1000, ma // 100 % 10)
    return "GET", _CONTROL + (asked if ma else "?charge_pause=1"), None


def confirm(notes) -> tuple:
    """Asks what it is set to, and in turn what it does."""
    notes[_TURN] ^= 1
    return "GET", _CONTROL if notes[_TURN] else _VALUES, None


poll = confirm


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError."""
    if status != 200 or raw(body, "Response"):
        raise wrong("answer of " + request[1], raw(body, "Response") or b"%d" % status, "200")
    if request[1] == _CONTROL:
        paused = number(body, "charge_pause", 0, 1)
        answer.allowed_ma = 0 if paused else number(body, "current_set", 0, 32, 1000)
    elif request[1] == _VALUES:
        word = raw(body, "general.status")
        if not word:
            raise wrong("general.status", word, "a word")
        answer.state = _STATES.get(word, 5)
        phases(body, _CURRENTS, 1000, answer)
