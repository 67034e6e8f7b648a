# Why a charger has what it has: a code and up to two integers, found when somebody asks. The words
# live in the page (`firmware/page/words`), and the build fails if a code has none.

from balance.grid import FROM_SUPPLY
from balance.rows import (
    AUTO,
    DISOBEYING,
    ENDED,
    KNOWN,
    LEAST_OFFER_MA,
    OFF,
    ROTATION,
    STATE_A,
    STATE_B,
    STATE_D,
    USABLE,
    USER_PAUSED,
    WAITING,
)
from balance.sessions import ENDED_S
from micropython import const

# Each code with the names of its numbers in `/api/status`, in one string, since as tuples they
# would take ten times the memory; their order is that of the constants below. A name that ends in
# `phase` is the grid's phase 1 to 3.
#   no_car          state A                     waiting        its minimum does not fit; missing
#   maximum         has its own maximum         paused         stays paused, against flicker
#   phase_short     its phase has no more       raising        waits until others have made room
#   fair_share      shares the phase            unreachable    no answer: reserved
#   supply_short    the cable has no more       not_obeying    answers, but keeps another current
#   meter_lost      without_meter_ma applies    no_reading     not yet or just not: nothing raised
#   starting        until all have been read    charger_error  states E and F
#   bad_settings    its line cannot be used: reserved
#   demand          its car makes use of no more than this
#   turn            waits until somebody has had a rotation; about
#   minimum_raised  has its minimum, more than 6 A, since its car needs that to charge
#   welcome         was plugged in and is offered current, so that it does not fall asleep
#   ended           its car draws nothing: offered what all others leave
#   wiring_test     the test of balance.wiring goes on, here or elsewhere: nobody is raised
#   user_paused     told 0 until its user resumes it, or unplugs the car
CODES = (
    "no_car|maximum|phase_short phase missing_ma|fair_share phase missing_ma|"
    "supply_short phase missing_ma|waiting phase missing_ma|paused left_s|raising|"
    "unreachable booked_ma|not_obeying booked_ma|meter_lost age_s|no_reading|starting left_s|"
    "charger_error|bad_settings booked_ma|demand most_ma|turn phase left_s|"
    "minimum_raised minimum_ma|welcome left_s|ended|wiring_test|user_paused"
)
_NO_CAR = const(0)
_MAXIMUM = const(1)
_PHASE_SHORT = const(2)
_FAIR_SHARE = const(3)
_SUPPLY_SHORT = const(4)
_WAITING = const(5)
_PAUSED = const(6)
_RAISING = const(7)
_UNREACHABLE = const(8)
_NOT_OBEYING = const(9)
_METER_LOST = const(10)
_NO_READING = const(11)
_STARTING = const(12)
_CHARGER_ERROR = const(13)
_BAD_SETTINGS = const(14)
_DEMAND = const(15)
_TURN = const(16)
_MINIMUM_RAISED = const(17)
_WELCOME = const(18)
_ENDED = const(19)
_WIRING_TEST = const(20)
_USER_PAUSED = const(21)

# What is less than this from what is wanted is not worth a setpoint.
_STEP_MA = const(500)
_NOBODY = const(-1)  # makes way for it


def explain(cycle, index: int) -> None:
    """Sets `reason`, `number_a` and `number_b` of the cycle for a charger, as of its last run."""
    rows = cycle.rows
    cycle.number_a = cycle.number_b = 0
    if rows.aside[index]:
        _explain_reserved(cycle, index)
    elif not _explain_state(cycle, index):
        if rows.bound[index] == WAITING:
            _explain_waiting(cycle, index)
        else:
            _explain_current(cycle, index)


def _explain_reserved(cycle, index):
    rows = cycle.rows
    flags = rows.flags[index]
    code = _UNREACHABLE
    if rows.aside[index] == DISOBEYING:
        code = _NOT_OBEYING
    elif not flags & USABLE:
        code = _BAD_SETTINGS
    elif cycle.starting_ms and not flags & KNOWN:
        _say(cycle, _STARTING, (cycle.starting_ms + 999) // 1000)
        return
    _say(cycle, code, rows.booked_ma[index])


def _explain_state(cycle, index):
    rows = cycle.rows
    if rows.state[index] == STATE_A:
        _say(cycle, _NO_CAR)
    elif rows.state[index] > STATE_D:
        _say(cycle, _CHARGER_ERROR)
    elif rows.weight[index] & USER_PAUSED:
        _say(cycle, _USER_PAUSED)
    elif cycle.grid.lost:
        _say(cycle, _METER_LOST, cycle.grid.age_ms // 1000)
    elif cycle.starting_ms:
        _say(cycle, _STARTING, (cycle.starting_ms + 999) // 1000)
    elif rows.session[index] & ENDED:
        _say(cycle, _ENDED)
    elif not cycle.may_raise:
        _say(cycle, _WIRING_TEST if cycle.test else _NO_READING)
    elif rows.hold_s[index] and not rows.set_ma[index]:
        _say(cycle, _PAUSED, rows.hold_s[index])
    else:
        return False
    return True


def _explain_current(cycle, index):
    rows = cycle.rows
    set_ma = rows.set_ma[index]
    if rows.want_ma[index] - set_ma >= _STEP_MA:
        _say(cycle, _RAISING)
    elif set_ma >= rows.max_ma[index]:
        _say(cycle, _MAXIMUM)
    elif _is_welcome(rows, index):
        _say(cycle, _WELCOME, ENDED_S - rows.connected_s[index])
    elif set_ma >= rows.cap_ma[index]:
        _say(cycle, _DEMAND, rows.cap_ma[index])
    elif rows.session[index] & AUTO and set_ma == rows.min_ma[index] > LEAST_OFFER_MA:
        _say(cycle, _MINIMUM_RAISED, set_ma)
    else:
        _explain_phase(cycle, index, rows.max_ma[index] - set_ma)


def _is_welcome(rows, index):
    fresh = not rows.charge_das[index] and rows.connected_s[index] < ENDED_S
    return fresh and rows.state[index] == STATE_B


def _explain_phase(cycle, index, missing_ma):
    phase = cycle.rows.bound[index]
    if phase > 2:
        phase = _tightest(cycle, index)
    code = _SUPPLY_SHORT
    if cycle.grid.source[phase] != FROM_SUPPLY:
        code = _FAIR_SHARE if cycle.allocator.shared(phase) else _PHASE_SHORT
    _say(cycle, code, phase + 1, missing_ma)


# Of its phases the one with the least to spare.
def _tightest(cycle, index):
    mask = cycle.rows.phases[index]
    spare = cycle.allocator.spare
    worst = -1
    for phase in range(3):
        if mask >> phase & 1 and (worst < 0 or spare[phase] < spare[worst]):
            worst = phase
    return worst


def _explain_waiting(cycle, index):
    phase = _tightest(cycle, index)
    left = _turns_left(cycle.rows, index)
    if left == _NOBODY:
        missing_ma = cycle.rows.min_ma[index] - cycle.allocator.spare[phase]
        _say(cycle, _WAITING, phase + 1, max(missing_ma, 0))
    else:
        rotation_s = cycle.sessions.rotation_s
        left_s = left // ROTATION * rotation_s + left % ROTATION * rotation_s // ROTATION
        _say(cycle, _TURN, phase + 1, left_s)


# About how many sixtieths of a rotation until it is its turn: the first that has to make way has
# so many left, and one more rotation for each round of those that have waited longer.
def _turns_left(rows, index):
    mask = rows.phases[index]
    first = ROTATION
    places = ahead = 0
    for other in range(rows.count):
        if rows.phases[other] & mask:
            if rows.bound[other] == WAITING:
                ahead += rows.turn[other] > rows.turn[index]
            elif rows.bound[other] < OFF and rows.priority[other] <= rows.priority[index]:
                places += 1
                first = min(first, max(ROTATION - rows.turn[other], 0))
    return first + ahead // places * ROTATION if places else _NOBODY


def _say(cycle, code, a=0, b=0):
    cycle.reason = code
    cycle.number_a = a
    cycle.number_b = b
