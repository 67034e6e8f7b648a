"""The truth of a simulated site, added up: how long above the limit, how much was used."""

from collections import deque


# Reaction allowed: the meter's refresh, our decision and requests, and the car's lag. What is
# above the limit for no longer than reaction_s at a stretch, a main fuse does not notice.
#
# Ampere-hours allowed, per phase at every moment: target - house (0 at least), but no more than
# supply_ma and no more than the cars there could draw (each plugged in, not full, offered all
# that its charger can). It knows neither minimums nor that a three-phase car needs all three
# phases, and cars start at once, so that not even an all-knowing manager reaches a share of 1.
class Record:
    """Seconds in real time, mA, A h summed over the phases. add() is called at every step.

    seconds_above_limit: any phase above; seconds_beyond_reaction: of these, those after the first
    reaction_s of an unbroken stretch on one phase. history: the last steps, (s, 3 mA).
    """

    def __init__(self, limit_ma, target_ma, supply_ma, reaction_s=6.0, history=12_000):
        self.limit_ma = limit_ma
        self.target_ma = target_ma
        self.supply_ma = supply_ma
        self.reaction_s = reaction_s
        self.history = deque(maxlen=history)
        self.frozen = False
        self.restart()

    def restart(self) -> None:
        """Forgets all; what is above the limit now begins now."""
        self.seconds = self.seconds_above_limit = self.seconds_beyond_reaction = 0.0
        self.longest_s = 0.0
        self.peak_ma = 0
        self.phase_ma = [0, 0, 0]
        self.above_s = [0.0, 0.0, 0.0]  # of the stretch that goes on now
        self._delivered_mas = self._allowed_mas = 0.0
        self.history.clear()

    def add(self, dt_s: float, house_ma, cars_ma, could_ma) -> None:
        if self.frozen:
            return
        self.seconds += dt_s
        self.phase_ma = [house + cars for house, cars in zip(house_ma, cars_ma, strict=True)]
        self.peak_ma = max(self.peak_ma, *self.phase_ma)
        self.history.append((self.seconds, self.phase_ma))
        self._count_seconds(dt_s)
        self._delivered_mas += sum(cars_ma) * dt_s
        for house, could in zip(house_ma, could_ma, strict=True):
            room = max(0, min(self.target_ma - house, self.supply_ma, could))
            self._allowed_mas += room * dt_s

    def _count_seconds(self, dt_s):
        beyond = 0.0
        for phase, ma in enumerate(self.phase_ma):
            before = self.above_s[phase]
            now = before + dt_s if ma > self.limit_ma else 0.0
            self.above_s[phase] = now
            beyond = max(beyond, now - max(before, self.reaction_s))
        self.longest_s = max(self.longest_s, *self.above_s)
        self.seconds_beyond_reaction += beyond
        if any(self.above_s):
            self.seconds_above_limit += dt_s

    @property
    def ampere_hours_delivered(self) -> float:
        return self._delivered_mas / 3_600_000

    @property
    def ampere_hours_allowed(self) -> float:
        return self._allowed_mas / 3_600_000

    @property
    def share(self) -> float:
        """Delivered of allowed; 0 when nothing was allowed."""
        return self._delivered_mas / self._allowed_mas if self._allowed_mas else 0.0
