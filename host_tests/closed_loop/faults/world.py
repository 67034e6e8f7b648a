"""A site on which things go wrong, in steps of 250 ms, with the core in charge of it."""

from array import array

from balance.cycle import Cycle
from balance.ticks import MASK

from .books import Book
from .checks import Checks
from .delivery import Delivery
from .events import ABOUT_A_CHARGER, EVENTS, plug
from .patience import Patience
from .physics import GOOD, STEP_MS, Charger, Meter

LINE = ("phases", "max_ma", "min_ma", "fallback_ma", "weight", "priority")
MINIMUM = {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000}


# No fuse lets so many times its limit through: such a reading is none.
BEYOND = 5


class World:
    """plan: as `plans.PLANS` draws it; `story` tells what happened, for a person to read."""

    def __init__(self, plan, cycle=Cycle):
        site, chargers, self._first_steps, events = plan
        self._cycle = cycle
        self._events = [event for event in events if event]
        self.now_ms = self.good_ms = 0  # since when the meter is good
        self.start_ms = site["start_ms"]
        self.stalls = self.restarts = 0
        self._later = []
        self.wild_ma = None
        self.house_ma = [0, 0, 0]
        self.phase_ma = [0, 0, 0]
        self.site = _site(site)
        self.bad_line = site["bad_line"]
        self.chargers = [_charger(values) for values in chargers]
        self.meter = Meter(site["seed"])
        self.patience = Patience(self)
        self.patience.grant((0, 1, 2), "the start", 10_000)
        self.story = [f"site {self.site}", f"bad line: {self.bad_line}", f"from {self.start_ms}"]
        self.story += [f"charger {n}: {values}" for n, values in enumerate(chargers)]
        self.checks = Checks(self)
        self._begin()
        for number, values in enumerate(chargers):
            if values["car"]:
                text = plug(self, self.chargers[number], number)
                self._tell(f"charger {number}: {text}")

    def play(self):
        """Lets it all happen."""
        self.run(self._first_steps)
        for kind, who, number, steps in self._events:
            index = who % len(self.chargers)
            action = EVENTS[kind]
            text = action(self, self.chargers[index], number)
            self._tell(f"charger {index} {text}" if action in ABOUT_A_CHARGER else text)
            self.run(steps)

    def run(self, steps):
        for _ in range(steps):
            self.step()

    def apply(self, **changes):
        """New settings."""
        self.site = dict(self.site, **changes)
        self.cycle.apply(self.site)

    def restart(self, arrives):
        """The core forgets all; a request that is under way may still arrive."""
        self.delivery.break_off(arrives, self.now_ms)
        self.stalls = 0
        self._begin()
        self.restarts += 1
        self.checks.restarted()

    def _begin(self):
        count = len(self.chargers)
        self.cycle = self._cycle(count + 1)
        self.cycle.apply(self.site)
        for charger in self.chargers:
            self.cycle.rows.add(charger.line, MINIMUM)
        if self.bad_line:
            self.cycle.rows.add_unusable()
        self.books = [Book(c.line, c.wired, self.now_ms) for c in self.chargers]
        self.delivery = Delivery(self.cycle, self.chargers, self.books, self.checks)
        self.begun_ms = self.read_ms = self.now_ms + STEP_MS
        self.ran_ms = self.now_ms
        self.reading = None

    def _tell(self, text):
        told = list(self.cycle.rows.set_ma[: len(self.chargers)])
        draws = [charger.car.draw_ma if charger.car else "-" for charger in self.chargers]
        at = f"{self.now_ms / 1000:8.2f} s"
        self.story.append(f"{at} {text:60} phases {self.phase_ma} told {told} drawn {draws}")

    def later(self, steps, action, what):
        """Calls the action then."""
        self._later.append((self.now_ms + steps * STEP_MS, action, what))

    # -- a step --

    def step(self):
        self.now_ms += STEP_MS
        while self._later and min(self._later, key=_when)[0] <= self.now_ms:
            self._end(min(self._later, key=_when))
        self._flow()
        if self.stalls:
            self.stalls -= 1
            self.patience.stand_still()
            return
        self.delivery.finish(self.now_ms, self.ran_ms)
        self._read()
        self._decide()
        self.ran_ms = self.now_ms
        self.delivery.start(self.now_ms)
        self.patience.step()
        self.checks.after()

    def _end(self, entry):
        self._later.remove(entry)
        _, action, what = entry
        action(self, what)
        text = action.__name__.replace("_", " ")
        if what in self.chargers:
            text = f"charger {self.chargers.index(what)} {text}"
        self._tell(text)

    def _flow(self):
        phases = [0, 0, 0] if self.site["meter"] is None else list(self.house_ma)
        for charger in self.chargers:
            if charger.step(self.now_ms) and not charger.metered:
                self.patience.grant(charger.wired, "a car that begins at its own minimum")
            if charger.car is not None:
                for phase in charger.car.phases:
                    phases[phase] += charger.car.draw_ma
        self.phase_ma = phases
        self.meter.step(self.now_ms, phases)

    def _read(self):
        if self.site["meter"] is None:
            return
        reading, wild = self.meter.read(), self.wild_ma
        self.wild_ma = None
        if wild or self.meter.mode != GOOD:
            self.patience.stand_still()
            reading = wild or reading
        if reading:
            self.cycle.grid.read(array("i", reading))
            most_ma = BEYOND * self.site["limit_ma"]
            if -most_ma <= min(reading) and max(reading) <= most_ma:
                self.reading = reading
                self.read_ms = self.now_ms

    def _decide(self):
        rows = self.cycle.rows
        before = rows.set_ma[:]
        self.cycle.run(self.start_ms + self.now_ms & MASK)
        if rows.set_ma != before:
            self._note(before)

    def _note(self, before):
        now = self.cycle.rows.set_ma
        changed = [index for index in range(len(self.books)) if now[index] != before[index]]
        self.checks.told([(index, before[index], now[index]) for index in changed])
        for index in changed:
            self.books[index].tell(now[index], self.now_ms)


def _when(entry):
    return entry[0]


def _site(values):
    limit_ma = values["limit_ma"]
    supply_ma = values["supply"] or limit_ma
    return {
        "limit_ma": limit_ma,
        "largest_consumer_ma": min(values["largest"] or limit_ma, limit_ma),
        "margin_pct": values["margin_pct"],
        "surge_pct": values["surge_pct"],
        "supply_ma": supply_ma,
        "without_meter_ma": min(values["without_meter_ma"], supply_ma),
        "rotation_s": 60,
        "pv": values["pv"],
        "minimum": MINIMUM,
        "meter": None if values["static"] else {"lost_after_s": values["lost_after_s"]},
    }


def _charger(values):
    line = {
        key: values[key]
        for key in ("phases", "max_ma", "min_ma", "fallback_ma", "weight", "priority")
    }
    phases = "123" if values["phases"] == "?" else values["phases"]
    wired = [int(digit) - 1 for digit in phases]
    charger = Charger(line, wired, values["metered"], STEP_MS, values["grain_ma"])
    charger.allowed_ma = charger.fallback_ma if values["boots"] else 0
    return charger
