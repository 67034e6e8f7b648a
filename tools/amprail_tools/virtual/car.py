"""A car at a charger, in virtual time: what it draws is a straight line between two events."""

from bisect import bisect_right
from dataclasses import dataclass

from .connection import UA

VOLTAGE_V = 230
A, B, C = 0, 1, 2

LEAST_OFFER_MA = 6000  # IEC 61851-1: the smallest current that can be offered
STOPS_MS = 3000  # IEC 61851-1: without an offer it stops within 3 s

# The last part of a charge goes in ten steps of ever less current, as a battery's management asks
# for it; a straight line would never end.
TAPER_STEPS = 10


@dataclass(frozen=True)
class CarKind:
    """energy_wh: None is never full; ramp_ma_s: 0 is at once; below_ma: how far it stays below the
    offer; taper_pct: the last part of its energy, in which it takes less and less; share_pct: what
    it draws on each of its phases."""

    phases: int = 3
    max_ma: int = 16000
    min_ma: int = 6000
    lag_ms: int = 3000
    ramp_ma_s: int = 4000
    start_delay_ms: int = 0
    below_ma: int = 0
    energy_wh: float | None = None
    taper_pct: float = 5
    share_pct: tuple = (100, 100, 100)


# A cut is followed in one step when the lag is over, the worst that is allowed; a raise ramps.
class Car:
    """Draws on `phases` (0 to 2) of the grid; `changed(ua, slope)` hears of each difference, and
    `turned()` of each change of what it is or wants."""

    def __init__(self, clock, kind: CarKind, phases, changed, turned):
        self.kind = kind
        self.phases = phases
        self.state = B
        self.full = False
        self.plugged_ms = clock.now_ms
        self.full_ms = None
        self._clock = clock
        self._changed = changed
        self._turned = turned
        self._coming = []  # (when, offer) that it has not followed yet
        self._follows_ma = 0
        self._ua = self._slope = 0
        self._since_ms = clock.now_ms
        self._taken = 0  # twice uA ms, of one phase
        self._version = self._start = 0
        self._starting = False
        self._steps = _energy_steps(kind, len(phases))

    # -- what it is --

    @property
    def draw_ua(self) -> int:
        return self._ua + self._slope * (self._clock.now_ms - self._since_ms)

    @property
    def draw_ma(self) -> int:
        return round(self.draw_ua / UA)

    @property
    def taken_mah(self) -> float:
        """What it has taken from each of its phases."""
        passed = self._clock.now_ms - self._since_ms
        return (self._taken + self._area(passed)) / (2 * UA * 3_600_000)

    @property
    def taken_wh(self) -> float:
        return self.taken_mah / 1000 * VOLTAGE_V * len(self.phases)

    def most_ma(self) -> int:
        """What it would draw now with any offer."""
        if self.full:
            return 0
        tenths = max(TAPER_STEPS - self._passed(), 1)
        return max(0, self.kind.max_ma * tenths // TAPER_STEPS - self.kind.below_ma)

    # -- what happens to it --

    def offer(self, ma: int) -> None:
        """The charger offers this from now on (0: nothing)."""
        lag = self.kind.lag_ms if ma >= LEAST_OFFER_MA else min(self.kind.lag_ms, STOPS_MS)
        due = self._clock.now_ms + lag
        self._coming = [entry for entry in self._coming if entry[0] < due]
        self._coming.append((due, ma))
        self._clock.at(due, self._follow)

    def unplug(self) -> None:
        self._coming = []
        self._start += 1
        self._go(0, 0)
        self.state = A

    def _follow(self):
        due = [entry for entry in self._coming if entry[0] <= self._clock.now_ms]
        if not due or self.state == A:
            return
        self._coming = self._coming[len(due) :]
        self._follows_ma = due[-1][1]
        if self._follows_ma < LEAST_OFFER_MA:
            self._start += 1
            self._starting = False
            self._turn(B)
        elif self.state == C:
            self._aim()
        elif not self._starting:  # another offer does not make it begin its wait anew
            self._starting = True
            self._clock.after(self.kind.start_delay_ms, self._begin, self._start)

    def _begin(self, start):
        if start == self._start and self.state == B and not self.full:
            self._turn(C)

    def _turn(self, state):
        changed = state != self.state
        self.state = state
        self._aim()
        if changed:
            self._turned()

    # -- what it draws --

    def _aim(self):
        kind = self.kind
        aim = 0
        if self.state == C and self._follows_ma >= kind.min_ma:
            aim = max(0, min(self._follows_ma - kind.below_ma, self.most_ma())) * UA
        draw = self.draw_ua
        if aim > draw and kind.ramp_ma_s:
            self._go(draw, kind.ramp_ma_s)
            self._clock.after(-((draw - aim) // kind.ramp_ma_s), self._arrive, self._version, aim)
        else:
            self._go(aim, 0)
            self._wait_for_energy()

    def _arrive(self, version, aim):
        if version == self._version:
            self._go(aim, 0)
            self._wait_for_energy()

    def _go(self, ua, slope):
        passed = self._clock.now_ms - self._since_ms
        self._taken += self._area(passed)
        more, steeper = ua - self.draw_ua, slope - self._slope
        self._ua, self._slope, self._since_ms = ua, slope, self._clock.now_ms
        self._version += 1
        if more or steeper:
            self._changed(more, steeper)

    def _area(self, passed):
        return (2 * self._ua + self._slope * passed) * passed

    # -- how much it still takes --

    def _wait_for_energy(self):
        passed = self._passed()
        if self._ua and passed < len(self._steps):
            left = self._steps[passed] - self._taken
            self._clock.after(left // (2 * self._ua) + 1, self._step, self._version)

    def _step(self, version):
        if version != self._version:
            return
        if self._passed() == len(self._steps):
            self.full, self.full_ms = True, self._clock.now_ms
            self._turn(B)
        else:
            self._aim()

    def _passed(self):
        passed_ms = self._clock.now_ms - self._since_ms
        return bisect_right(self._steps, self._taken + self._area(passed_ms))


# What it has taken of one phase, in twice uA ms, when it asks for a tenth less; the last is full.
def _energy_steps(kind, phases):
    if kind.energy_wh is None:
        return []
    whole = kind.energy_wh / VOLTAGE_V / phases * 2 * UA * 1000 * 3_600_000
    tenths = range(TAPER_STEPS, 0, -1) if kind.taper_pct else ()
    taper = [kind.taper_pct / 100 * tenth / TAPER_STEPS for tenth in tenths]
    return [int(whole * (1 - share)) for share in [*taper, 0]]
