"""Who decides: our core, and the rules of naive peers to compare it with."""

from balance.cycle import Cycle
from balance.reasons import CODES
from balance.ticks import MASK

from .car import LEAST_OFFER_MA
from .charger import phases_of
from .delivery import Delivery

WORDS = [code.split()[0] for code in CODES.split("|")]

# evcc's default `interval`: each tick one load point is adjusted.
TICK_MS = 30_000

# Without a reading the core still runs (firmware/app/control.py).
_TICK_WITHOUT_METER_MS = 400


class Amprail:
    """The deciding core with the delivery of the firmware."""

    reads = True
    knows = False

    def __init__(self, world):
        self._clock = world.clock
        self.cycle = Cycle()
        self.cycle.apply(world.site)
        self._minimum = world.site["minimum"]
        self.delivery = Delivery(world.clock, self.cycle, world.chargers, self._run)
        if world.site["meter"] is None:
            self.reads = False
            world.clock.every(0, _TICK_WITHOUT_METER_MS, self._run)

    def added(self, charger) -> None:
        self.cycle.rows.add(charger.line, self._minimum)
        self.delivery.add()

    def read(self, phase_ma) -> None:
        if phase_ma is not None:
            self.cycle.grid.read(phase_ma)
        self._run()

    def _run(self):
        self.cycle.run(self._clock.now_ms & MASK)
        self.delivery.kick()

    def changed(self) -> None:
        pass  # it only knows what it reads

    def reason(self, index: int) -> str:
        self.cycle.explain(index)
        return WORDS[self.cycle.reason]


class Naive:
    """What the simple rules have in common: they set currents, without asking back."""

    reads = False
    knows = False

    def __init__(self, world):
        self.world = world

    def added(self, charger) -> None:
        pass

    def changed(self) -> None:
        pass

    def tell(self, charger, ma: int) -> None:
        """Sets a current, if it is another one and the charger can be reached."""
        if ma != charger.allowed_ma and charger.reachable:
            self.world.clock.after(charger.latency_ms, charger.write, ma)

    def reason(self, index: int) -> str:
        charger = self.world.chargers[index]
        if not charger.wants:
            return "no_car" if charger.car is None else "ended"
        return "charging" if charger.offers else "waiting"


# What an installer without a meter does: the house's largest load is always kept free. If the
# shares are below 6 A, as many chargers as fit have 6 A, first come, first served.
class Static(Naive):
    """A fixed share for everybody; `highest_ma` is the most that the house ever draws."""

    def __init__(self, world, highest_ma):
        super().__init__(world)
        supply_ma = world.site["supply_ma"]
        free = [world.site["limit_ma"] - ma for ma in highest_ma]
        self._budget = [max(min(ma, supply_ma), 0) for ma in free]
        self._has = set()
        world.clock.at(0, self.changed)

    def changed(self) -> None:
        share = self._share()
        if share < LEAST_OFFER_MA:
            self._give_places()
            return
        for charger in self.world.chargers:
            self.tell(charger, min(share, charger.line["max_ma"]))

    def _share(self):
        users = [0, 0, 0]
        for charger in self.world.chargers:
            for phase in phases_of(charger.line["phases"]):
                users[phase] += 1
        shares = [ma // max(count, 1) for ma, count in zip(self._budget, users, strict=True)]
        return min(share for share, count in zip(shares, users, strict=True) if count)

    def _give_places(self):
        for charger in self.world.chargers:
            if charger.index in self._has and not charger.wants:
                self._has.discard(charger.index)
                self.tell(charger, 0)
        waiting = [c for c in self.world.chargers if c.wants and c.index not in self._has]
        for charger in sorted(waiting, key=lambda charger: charger.car.plugged_ms):
            if all(self._free(p) >= LEAST_OFFER_MA for p in phases_of(charger.line["phases"])):
                self._has.add(charger.index)
                self.tell(charger, LEAST_OFFER_MA)

    def _free(self, phase):
        chargers = [self.world.chargers[index] for index in self._has]
        users = sum(phase in phases_of(charger.line["phases"]) for charger in chargers)
        return self._budget[phase] - users * LEAST_OFFER_MA


# evcc with a circuit of the limit: each tick the load point whose turn it is takes the whole
# headroom of its phases, or gives up the whole excess; below its minimum it is off.
class RoundRobin(Naive):
    """Every 30 s, one charger at a time."""

    reads = True

    def __init__(self, world):
        super().__init__(world)
        self._reading = None
        self._turn = -1
        world.clock.every(TICK_MS, TICK_MS, self._tick)

    def read(self, phase_ma) -> None:
        self._reading = phase_ma

    def changed(self) -> None:
        for charger in self.world.chargers:
            if charger.car is None:
                self.tell(charger, 0)

    def _tick(self):
        wanting = [charger for charger in self.world.chargers if charger.wants]
        if self._reading is None or not wanting:
            return
        later = [charger for charger in wanting if charger.index > self._turn]
        charger = (later or wanting)[0]
        self._turn = charger.index
        self._adjust(charger)

    def _adjust(self, charger):
        phases = phases_of(charger.line["phases"])
        headroom = min(self.world.site["limit_ma"] - self._reading[phase] for phase in phases)
        ma = min(charger.allowed_ma + headroom, charger.line["max_ma"])
        least = charger.line["min_ma"] or LEAST_OFFER_MA
        self.tell(charger, ma if ma >= least else 0)
