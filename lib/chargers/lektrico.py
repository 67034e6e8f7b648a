# Lektrico 1P7K and 3P22K (lektri.co, local RPC). `dynamic_current` is what is meant to be changed
# often: whole amperes, 0 pauses. Without a car or a release it stays in its own states.

from chargers.fields import number, ok, phases, raw, true, wrong
from micropython import const

_INFO = const("/rpc/charger_info.get")
_CURRENTS = ("currents.0", "currents.1", "currents.2")
_BODY = const(
    b'{"src":"amprail","id":1,"method":"dynamic_current.set","params":{"dynamic_current":%d}}'
)

AUTH = ""
STEP_MA = 1000
WRITE_EVERY_MS = 5000
REPEAT_MS = ARM_STEPS = 0
DEADLINE_MS = 3000
SETTLES_MS = 500
KEEP = ()


def write(ma: int, notes, step: int) -> tuple | None:
    """Sets the current, or pauses with 0."""
    return None if step else ("POST", "/rpc", _BODY % (ma // 1000))


def confirm(notes) -> tuple:
    """Asks for all there is to know."""
    return "GET", _INFO, None


poll = confirm


def read(request: tuple, status: int, body, answer, notes) -> None:
    """Reads a reply into `answer`; ValueError."""
    ok(request, status)
    if request[1] != _INFO:
        if raw(body, "result") != b"true":
            raise wrong("result", raw(body, "error") or raw(body, "result"), "true")
        return
    state = b" ABCDEF".find(raw(body, "charger_state")[1:2]) - 1
    answer.state = 5 if state < 0 or true(body, "has_active_errors") else state
    answer.allowed_ma = number(body, "dynamic_current", 0, 80, 1000)
    phases(body, _CURRENTS, 1000, answer)
