"""A site in virtual time: connection, house, meter, chargers, cars, and whoever manages them."""

from .charger import Charger
from .clock import Clock
from .connection import UA, Connection, Recovery
from .meter import Meter, MeterKind
from .service import Service


# A manager is what decides: it is made with the world, and the world calls
#   added(charger)    a charger belongs to it from now on
#   read(phase_ma)    a reading of the meter; None is a missing one
#   changed()         the house, a car or what it wants has changed: only for those who know all
# and may ask `reason(index)`, a word that says why a charger has what it has.
class World:
    """site: a checked site.json. Nothing moves but by `run_until` and `run`."""

    def __init__(self, site: dict, manager, *, meter=MeterKind(), seed=1, reaction_ms=6000):
        self.site = site
        self.clock = Clock()
        self.connection = Connection(self.clock, site["limit_ma"], reaction_ms)
        self.recovery = Recovery(self.clock)
        self.service = Service(self.clock)
        self.chargers = []
        self.house_ma = [0, 0, 0]
        self.manager = manager(self)
        self.meter = None
        if self.manager.reads:
            read = self.manager.read
            self.meter = Meter(self.clock, self.connection, meter, seed, read)

    def run_until(self, ms: int) -> None:
        self.clock.run_until(ms)

    def run(self, seconds: float) -> None:
        self.clock.run_until(self.clock.now_ms + round(1000 * seconds))

    def finish(self) -> None:
        """Counts what is still going on."""
        self.connection.advance()
        self.recovery.finish()
        for charger in self.chargers:
            self.service.end(charger)

    def add_charger(self, line: dict, **kind) -> Charger:
        """line: a checked line of chargers.jsonl; kind: as Charger has it."""
        charger = Charger(self, len(self.chargers), line, **kind)
        self.chargers.append(charger)
        self.manager.added(charger)
        return charger

    def set_house(self, phase_ma) -> None:
        """The house draws this from now on."""
        for phase in range(3):
            self.connection.change((phase,), (phase_ma[phase] - self.house_ma[phase]) * UA)
        self.house_ma = list(phase_ma)
        self.manager.changed()

    # -- what chargers and cars report --

    def drawn(self, phases, ua: int, slope: int) -> None:
        self.connection.change(phases, ua, slope)
        self.recovery.change(ua * len(phases), slope * len(phases))

    def offer_changed(self, charger, before_ma: int) -> None:
        self.service.offered(charger, before_ma)

    def plugged(self, charger) -> None:
        self.service.look(charger)
        self.manager.changed()

    def unplugged(self, charger, car) -> None:
        self.service.look(charger)
        self.service.left(charger, car)
        self.manager.changed()

    def turned(self, charger) -> None:
        self.service.look(charger)
        self.manager.changed()
