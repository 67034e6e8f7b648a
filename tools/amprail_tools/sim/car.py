"""A car that charges. Pure: it lives only by step(), so it does in virtual time as well."""

import math

MINIMUM_MA = 6000  # IEC 61851-1: the smallest current that can be offered
VOLTAGE_V = 230


# IEC 61851-1 gives a car 5 s to follow a new offer (3 s to stop). A cut is followed in one step
# when the lag is over, the worst that is allowed; a raise ramps from there. Most cars stay some
# tenths of an ampere below the offer, some by a factor.
class Car:
    """phases 1..3: the charger's L1 (L2, L3) it uses; currents in mA, times in s, energy in Wh.

    maximum_ma: of its own charger inside; ramp_ma_s: mA per second; below_ma and factor: how far
    it stays below the offer; energy_wh: what it takes until it is full (None: never full);
    start_delay_s: how long it waits, once it follows an offer, before it begins to draw.
    """

    def __init__(
        self,
        phases: int = 3,
        *,
        maximum_ma: int = 16000,
        lag_s: float = 3.0,
        ramp_ma_s: float = 4000,
        below_ma: int = 200,
        factor: float = 1.0,
        energy_wh: float | None = None,
        start_delay_s: float = 0.0,
    ):
        if phases not in (1, 2, 3):
            raise ValueError(f"phases {phases!r}: expected 1, 2 or 3")
        if not 0 <= lag_s <= 5:
            raise ValueError(f"lag_s {lag_s!r}: expected 0 to 5")
        self.phases = phases
        self.wires = 3  # of the charger: a car with three phases uses one on a charger with one
        self.maximum_ma = maximum_ma
        self.lag_s = lag_s
        self.ramp_ma_s = ramp_ma_s
        self.below_ma = below_ma
        self.factor = factor
        self.energy_wh = energy_wh
        self.start_delay_s = start_delay_s
        self.charged_wh = 0.0  # in all
        self.plugged = False
        self._unplug()

    def _unplug(self):
        self.session_wh = 0.0
        self._draw_ma = 0.0
        self._now_s = 0.0
        self._starts_s = math.inf
        self._told_ma = self._follows_ma = 0
        self._coming = []  # (when, offer) that the car has not followed yet

    def plug_in(self, energy_wh: float | None = None) -> None:
        """Plugs in, hungry again; energy_wh changes what it takes."""
        self._unplug()
        if energy_wh is not None:
            self.energy_wh = energy_wh
        self.plugged = True

    def unplug(self) -> None:
        self.plugged = False
        self._draw_ma = 0.0
        self._follows_ma = 0

    @property
    def full(self) -> bool:
        return self.energy_wh is not None and self.session_wh >= self.energy_wh

    @property
    def state(self) -> str:
        """The IEC 61851 state it shows: A, B or C."""
        if not self.plugged:
            return "A"
        return "B" if self.full or not self._starts else "C"

    @property
    def _starts(self):
        return self._follows_ma >= MINIMUM_MA and self._now_s >= self._starts_s

    @property
    def phase_ma(self) -> list:
        """What it draws on the charger's L1, L2, L3."""
        draw = round(self._draw_ma)
        return [draw if phase < self.uses else 0 for phase in range(3)]

    @property
    def uses(self) -> int:
        """How many phases it charges on at this charger."""
        return min(self.phases, self.wires)

    def could_draw_ma(self, offered_ma: int) -> int:
        """What it would settle at with this offer; 0 without a wish to charge."""
        if not self.plugged or self.full or offered_ma < MINIMUM_MA:
            return 0
        return max(0, round(min(offered_ma, self.maximum_ma) * self.factor) - self.below_ma)

    def step(self, dt_s: float, offered_ma: int) -> None:
        """Goes on by dt_s under this offer (0: no PWM)."""
        if not self.plugged:
            return
        self._now_s += dt_s
        self._follow(offered_ma)
        aim = self.could_draw_ma(self._follows_ma) if self._starts else 0
        self._draw_ma = min(aim, self._draw_ma + self.ramp_ma_s * dt_s)
        energy_wh = self._draw_ma * self.uses * VOLTAGE_V * dt_s / 3_600_000
        self.session_wh += energy_wh
        self.charged_wh += energy_wh

    def _follow(self, offered_ma):
        if offered_ma != self._told_ma:
            self._told_ma = offered_ma
            lag_s = min(self.lag_s, 3) if offered_ma < MINIMUM_MA else self.lag_s
            due = self._now_s + lag_s
            self._coming = [entry for entry in self._coming if entry[0] < due]
            self._coming.append((due, offered_ma))
        while self._coming and self._coming[0][0] <= self._now_s:
            self._follows_ma = self._coming.pop(0)[1]
            if self._follows_ma < MINIMUM_MA:
                self._starts_s = math.inf
            elif self._starts_s == math.inf:
                self._starts_s = self._now_s + self.start_delay_s
