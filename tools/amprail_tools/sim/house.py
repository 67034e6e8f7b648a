"""What the house draws, per phase: a base load and loads that switch; PV takes off."""

# What switches in a house: mA on L1, L2, L3. The flow heater is the largest consumer.
LOADS = {
    "kettle": (0, 9000, 0),
    "oven": (12000, 0, 0),
    "heat pump": (5000, 5000, 5000),
    "flow heater": (26000, 26000, 26000),
}


class House:
    """base_ma: 3 mA that are always there; loads: name -> 3 mA while it is on.

    `phase_ma` is what the connection carries without the cars; negative with more PV than load.
    """

    def __init__(self, base_ma=(3000, 2000, 2500), loads=None):
        self.base_ma = list(base_ma)
        self.loads = dict(LOADS if loads is None else loads)
        self.pv_ma = [0, 0, 0]
        self._on = set()
        self._fixed = None
        self._sum()

    def _sum(self):
        phases = [base - pv for base, pv in zip(self.base_ma, self.pv_ma, strict=True)]
        for name in self._on:
            phases = [ma + more for ma, more in zip(phases, self.loads[name], strict=True)]
        self.phase_ma = self._fixed or phases

    def set(self, phase_ma) -> None:
        """Holds the house at these 3 mA from now on, whatever switches; None lets it go again."""
        if phase_ma is not None and len(phase_ma) != 3:
            raise ValueError(f"phase_ma {phase_ma!r}: expected 3 numbers")
        self._fixed = list(phase_ma) if phase_ma is not None else None
        self._sum()

    def set_pv(self, phase_ma) -> None:
        self.pv_ma = list(phase_ma)
        self._sum()

    def switch(self, name: str, on: bool) -> None:
        if name not in self.loads:
            raise ValueError(f"load {name!r}: expected one of {', '.join(self.loads)}")
        (self._on.add if on else self._on.discard)(name)
        self._sum()

    def describe(self, name: str, on: bool) -> str:
        """Such as: oven on: L1 +12.0 A."""
        sign = "+" if on else "-"
        phases = [
            f"L{n} {sign}{ma / 1000:.1f} A" for n, ma in enumerate(self.loads[name], 1) if ma
        ]
        return f"{name} {'on' if on else 'off'}: {', '.join(phases)}"
