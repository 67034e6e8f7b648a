"""A site in virtual time for tests: the simulator of `tools/amprail sim`, driven by hand."""

from amprail_tools.virtual.car import CarKind
from amprail_tools.virtual.managers import Amprail
from amprail_tools.virtual.meter import MeterKind
from amprail_tools.virtual.world import World as Site
from core import CHARGER, SITE

# How often what is drawn is looked at, in ms.
STEP_MS = 50


class World(Site):
    """`house` in mA is for setting; `log` holds (ms, phase currents, draws) for every 50 ms."""

    def __init__(self, seed=1, noise_ma=300, latency_ms=200, site=None, **changes):
        site = dict(SITE if site is None else site, **changes)
        super().__init__(site, Amprail, meter=MeterKind(noise_ma=noise_ma), seed=seed)
        self.latency_ms = latency_ms
        self.cars = []
        self.log = []

    @property
    def cycle(self):
        return self.manager.cycle

    @property
    def house(self):
        return self.house_ma

    @house.setter
    def house(self, phase_ma):
        self.set_house(phase_ma)

    def add(self, phases="123", car_phases=3, draws_ma=16000, lag_ms=3000, **changes):
        """A charger without a meter, and the car that `plug_in` plugs in there."""
        line = dict(CHARGER, phases=phases, **changes)
        charger = self.add_charger(line, metered=False, latency_ms=self.latency_ms)
        self.cars.append(CarKind(phases=car_phases, max_ma=draws_ma, lag_ms=lag_ms))
        return charger

    def plug_in(self, charger):
        charger.plug_in(self.cars[charger.index])

    def run(self, seconds):
        """Runs and returns the part of the log that it added."""
        start = len(self.log)
        for _ in range(int(seconds * 1000 / STEP_MS)):
            self.run_until(self.clock.now_ms + STEP_MS)
            draws = [charger.draw_ma for charger in self.chargers]
            self.log.append((self.clock.now_ms, self.connection.phase_ma, draws))
        return self.log[start:]


def seconds_above(log, limit_ma):
    """How long any phase was above the limit, in seconds."""
    return sum(STEP_MS for _, phases, _ in log if max(phases) > limit_ma) / 1000


def on(world):
    return sum(ma > 0 for ma in world.cycle.rows.set_ma)
