"""What really flows: cars, chargers, the house and its meter, in steps of 250 ms.

Nothing here knows the core. Currents are mA, times ms since the start.
"""

import random

STEP_MS = 250

LEAST_OFFER_MA = 6000  # IEC 61851-1: the smallest current that can be offered
STOPS_MS = 3000  # IEC 61851-1: without an offer a car stops within 3 s
FOLLOWS_MS = 5000  # IEC 61851-1: and follows any other within 5 s

A, B, C, F = 0, 1, 2, 5

METER_REFRESH_MS = 1000
NOISE_MA = 300
OWN_METER_REFRESH_MS = 2000
WATCHDOG_MS = 20_000


class Car:
    """phases: the grid's phases it draws on; takes_ma: what it would draw of any offer."""

    def __init__(self, phases, takes_ma, lag_ms, delay_ms=0, min_ma=LEAST_OFFER_MA):
        self.phases = phases
        self.takes_ma = takes_ma
        self.lag_ms = lag_ms
        self.delay_ms = delay_ms
        self.min_ma = min_ma
        self.draw_ma = 0
        self._on = False
        self._pilot_ma = 0
        self._offer_ma = 0  # what it has noticed of the pilot
        self._coming = []
        self._starts_ms = -1

    @property
    def state(self):
        return C if self._on and self.takes_ma else B

    def offer(self, ma, now_ms):
        """The pilot shows this from now on."""
        lag_ms = self.lag_ms if ma >= LEAST_OFFER_MA else min(self.lag_ms, STOPS_MS)
        due = now_ms + lag_ms
        self._pilot_ma = ma
        self._coming = [entry for entry in self._coming if entry[0] < due]
        self._coming.append((due, ma))

    def step(self, now_ms):
        """Lets a step pass: it falls at once and rises by 1 A."""
        while self._coming and self._coming[0][0] <= now_ms:
            self._follow(self._coming.pop(0)[1], now_ms)
        if self._pilot_ma < LEAST_OFFER_MA and not self.takes_ma:
            self._stop()  # it has let go, so the contactor opens and stays open
        if not self._on and 0 <= self._starts_ms <= now_ms:
            self._on = self._pilot_ma >= LEAST_OFFER_MA  # or the contactor stays open
        aim = min(self._offer_ma, self.takes_ma) if self._on else 0
        if aim < self.min_ma <= self.takes_ma:
            aim = 0
        self.draw_ma = min(aim, self.draw_ma + 1000)

    def _follow(self, ma, now_ms):
        if ma < LEAST_OFFER_MA:
            self._stop()
        elif self._starts_ms < 0:
            self._starts_ms = now_ms + self.delay_ms
        self._offer_ma = ma

    def _stop(self):
        self._on = False
        self._starts_ms = -1


# `ignores` keeps its current whatever it is told and says so; `overdraws` says what it was told
# and offers its car more.
OBEYS, IGNORES, OVERDRAWS = range(3)


class Charger:
    """line: of chargers.jsonl; wired: the grid's phases on its L1 to L3."""

    def __init__(self, line, wired, metered, latency_ms, grain_ma):
        self.line = line
        self.wired = wired
        self.metered = metered
        self.latency_ms = latency_ms
        self.grain_ma = grain_ma
        self.mode = OBEYS
        self.more_ma = 0
        self.allowed_ma = 0
        self.broken = False
        self.dead_ms = -1
        self.car = None
        self.own_ma = (0, 0, 0)

    @property
    def fallback_ma(self):
        fallback = self.line["fallback_ma"]
        return self.line["max_ma"] if fallback is None else fallback

    @property
    def dead(self):
        return self.dead_ms >= 0

    @property
    def state(self):
        if self.broken:
            return F
        return A if self.car is None else self.car.state

    def write(self, ma, now_ms):
        """A setpoint arrives."""
        if self.mode != IGNORES:
            self.allow(ma - ma % self.grain_ma, now_ms)

    def allow(self, ma, now_ms):
        """Whatever the reason, it allows this from now on."""
        self.allowed_ma = ma
        self.offer(now_ms)

    def offer(self, now_ms):
        """Shows its car what it has to."""
        if self.car is not None:
            offers = self.allowed_ma >= LEAST_OFFER_MA and not self.broken
            more_ma = self.more_ma if self.mode == OVERDRAWS else 0
            self.car.offer(self.allowed_ma + more_ma if offers else 0, now_ms)

    def step(self, now_ms):
        """Lets a step pass; True if its car was connected and did not draw, but does now, as what
        it is offered has passed its own minimum."""
        slept = self.car is not None and self.car.state == C and not self.car.draw_ma
        if self.car is not None:
            self.car.step(now_ms)
        if not now_ms % OWN_METER_REFRESH_MS:
            self.own_ma = self._own()
        if self.dead and now_ms == self.dead_ms + WATCHDOG_MS:
            self.allow(self.fallback_ma, now_ms)
        return slept and self.car.draw_ma > 0

    def draws(self, phase):
        car = self.car
        return car.draw_ma if car is not None and phase in car.phases else 0

    def _own(self):
        return tuple(self.draws(grid) for grid in self.wired) + (0,) * (3 - len(self.wired))


# What can be wrong with a reading
GOOD, LOST, LATE, FROZEN = range(4)


class Meter:
    """mode: one of the above; `late` readings are two refreshes old."""

    def __init__(self, seed):
        self.mode = GOOD
        self._chance = random.Random(seed)
        self._shown = [(0, 0, 0)] * 3

    def step(self, now_ms, phase_ma):
        """Lets a step pass: it refreshes once a second."""
        if not (now_ms + STEP_MS) % METER_REFRESH_MS:
            noise = self._chance.randint
            values = tuple(ma + noise(-NOISE_MA, NOISE_MA) for ma in phase_ma)
            self._shown = [values, *self._shown[:2]]
            if self.mode == FROZEN:
                self._shown = [self._shown[1]] * 3

    def read(self):
        """Three mA, or None if there is no answer."""
        if self.mode == LOST:
            return None
        return self._shown[2 if self.mode == LATE else 0]
