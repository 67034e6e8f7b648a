# The situations in which `tools/amprail bench` times the deciding core, on both interpreters.
#
# Each is reached as on a site: chargers that do what they are told, static load management and
# virtual time. What the core holds just before a decision is copied, so that the very same
# decision can be made any number of times. Whatever the core holds is found, not named.

from array import array

from balance.cycle import Cycle
from balance.rows import STATE_B, STATE_C, STATE_E

# Name: (mixed chargers, room while they settle, room at the decision, rotation_s, the most s until
# it). Room: percent of the minimums and of the maximums of all chargers; None: they only wait.
# The decision is the first that pauses or admits a car, or the last if none does.
SCENARIOS = {
    "all_on": (False, (0, 100), (0, 100), 86400, 1),
    "shortage": (False, (0, 50), (0, 50), 86400, 1),
    "budget_halved": (False, (0, 100), (50, 0), 86400, 1),
    "half_waiting": (False, (50, 0), (50, 0), 86400, 1),
    "turns": (False, (50, 0), (50, 0), 60, 300),
    "mixed_phases": (True, (75, 25), (75, 25), 86400, 1),
    "cold_start": (False, None, (0, 100), 86400, 10),
    "cold_start_mixed": (True, None, (67, 0), 86400, 10),
}
SIZES = (8, 64, 256)
PARTS = ("allocate", "cycle")

PHASES = ("123", "231", "312", "1", "2", "3", "12", "23", "13", "?")

# A reading comes four times a second; long enough for cars to settle.
_STEP_MS = 250
_SETTLE_S = 16


class Scenario:
    """A cycle with `count` chargers just before a decision.

    `timed(part)` gives what puts everything back to there, and the call that is timed: of the
    allocator alone, or of the whole cycle around it.
    """

    def __init__(self, name: str, count: int):
        mixed, settling, room, self._rotation_s, most_s = SCENARIOS[name]
        self.core = Cycle(count)
        self._now_ms = 0
        self._own_ma = array("i", (0, 0, 0))
        self._add_chargers(count, mixed)
        if settling:
            self._have_room(settling)
            for _ in range(_SETTLE_S * 1000 // _STEP_MS):
                self._run()
        self._have_room(room)
        self._find_decision(most_s)

    def timed(self, part: str) -> tuple:
        """(prepare, call) of one of PARTS."""
        if part == "allocate":
            return self._before_allocate.restore, self._allocate
        return self._before_cycle.restore, self._cycle

    def _allocate(self):
        core = self.core
        core.allocator.allocate(core.grid, self._may_raise, self._elapsed_ms)

    def _cycle(self):
        self.core.run(self._now_ms)

    # -- how it gets there --

    def _add_chargers(self, count, mixed):
        minimum = {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000}
        charger = {
            "phases": "123",
            "max_ma": 16000,
            "min_ma": None,
            "fallback_ma": 6000,
            "priority": 0,
            "weight": 1,
        }
        self._phases = []
        chance = _Chance()
        for index in range(count):
            if mixed:
                _mix(charger, index, chance)
            self._phases.append(charger["phases"])
            self.core.rows.add(charger, minimum)
            self.core.ledger.answered(index, STATE_B)
            self.core.ledger.read_back(index, 0)

    def _have_room(self, percent):
        rows = self.core.rows
        room = percent[0] * self.on_fullest_phase(rows.min_ma) // 100
        room += percent[1] * self.on_fullest_phase(rows.max_ma) // 100
        site = {
            "limit_ma": room,
            "largest_consumer_ma": 16000,
            "margin_pct": 0,
            "surge_pct": 140,
            "supply_ma": room,
            "without_meter_ma": 0,
            "rotation_s": self._rotation_s,
            "pv": False,
            "minimum": {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000},
            "meter": None,
        }
        self.core.apply(site)

    def on_fullest_phase(self, values) -> int:
        """The sum of one value a charger on the phase that has most of it."""
        return max(self.on_phase(values, phase) for phase in range(3))

    def on_phase(self, values, phase: int) -> int:
        """The sum of one value a charger over those that are on a phase."""
        rows = self.core.rows
        return sum(values[row] for row in range(rows.count) if rows.phases[row] >> phase & 1)

    def _run(self):
        self._now_ms += _STEP_MS
        self.core.run(self._now_ms)
        for index in range(self.core.rows.count):
            self._obey(index)

    # A charger takes its setpoint, and the car draws it.
    def _obey(self, index):
        rows = self.core.rows
        ledger = self.core.ledger
        told = rows.set_ma[index]
        ledger.written(index, told)
        ledger.answered(index, STATE_C if told else STATE_B)
        ledger.read_back(index, told)
        for own in range(3):
            on = self._phases[index] == "?" or own < len(self._phases[index])
            self._own_ma[own] = told if on else 0
        ledger.measured(index, self._own_ma)

    # Every cycle from here on may be the one: it is kept until one has changed who is on.
    def _find_decision(self, most_s):
        allocator = self.core.allocator
        allocate = allocator.allocate
        self._decided = False

        def noting(grid, may_raise, elapsed_ms):
            self._may_raise = may_raise
            self._elapsed_ms = elapsed_ms
            self._before_allocate = Copy(self.core)
            allocate(grid, may_raise, elapsed_ms)
            self._decided = self.switched() > 0

        allocator.allocate = noting
        left = most_s * 1000 // _STEP_MS
        while left and not self._decided:
            self._before_cycle = Copy(self.core)
            self._run()
            left -= 1
        del allocator.allocate

    def switched(self) -> int:
        """How many are told to start or to stop, before anybody was told."""
        rows = self.core.rows
        return sum(
            (rows.want_ma[row] > 0) != (rows.set_ma[row] > 0)
            for row in range(rows.count)
            if rows.state[row] < STATE_E
        )


class Copy:
    """A copy of the arrays and plain values of the core's parts, to be put back into them."""

    def __init__(self, core):
        self._arrays = []
        self._values = []
        for part in parts(core):
            for name, value in part.__dict__.items():
                if is_array(value):
                    self._arrays.append((value, value[:]))
                elif not hasattr(value, "__dict__") and not callable(value):
                    self._values.append((part, name, value))

    # It allocates nothing: MicroPython looks for the frame of a larger function in the heap, which
    # takes longer and longer behind what nobody collects.
    def restore(self) -> None:
        for values, copy in self._arrays:
            for index in range(len(values)):
                values[index] = copy[index]
        for part, name, value in self._values:
            setattr(part, name, value)


class _Chance:
    """The same numbers on every interpreter."""

    def __init__(self):
        self._state = 1

    def below(self, limit):
        self._state = (75 * self._state + 74) % 65537
        return self._state * limit // 65537


def _mix(charger, index, chance):
    charger["phases"] = PHASES[index % len(PHASES)]
    charger["max_ma"] = 10000 + 2000 * chance.below(12)
    charger["priority"] = chance.below(5) - 2
    charger["weight"] = 1 + chance.below(3)


def parts(core) -> list:
    """The core and every object that it is made of."""
    found = [core]
    for part in found:
        for value in part.__dict__.values():
            if hasattr(value, "__dict__") and not callable(value):
                if not any(value is other for other in found):
                    found.append(value)
    return found


def is_array(value) -> bool:
    return isinstance(value, (array, bytearray, list))


def bytes_per_charger() -> int:
    """What the arrays of the core take more for each charger more."""
    return (_array_bytes(128) - _array_bytes(64)) // 64


def _array_bytes(capacity):
    total = 0
    for part in parts(Cycle(capacity)):
        for value in part.__dict__.values():
            if isinstance(value, (array, bytearray)):
                total += len(bytes(value))
    return total
