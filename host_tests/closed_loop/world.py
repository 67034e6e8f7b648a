"""A small world in virtual time around the deciding core: a house, a meter, chargers and cars.

It is the smallest thing that behaves like them: the meter refreshes once a second with noise, a
charger confirms a setpoint `latency_ms` after it was told, a car follows `lag_ms` after that.
"""

import random

from balance.cycle import Cycle
from core import CHARGER, SITE

STEP_MS = 50


class Charger:
    """One charger with its car; all currents in mA."""

    def __init__(self, world, index, phases, car_phases, draws_ma, lag_ms):
        self.world = world
        self.index = index
        self.grid_phases = [int(p) - 1 for p in phases][:car_phases]
        self.own_phases = len(self.grid_phases)
        self.draws_ma = draws_ma
        self.lag_ms = lag_ms
        self.state = 0
        self.allowed_ma = 0
        self.offered = [(0, 0)]
        self.draw_ma = 0
        self.reachable = True
        self.obeys = True
        self.metered = False
        self.pending = []

    def plug_in(self):
        self.state = 1

    def step(self, now):
        while self.pending and self.pending[0][0] <= now:
            _, ma = self.pending.pop(0)
            if self.obeys:
                self.allowed_ma = ma
                self.offered.append((now, ma))
            self.world.cycle.ledger.written(self.index, ma)
            self.world.read(self)
        offer = [ma for since, ma in self.offered if since <= now - self.lag_ms]
        offer = offer[-1] if offer else 0
        if self.state in (1, 2):
            self.state = 2 if offer >= 6000 else 1
        self.draw_ma = min(offer, self.draws_ma) if self.state == 2 else 0


class World:
    def __init__(self, seed=1, noise_ma=300, latency_ms=200, site=None, **changes):
        self.site = dict(SITE if site is None else site, **changes)
        self.random = random.Random(seed)
        self.noise_ma = noise_ma
        self.latency_ms = latency_ms
        self.cycle = Cycle()
        self.cycle.apply(self.site)
        self.chargers = []
        self.now = 0
        self.house = [0, 0, 0]
        self.meter_works = True
        self.shown = [0, 0, 0]
        self.log = []
        self.told = []

    def add(self, phases="123", car_phases=3, draws_ma=16000, lag_ms=3000, **changes):
        index = self.cycle.rows.add(dict(CHARGER, phases=phases, **changes), self.site["minimum"])
        charger = Charger(self, index, phases, car_phases, draws_ma, lag_ms)
        self.chargers.append(charger)
        self.told.append(0)
        return charger

    def read(self, charger):
        ledger = self.cycle.ledger
        if not charger.reachable:
            ledger.failed(charger.index)
            return
        ledger.answered(charger.index, charger.state)
        ledger.read_back(charger.index, charger.allowed_ma)
        if charger.metered:
            own = [charger.draw_ma if n < charger.own_phases else 0 for n in range(3)]
            ledger.measured(charger.index, own)

    def currents(self):
        phases = list(self.house)
        for charger in self.chargers:
            for phase in charger.grid_phases:
                phases[phase] += charger.draw_ma
        return phases

    def _deliver(self, charger):
        rows = self.cycle.rows
        ma = rows.set_ma[charger.index]
        dirty = rows.flags[charger.index] & 2
        busy = charger.pending
        if dirty and not busy and charger.reachable:
            charger.pending.append((self.now + self.latency_ms, ma))

    def step(self):
        self.now += STEP_MS
        for charger in self.chargers:
            charger.step(self.now)
            if self.now % 2000 == 100 + 50 * (charger.index % 30):
                self.read(charger)
        phases = self.currents()
        if self.now % 1000 == 0:
            self.shown = [round(p + self.random.gauss(0, self.noise_ma)) for p in phases]
        if self.now % 250 == 0:
            if self.meter_works:
                self.cycle.grid.read(self.shown)
            self.cycle.run(self.now & 0x3FFFFFFF)
            for charger in self.chargers:
                self._deliver(charger)
        self.log.append((self.now, phases, [c.draw_ma for c in self.chargers]))

    def run(self, seconds):
        """Runs and returns the part of the log that it added: (ms, phase currents, draws)."""
        start = len(self.log)
        for _ in range(int(seconds * 1000 / STEP_MS)):
            self.step()
        return self.log[start:]


def seconds_above(log, limit_ma):
    """How long any phase was above the limit, in seconds."""
    return sum(STEP_MS for _, phases, _ in log if max(phases) > limit_ma) / 1000


def on(world):
    return sum(ma > 0 for ma in world.cycle.rows.set_ma)
