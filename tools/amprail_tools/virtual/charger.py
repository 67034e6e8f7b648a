"""A charger in virtual time: what it allows, how it answers, what is wrong with it."""

from .car import LEAST_OFFER_MA, A, Car
from .connection import UA

FAULTS = ("unreachable", "disobeys", "reboot")


# What a manager and a car see of it; how it is asked is the delivery's affair. `line` is its line
# of chargers.jsonl.
class Charger:
    """reachable, obeys: as it is now; latency_ms of a request; poll_ms: None is the delivery's
    own; step_ma: it offers multiples of that."""

    def __init__(self, site, index, line, *, metered=True, latency_ms=50, poll_ms=None, step_ma=0):
        self.index = index
        self.line = line
        self.metered = metered
        self.latency_ms = latency_ms
        self.poll_ms = poll_ms
        self.step_ma = step_ma
        self.reachable = self.obeys = True
        self.allowed_ma = 0
        self.setpoints = 0
        self.car = None
        self._site = site
        self._of_grid = phases_of(line["phases"])

    @property
    def state(self) -> int:
        """IEC 61851-1: 0 is A, 1 is B, 2 is C."""
        return A if self.car is None else self.car.state

    @property
    def draw_ma(self) -> int:
        return 0 if self.car is None else self.car.draw_ma

    @property
    def own_ma(self) -> list:
        """What its own meter shows on its L1, L2, L3."""
        uses = 0 if self.car is None else len(self.car.phases)
        draw = self.draw_ma
        shares = (0, 0, 0) if self.car is None else self.car.kind.share_pct
        return [draw * shares[phase] // 100 if phase < uses else 0 for phase in range(3)]

    @property
    def wants(self) -> bool:
        return self.car is not None and not self.car.full

    @property
    def offers(self) -> bool:
        """True if a car could charge with what it allows."""
        return self.allowed_ma >= LEAST_OFFER_MA

    def write(self, ma: int) -> None:
        """A setpoint arrives."""
        self.setpoints += 1
        if self.obeys:
            self.allow(ma // self.step_ma * self.step_ma if self.step_ma else ma)

    def allow(self, ma: int) -> None:
        """Whatever the reason, it allows this from now on."""
        before, self.allowed_ma = self.allowed_ma, ma
        if self.car is not None:
            self.car.offer(ma)
        self._site.offer_changed(self, before)

    def plug_in(self, kind) -> Car:
        """A car of this kind arrives (in place of one that is there)."""
        self.unplug()
        phases = self._of_grid[: kind.phases]
        self.car = Car(self._site.clock, kind, phases, self._drawn, self._turned)
        if self.allowed_ma:
            self.car.offer(self.allowed_ma)
        self._site.plugged(self)
        return self.car

    def unplug(self) -> None:
        """Its car leaves, if there is one."""
        if self.car is not None:
            car = self.car
            car.unplug()
            self.car = None
            self._site.unplugged(self, car)

    def _drawn(self, ua, slope):
        shares = self.car.kind.share_pct
        if min(shares) == max(shares) == 100:
            self._site.drawn(self.car.phases, ua, slope)
            return
        for phase, share in zip(self.car.phases, shares, strict=False):
            self._site.drawn((phase,), ua * share // 100, slope * share // 100)

    def _turned(self):
        self._site.turned(self)

    def fault(self, kind: str, active: bool, current_a: float = 0) -> None:
        """A fault of FAULTS begins or ends; a reboot only happens, and leaves its own current."""
        if kind == "unreachable":
            self.reachable = not active
        elif kind == "disobeys":
            self.obeys = not active
        elif active:
            self.allow(round(current_a * UA))


def phases_of(text: str) -> list:
    """The grid's phases, 0 to 2, on the charger's L1 to L3; one that nobody knows is as 123."""
    return [int(digit) - 1 for digit in (text if text != "?" else "123")]
