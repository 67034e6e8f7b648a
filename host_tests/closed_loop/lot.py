"""A car park without a meter in virtual time, where every car takes what it is told at once."""

from balance.cycle import Cycle
from balance.rows import DIRTY, STATE_A, STATE_B, STATE_C
from balance.ticks import MASK
from core import CHARGER, SITE

# A rotation is at least so long, or places cannot change hands as often as the rule has it.
ROTATION_S = 240

# A car that was told 0 is not asked for so long (design, promise 6).
PAUSE_S = 60
_HEARD_S = 20


class Lot:
    """Chargers whose cars want all there is. `run` notes for each car how long it is on, what it
    gets on a phase, and its waits as parts of the bound that the allocator promises: `rounds`
    rotations for each of its priority that waits, and two."""

    rounds = 1

    def __init__(self, budget_ma, cars, rotation_s=ROTATION_S, start_ms=0):
        self.rotation_s = rotation_s
        self.cycle = Cycle(len(cars))
        self.rows = self.cycle.rows
        self.now_ms = start_ms
        self.passed_s = 0
        self.set_budget(budget_ma)
        for changes in cars:
            index = self.rows.add(dict(CHARGER, **changes), SITE["minimum"])
            self._answer(index, STATE_A, 0)
        self.forget()

    def set_budget(self, budget_ma):
        changes = {"limit_ma": budget_ma, "supply_ma": budget_ma, "rotation_s": self.rotation_s}
        self.cycle.apply(dict(SITE, meter=None, **changes))

    def forget(self):
        """Counts from now on."""
        cars = range(self.rows.count)
        self.on_s = [0 for _ in cars]
        self.charge_mas = [0 for _ in cars]
        self.waits = [_Wait() for _ in cars]

    def plug_in(self, index):
        self._answer(index, STATE_B, self.rows.set_ma[index])

    def unplug(self, index):
        self._answer(index, STATE_A, self.rows.set_ma[index])

    def replug(self, index):
        """This car leaves, and another one comes in its place."""
        self.unplug(index)
        self.run(1)
        self.plug_in(index)

    def run(self, seconds, step_s=1):
        for _ in range(seconds // step_s):
            self.now_ms = (self.now_ms + 1000 * step_s) & MASK
            self.cycle.run(self.now_ms)
            self._deliver(step_s)
            self._note(step_s)

    # -- the chargers --

    # Every setpoint at once; who has none is heard from now and then, which is faster.
    def _deliver(self, step_s):
        all_ = self.passed_s % _HEARD_S < step_s
        for index in range(self.rows.count):
            if all_ or self.rows.flags[index] & DIRTY:
                told = self.rows.set_ma[index]
                self.cycle.ledger.written(index, told)
                plugged = self.rows.state[index] != STATE_A
                state = (STATE_C if told else STATE_B) if plugged else STATE_A
                self._answer(index, state, told)

    def _answer(self, index, state, allowed_ma):
        self.cycle.ledger.answered(index, state)
        self.cycle.ledger.read_back(index, allowed_ma)

    # -- what is noted --

    def _note(self, step_s):
        self.passed_s += step_s
        rows = self.rows
        waiting = [index for index in range(rows.count) if self.is_waiting(index)]
        priorities = [rows.priority[index] for index in waiting]
        for index, wait in enumerate(self.waits):
            if index in waiting:
                equals = priorities.count(rows.priority[index])
                wait.add(step_s, self.rounds * equals + 2, self.rotation_s)
            else:
                wait.end()
            if rows.state[index] == STATE_C:
                self.on_s[index] += step_s
                self.charge_mas[index] += step_s * rows.set_ma[index]

    def is_waiting(self, index):
        return self.rows.state[index] != STATE_A and not self.rows.set_ma[index]


class _Wait:
    """A car's present wait, and the longest one as a part of its bound: so many rotations after
    its pause, the most of all times."""

    def __init__(self):
        self.worst = self.longest_s = 0
        self.end()

    def add(self, step_s, rotations, rotation_s):
        self._seconds += step_s
        self._rotations = max(self._rotations, rotations)
        self.longest_s = max(self.longest_s, self._seconds)
        bound_s = PAUSE_S + self._rotations * max(rotation_s, ROTATION_S)
        self.worst = max(self.worst, self._seconds / bound_s)

    def end(self):
        self._seconds = self._rotations = 0
