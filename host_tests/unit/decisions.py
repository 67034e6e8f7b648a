# A site at random and all that the core decides there, the same on every interpreter.

from array import array

from balance.cycle import Cycle
from core import CHARGER, SITE
from chance import Chance
from random_sites import MASKS

STEPS_MS = (250, 250, 250, 1000, 1000, 5000)


class Site:
    """Up to 64 chargers with and without meters, that answer or do not and do or do not obey."""

    def __init__(self, seed):
        self._chance = chance = Chance(seed)
        self._count = 8 + chance.below(57)
        self.cycle = Cycle(64)
        self._now_ms = 0x3FFFFFFF - 30000
        self._own_ma = array("i", (0, 0, 0))
        self._house_ma = 0
        site = dict(SITE, rotation_s=60, pv=seed % 2 == 0, limit_ma=63000, supply_ma=80000)
        if seed % 3 == 0:
            site.update(meter=None)
        self.cycle.apply(site)
        for _ in range(self._count):
            self._add(site["minimum"])

    def _add(self, minimum):
        chance = self._chance
        changes = {
            "phases": chance.pick(MASKS),
            "max_ma": chance.pick((10000, 16000, 32000)),
            "min_ma": chance.pick((None, None, 6000, 9000)),
            "priority": chance.below(3) - 1,
            "weight": chance.pick((1, 1, 3, 8)),
        }
        index = self.cycle.rows.add(dict(CHARGER, **changes), minimum)
        self._answer(index, chance.below(3), chance.pick((0, 6000, 10000)))

    def step(self):
        """One cycle; returns what each charger is told, its role, its phases and its reason."""
        chance = self._chance
        self._now_ms = (self._now_ms + chance.pick(STEPS_MS)) & 0x3FFFFFFF
        if chance.below(20) == 0:
            self._house_ma = chance.pick((-20000, 0, 10000, 40000, 70000))
        if chance.below(30):
            self._read()
        self.cycle.run(self._now_ms)
        decided = [self._decided(index) for index in range(self._count)]
        for index in range(self._count):
            self._hear(index)
        return decided

    def _decided(self, index):
        rows = self.cycle.rows
        self.cycle.explain(index)
        why = (self.cycle.reason, self.cycle.number_a, self.cycle.number_b)
        return (rows.set_ma[index], rows.bound[index], rows.phases[index], why)

    def _read(self):
        rows = self.cycle.rows
        reading = array("i", [self._house_ma + self._chance.below(600) for _ in range(3)])
        for index in range(self._count):
            for phase in range(3):
                if rows.state[index] == 2 and rows.phases[index] >> phase & 1:
                    reading[phase] += rows.set_ma[index]
        self.cycle.grid.read(reading)

    # One in eight obeys with a delay, one in 100 answers is none, and cars come and go.
    def _hear(self, index):
        chance = self._chance
        rows = self.cycle.rows
        told = rows.set_ma[index]
        if chance.below(100) == 0:
            return self.cycle.ledger.failed(index)
        if index % 8 == 7 and chance.below(4):
            return None
        state = rows.state[index]
        if chance.below(200) == 0:
            state = chance.below(6)
        elif state in (1, 2):
            state = 2 if told else 1
        self._answer(index, state, told)
        if index % 2:
            self._measure(index, told if state == 2 else 0)
        return None

    def _answer(self, index, state, allowed_ma):
        self.cycle.ledger.written(index, allowed_ma)
        self.cycle.ledger.answered(index, state)
        self.cycle.ledger.read_back(index, allowed_ma)

    def _measure(self, index, told):
        draws = told * 2 // 3 if index % 8 == 3 else told
        self._own_ma[0] = draws
        self._own_ma[1] = self._own_ma[2] = 0 if index % 8 == 5 else draws
        self.cycle.ledger.measured(index, self._own_ma)


def main(seed, cycles):
    """Writes one line a cycle."""
    site = Site(seed)
    for _ in range(cycles):
        print(site.step())
