# go-eCharger V3, V4 (Gemini), PRO: HTTP API v2 (github.com/goecharger/go-eCharger-API-v2), which
# the owner switches on in the app. Whole amperes; `frc` 1 pauses and goes back to 0 when the car
# leaves. The maker asks for 5 s between writes, and its flash levels wear. A key that a model does
# not know makes the status 400 with good JSON; a lock that is taken, 500.

from chargers.fields import number, ok, phases, raw, wrong
from micropython import const

_SET = const("/api/set?")
_STATUS = const("/api/status?filter=car,amp,frc,err,nrg")
_CURRENTS = ("nrg.4", "nrg.5", "nrg.6")
_STATES = b"\x05\x00\x02\x01\x01\x05"  # of `car`: unknown, idle, charging, waits, complete, error

AUTH = ""
STEP_MA = 1000
WRITE_EVERY_MS = 5000
REPEAT_MS = ARM_STEPS = 0
DEADLINE_MS = 5000  # on weak Wi-Fi it takes that long
SETTLES_MS = 1200  # its logic runs once a second
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current, or pauses with 0: after a power cut of its own it knows the current that
    it had, but not the pause, so that is 6 A then."""
    paused = not ma
    path = "%samp=%d&frc=%d" % (_SET, 6 if paused else ma // 1000, paused)
    return None if step else ("GET", path, None)


def confirm(notes) -> tuple:
    """Asks for all there is to know."""
    return "GET", _STATUS, None


poll = confirm


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError."""
    if request[1] != _STATUS:
        if status != 200 or raw(body, "frc") != b"true" or raw(body, "amp") != b"true":
            raise wrong("answer of " + _SET, bytes(body[:40]), '{"amp":true,"frc":true}')
        return
    if status != 400:
        ok(request, status)
    state = _STATES[number(body, "car", 0, 5)]
    answer.state = 5 if number(body, "err", 0, 255) else state
    paused = number(body, "frc", 0, 2) == 1
    answer.allowed_ma = 0 if paused else number(body, "amp", 0, 32, 1000)
    phases(body, _CURRENTS, 1000, answer)
