# Peblar Home, Home Plus, Business (developer.peblar.com, local REST API v1), with a token that its
# page makes. Milliamperes; below 6 A it suspends. What a write costs its flash is not documented.

from chargers.fields import number, ok, phases, raw
from micropython import const

_LIMIT = const("/api/wlac/v1/evinterface")
_METER = const("/api/wlac/v1/meter")
_CURRENTS = ("CurrentPhase1", "CurrentPhase2", "CurrentPhase3")

AUTH = "token"
STEP_MA = 1
WRITE_EVERY_MS = 5000
REPEAT_MS = ARM_STEPS = 0
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current, or suspends with 0."""
    return None if step else ("PATCH", _LIMIT, b'{"ChargeCurrentLimit":%d}' % ma)


def confirm(notes) -> tuple:
    """Asks for the state and the limit in force."""
    return "GET", _LIMIT, None


def poll(notes) -> tuple:
    """Asks for the phase currents."""
    return "GET", _METER, None


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError."""
    ok(request, status)
    if request[1] == _METER:
        phases(body, _CURRENTS, 1, answer)
    elif request[0] == "GET":
        letter = raw(body, "CpState")[7:-1]
        answer.state = b"ABCDEF".find(letter) if len(letter) == 1 else 5
        answer.state = 5 if answer.state < 0 else answer.state
        allowed_ma = number(body, "ChargeCurrentLimitActual", 0, 80000)
        answer.allowed_ma = allowed_ma if allowed_ma >= 6000 else 0
