# A site without a meter of its own whose cars draw what a test says, on chargers with meters.

from core import A, B, C, Site


def three(ma):
    """A car that draws up to so much on all phases."""
    return lambda told: [min(told, ma)] * 3


def one(ma):
    """A car that draws up to so much on its charger's first phase."""
    return lambda told: [min(told, ma), 0, 0]


def needs(least_ma, draw):
    """The same if it is told enough, and else nothing."""
    return lambda told: draw(told) if told >= least_ma else [0, 0, 0]


class Bays(Site):
    """`cars` holds for each charger a function from what it is told to what its car draws, and
    `asks` whether its car asks for current (C). Chargers in `blind` have no meter."""

    def __init__(self, supply_ma, **changes):
        super().__init__(meter=None, limit_ma=supply_ma, supply_ma=supply_ma, **changes)
        self.cars = []
        self.asks = []
        self.blind = []

    def park(self, car, asks=True, **changes):
        self.cars.append(car)
        self.asks.append(asks)
        return self.add(B, **changes)

    def limit(self, ma):
        self.cycle.apply(dict(self.settings, limit_ma=ma, supply_ma=ma))

    def unplug(self, index):
        self.answer(index, A, 0)

    def plug_in(self, index):
        self.answer(index, B, 0)

    def wait(self, seconds, ms=1000):
        for _ in range(seconds * 1000 // ms):
            self.run(ms)
            for index in range(self.rows.count):
                if self.obeys[index]:
                    self._hear(index)

    def _hear(self, index):
        told = self.rows.set_ma[index]
        plugged = self.rows.state[index] != A
        self.ledger.written(index, told)
        state = C if self.asks[index] and told else B
        self.answer(index, state if plugged else A, told)
        if index not in self.blind:
            drawn = self.cars[index](told) if plugged and self.asks[index] else [0, 0, 0]
            self.ledger.measured(index, drawn)
