# openWB Pro (openwb.de). A form sets the current in tenths of an ampere, 0 pauses. Without a car
# it shows 6 A whatever it was told. With its heartbeat on it expects to be asked regularly; after
# how long it does what is not documented, so nothing relies on it.

from chargers.fields import number, ok, phases, true
from micropython import const

_PATH = const("/connect.php")
_CURRENTS = ("currents.0", "currents.1", "currents.2")

AUTH = ""
STEP_MA = 100
WRITE_EVERY_MS = 5000
REPEAT_MS = 0
ARM_STEPS = 1
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current, or pauses with 0."""
    return None if step else ("POST", _PATH, b"ampere=%d.%d" % (ma // 1000, ma // 100 % 10))


def confirm(notes) -> tuple:
    """Asks for all there is to know."""
    return "GET", _PATH, None


poll = confirm


def arm(notes, fallback_ma: int, step: int) -> tuple:
    """Switches its heartbeat on."""
    return "POST", _PATH, b"heartbeatenabled=1"


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError. A write is answered by anything at all."""
    ok(request, status)
    if request[0] != "GET":
        return
    plugged = true(body, "plug_state")
    answer.state = 2 if true(body, "charge_state") else int(plugged)
    answer.allowed_ma = number(body, "offered_current", 0, 80, 1000) if plugged else 0
    phases(body, _CURRENTS, 1000, answer)
