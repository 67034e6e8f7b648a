"""What the people with the cars notice: waiting, being paused, what they got, how fair it was."""

from .car import C, LEAST_OFFER_MA


class Service:
    """pauses; waits_s: each unbroken time in which a car that wants to charge was told 0;
    sessions: (mAh of one phase, phases, Wh, hours in which it wanted to charge)."""

    def __init__(self, clock):
        self._clock = clock
        self._waiting = {}
        self.pauses = 0
        self.waits_s = []
        self.sessions = []

    def offered(self, charger, before_ma: int) -> None:
        """What a charger allows has changed."""
        stopped = before_ma >= LEAST_OFFER_MA and not charger.offers
        if stopped and charger.wants and charger.state == C:
            self.pauses += 1
        self.look(charger)

    def look(self, charger) -> None:
        """Does its car wait now?"""
        now = self._clock.now_ms
        waits = charger.wants and not charger.offers
        if waits:
            self._waiting.setdefault(charger.index, now)
        elif charger.index in self._waiting:
            self.waits_s.append((now - self._waiting.pop(charger.index)) / 1000)

    def left(self, charger, car) -> None:
        """A car has left."""
        until = car.full_ms if car.full else self._clock.now_ms
        hours = (until - car.plugged_ms) / 3_600_000
        self.sessions.append((car.taken_mah, len(car.phases), car.taken_wh, hours))

    def end(self, charger) -> None:
        """The time is over: as if it left now."""
        if charger.index in self._waiting:
            begin = self._waiting.pop(charger.index)
            self.waits_s.append((self._clock.now_ms - begin) / 1000)
        if charger.car is not None:
            self.left(charger, charger.car)

    def waiting(self) -> dict:
        """Mean, 95th percentile (nearest rank) and maximum of the waits."""
        waits = sorted(self.waits_s) or [0.0]
        rank = -(-95 * len(waits) // 100) - 1
        mean = sum(waits) / len(waits)
        return {"mean": round(mean, 1), "p95": round(waits[rank], 1), "max": round(waits[-1], 1)}

    def charge_ah(self) -> float:
        """Summed over the phases."""
        return sum(mah * phases for mah, phases, _, _ in self.sessions) / 1000

    def energy_kwh(self) -> float:
        return sum(wh for _, _, wh, _ in self.sessions) / 1000

    def jain_energy(self) -> float | None:
        """Jain's index of the energy per connected hour, until full."""
        return jain([wh / hours for _, _, wh, hours in self.sessions if hours > 0])

    # A car with one phase has a third of the energy of one with three at the same current, which
    # is what is shared.
    def jain_current(self) -> float | None:
        """The same of the mean current, whatever the number of phases."""
        return jain([mah / hours for mah, _, _, hours in self.sessions if hours > 0])


def jain(values) -> float | None:
    """(sum x)^2 / (n sum x^2): 1 is all the same, 1/n is one has all; None without any."""
    squares = sum(value * value for value in values)
    return sum(values) ** 2 / (len(values) * squares) if squares else None
