"""The bound: what somebody who knows everything at once could give the same cars."""

from .car import LEAST_OFFER_MA, C
from .managers import Naive

HOLD_MS = 60_000
GRACE_MS = 10_000


# The rules are those of lib/balance/allocator.py, written once more and independently, so that a
# mistake there does not lower the bar it is measured by: who charges keeps charging while the
# minimums fit into target - house; where they do not, cars are paused (at once if they exceed
# the limit, else after 10 s) and stay so for 60 s; free places go by priority and waiting time;
# the rest is shared equally (weighted max-min over three phases). It knows house and cars at every
# moment and cars follow it at once, but take their time to start. Nothing is ever out of order.
class AllKnowing(Naive):
    """hold_ms = grace_ms = 0 is pausing at will."""

    knows = True

    def __init__(self, world, target_ma, hold_ms=HOLD_MS, grace_ms=GRACE_MS):
        super().__init__(world)
        self._target_ma = target_ma
        self._hold_ms = hold_ms
        self._grace_ms = grace_ms
        self._on = set()
        self._held_until = {}
        self._waits_since = {}
        self._short_since = [None, None, None]
        self._asked = False

    def changed(self) -> None:
        if not self._asked:
            self._asked = True
            self.world.clock.after(0, self._decide)

    def _decide(self):
        self._asked = False
        self._look()
        self._shed()
        self._admit()
        for charger, ma in self._share().items():
            if ma != charger.allowed_ma:
                charger.write(ma)

    def _look(self):
        now = self.world.clock.now_ms
        for charger in self.world.chargers:
            if not charger.wants:
                self._on.discard(charger)
                self._waits_since.pop(charger, None)
                self._held_until.pop(charger, None)
            elif charger not in self._on:
                self._waits_since.setdefault(charger, now)

    # -- who is on --

    def _room(self, bound_ma):
        supply_ma = self.world.site["supply_ma"]
        room = [min(bound_ma - house, supply_ma) for house in self.world.house_ma]
        for charger in self._on:
            for phase in charger.car.phases:
                room[phase] -= _least(charger)
        return room

    def _shed(self):
        for phase in range(3):
            if self._room(self._target_ma)[phase] >= 0:
                self._short_since[phase] = None
            else:
                self._shed_on(phase)

    def _shed_on(self, phase):
        now = self.world.clock.now_ms
        if self._short_since[phase] is None:
            self._short_since[phase] = now
            self.world.clock.after(self._grace_ms, self.changed)
        over = now >= self._short_since[phase] + self._grace_ms
        bound_ma = self._target_ma if over else self.world.site["limit_ma"]
        while self._room(bound_ma)[phase] < 0:
            there = [charger for charger in self._on if phase in charger.car.phases]
            if not there:
                return
            self._pause(min(there, key=lambda c: (c.line["priority"], -c.index)))

    def _pause(self, charger):
        now = self.world.clock.now_ms
        self._on.discard(charger)
        self._waits_since[charger] = now
        self._held_until[charger] = now + self._hold_ms
        if self._hold_ms:
            self.world.clock.after(self._hold_ms, self.changed)

    def _admit(self):
        order = sorted(
            self._waits_since,
            key=lambda c: (-c.line["priority"], self._waits_since[c], c.index),
        )
        for charger in order:
            room = self._room(self._target_ma)
            held = self._held_until.get(charger, 0) > self.world.clock.now_ms
            if not held and all(room[p] >= _least(charger) for p in charger.car.phases):
                self._on.add(charger)
                del self._waits_since[charger]

    # -- how much --

    # A car that has not started yet draws nothing, so the others have its share until then.
    def _share(self):
        offers = dict.fromkeys(self.world.chargers, 0)
        shares = {}
        supply_ma = self.world.site["supply_ma"]
        left = [min(self._target_ma - house, supply_ma) for house in self.world.house_ma]
        for charger in sorted(self._on, key=lambda charger: charger.index):
            offers[charger] = _minimum(charger)
            if charger.state == C:
                shares[charger] = _least(charger)
                for phase in charger.car.phases:
                    left[phase] -= shares[charger]
        _fill(shares, left)
        for charger, ma in shares.items():
            wished = min(ma + charger.car.kind.below_ma, charger.line["max_ma"])
            offers[charger] = max(offers[charger], wished)
        return offers


def _minimum(charger):
    least = max(charger.line["min_ma"] or LEAST_OFFER_MA, charger.car.kind.min_ma)
    return min(least, charger.line["max_ma"])


def _least(charger):
    """What it draws at its minimum."""
    car = charger.car
    return max(0, min(_minimum(charger) - car.kind.below_ma, car.most_ma()))


def _most(charger):
    car = charger.car
    return min(charger.line["max_ma"] - car.kind.below_ma, car.most_ma())


# One level rises for all, from the lowest share; who has its maximum or a full phase stays.
def _fill(shares, left):
    rising = [charger for charger in shares if shares[charger] < _most(charger)]
    while rising:
        levels = {charger: shares[charger] // charger.line["weight"] for charger in rising}
        lowest = min(levels.values())
        lifted = [charger for charger in rising if levels[charger] == lowest]
        above = [level - lowest for level in levels.values() if level > lowest]
        weights = [_weight_on(lifted, phase) for phase in range(3)]
        step = min([*above, *(left[p] // weights[p] for p in range(3) if weights[p])])
        full = {p for p in range(3) if weights[p] and left[p] < weights[p]}
        for charger in lifted:
            _lift(charger, max(step, 0), shares, left)
        rising = [
            charger
            for charger in rising
            if shares[charger] < _most(charger)
            and not (charger in lifted and full.intersection(charger.car.phases))
        ]


def _weight_on(chargers, phase):
    return sum(charger.line["weight"] for charger in chargers if phase in charger.car.phases)


def _lift(charger, step, shares, left):
    more = min(step * charger.line["weight"], _most(charger) - shares[charger])
    shares[charger] += more
    for phase in charger.car.phases:
        left[phase] -= more
