# The deciding core as the tests want it: a site, chargers that were read, readings.

from array import array

from balance.cycle import Cycle
from balance.reasons import CODES

SITE = {
    "limit_ma": 63000,
    "largest_consumer_ma": 32000,
    "margin_pct": 0,
    "surge_pct": 140,
    "supply_ma": 63000,
    "without_meter_ma": 0,
    "rotation_s": 900,
    "pv": False,
    "minimum": {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000},
    "meter": {"lost_after_s": 10},
}
CHARGER = {
    "phases": "123",
    "max_ma": 16000,
    "min_ma": None,
    "fallback_ma": 6000,
    "priority": 0,
    "weight": 1,
}
TARGET_MA = 56200
AIM_MA = TARGET_MA - 630

A, B, C, D, E, F = range(6)


class Site:
    """A cycle with chargers that do at once what they are told, unless a test lets them not."""

    def __init__(self, **changes):
        self.settings = dict(SITE)
        self.settings.update(changes)
        self.cycle = Cycle()
        self.cycle.apply(self.settings)
        self.rows = self.cycle.rows
        self.ledger = self.cycle.ledger
        self.bookings = self.cycle.bookings
        self.now = 0
        self.reading = array("i", (10000, 10000, 10000))
        self.meter_works = True
        self.obeys = []

    def add(self, state=B, allowed=0, **changes):
        charger = dict(CHARGER)
        charger.update(changes)
        index = self.rows.add(charger, self.settings["minimum"])
        self.obeys.append(True)
        self.answer(index, state, allowed)
        return index

    def answer(self, index, state, allowed_ma):
        self.ledger.answered(index, state)
        self.ledger.read_back(index, allowed_ma)

    def deliver(self):
        """Every charger takes its setpoint and says so; one with a car charges."""
        for index in range(self.rows.count):
            if self.obeys[index] and self.rows.state[index] < E:
                told = self.rows.set_ma[index]
                self.ledger.written(index, told)
                state = self.rows.state[index]
                if state in (B, C):
                    state = C if told else B
                self.answer(index, state, told)

    def run(self, ms=250):
        """One cycle, `ms` after the last."""
        self.now = (self.now + ms) & 0x3FFFFFFF
        if self.meter_works:
            self.cycle.grid.read(self.reading)
        self.cycle.run(self.now)

    def seconds(self, seconds):
        for _ in range(4 * seconds):
            self.run()
            self.deliver()

    def set_ma(self):
        return [self.rows.set_ma[index] for index in range(self.rows.count)]

    def why(self, index):
        """(code, number, number) of a charger."""
        self.cycle.explain(index)
        code = CODES.split("|")[self.cycle.reason].split()[0]
        return code, self.cycle.number_a, self.cycle.number_b


def sums(values):
    return [values[0], values[1], values[2]]
