"""How long a phase may be above its limit: what physics and the promises allow after an event.

a house that rises   1 s until the meter shows it, 0.25 s until it is read, the requests, and
                     5 s until the car follows
a car that draws less than it was told, without a meter or since a moment ago
                     a cut does not show: that or an earlier one has to settle first (6.5 s
                     after it was confirmed), and another follows
a charger that dies  until it is known as unreachable (10 s, or 3 tries) nobody makes up for it
one that ignores     the same until it has refused 3 times
no good reading      the clock stands still
"""

from .books import SETTLES_MS
from .physics import FOLLOWS_MS, IGNORES, METER_REFRESH_MS, STEP_MS

SHOWN_MS = METER_REFRESH_MS + STEP_MS
IGNORES_MS = 7000


class Patience:
    """until_ms: per phase, when the current has to be within the limit again, and why so late."""

    def __init__(self, world):
        self._world = world
        self.until_ms = [0, 0, 0]
        self.why = [""] * 3
        self._once_ms = [0, 0, 0]
        self._twice = [False] * 3

    def grant(self, phases, why, more_ms=0):
        """An event that nobody could foresee."""
        for phase in phases:
            until = self._world.now_ms + self._reaction_ms(phase) + more_ms
            if until > self._once_ms[phase]:
                self._once_ms[phase], self._twice[phase] = until, False
                self._extend(phase, until, why)

    def renew(self, why, more_ms=0):
        """What delays an answer that is under way."""
        now_ms = self._world.now_ms
        self.grant([p for p in range(3) if self.until_ms[p] > now_ms], why, more_ms)

    def stand_still(self):
        """A step without a good reading."""
        for phase in range(3):
            if self.until_ms[phase] >= self._world.now_ms - STEP_MS:
                self.until_ms[phase] += STEP_MS
                self._once_ms[phase] += STEP_MS

    def step(self):
        """Looks for what makes one cut too small."""
        for phase in range(3):
            active = self._world.now_ms <= self._once_ms[phase] and not self._twice[phase]
            if active and self._hidden(phase):
                self._twice[phase] = True
                twice_ms = 2 * self._request_ms() + SETTLES_MS + FOLLOWS_MS
                why = self.why[phase] + ", and a car that draws less than told"
                self._extend(phase, self._once_ms[phase] + twice_ms, why)

    def _extend(self, phase, until, why):
        if until > self.until_ms[phase]:
            self.until_ms[phase], self.why[phase] = until, why

    def _hidden(self, phase):
        for charger, book in zip(self._world.chargers, self._world.books, strict=True):
            draws = charger.car is not None and phase in charger.car.phases
            if draws and book.hides(phase, charger.car.draw_ma, self._world.now_ms):
                return True
        return False

    def _reaction_ms(self, phase):
        ignores = any(c.mode == IGNORES and phase in c.wired for c in self._world.chargers)
        return SHOWN_MS + self._request_ms() + FOLLOWS_MS + STEP_MS + IGNORES_MS * ignores

    # The slowest, one question that is under way before it, and the queue before four workers.
    def _request_ms(self):
        slowest = max(charger.latency_ms for charger in self._world.chargers)
        return 2 * slowest + STEP_MS
