"""No intermediate value of the core reaches 2^30, from where on an ESP32 needs its heap.

The core's own sources run with a check around all that they compute (checked_core.py), on sites
with settings, readings and histories at the ends of their ranges.
"""

import os
import random
import sys
from array import array

import checked_core
import pytest
from core import CHARGER, SITE
from settings.schema import check_charger, check_site

CYCLES = 200
SEEDS = int(os.environ.get("AMPRAIL_SEEDS", "4"))
MASK = 0x3FFFFFFF

# The ranges of what the settings and the drivers let through.
LIMITS_MA = (16000, 524000)
SUPPLIES_MA = (6000, 524000, 2048000)
READINGS_MA = (-9999999, 0, 0, 0, 30000, 17000, 600000, 9999999)
OWN_MA = 100000
ELAPSED_MS = (-5, 0, 1, 250, 1000, 59999, 60000, 500000000)


@pytest.fixture(scope="module")
def core():
    return checked_core.load()


def site(chance, **changes) -> dict:
    limit_ma = chance.choice(LIMITS_MA)
    supply_ma = chance.choice(SUPPLIES_MA)
    given = {
        "limit_ma": limit_ma,
        "supply_ma": supply_ma,
        "largest_consumer_ma": chance.choice((16000, limit_ma)),
        "surge_pct": chance.choice((100, 145)),
        "margin_pct": chance.choice((0, 50)),
        "without_meter_ma": chance.choice((0, supply_ma)),
        "rotation_s": chance.choice((60, 86400)),
        "pv": chance.random() < 0.5,
        "meter": chance.choice((None, {"lost_after_s": 30})),
    }
    return check_site({**SITE, **given, **changes})


def charger(chance) -> dict:
    maximum = chance.choice((6000, 32000, 32000))
    line = {
        "id": 1,
        "driver": "warp",
        "url": "http://10.0.0.1",
        "phases": chance.choice(("123", "312", "1", "2", "3", "13", "?")),
        "max_ma": maximum,
        "min_ma": chance.choice((None, 6000, maximum)),
        "fallback_ma": chance.choice((None, 0, 32000)),
        "priority": chance.choice((-10, 0, 10)),
        "weight": chance.choice((1, 8, 8)),
    }
    return check_charger({**CHARGER, **line})


class Extremes:
    """A core with `count` chargers that does and hears anything within the ranges."""

    def __init__(self, core, count, seed, **changes):
        self.chance = random.Random(seed)
        self.changes = changes
        self.cycle = core.Cycle(count)
        self.now_ms = MASK - 5000
        site_ = site(self.chance, **changes)
        self.cycle.apply(site_)
        for _ in range(count):
            self.cycle.rows.add(charger(self.chance), site_["minimum"])
            self._report(self.cycle.rows.count - 1)

    def run(self, cycles):
        for number in range(cycles):
            if number % 50 == 0:
                self.cycle.apply(site(self.chance, **self.changes))
                self._grow_old()
            if number % 10 == 0:
                self.reading = array("i", [self.chance.choice(READINGS_MA)] * 3)
            self._step()

    def _step(self):
        chance = self.chance
        if chance.random() < 0.9:
            self.cycle.grid.read(self.reading)
        elapsed_ms = chance.choice(ELAPSED_MS) if chance.random() < 0.1 else 5000
        self.now_ms = (self.now_ms + elapsed_ms) & MASK
        self.cycle.run(self.now_ms)
        for index in range(self.cycle.rows.count):
            self.cycle.explain(index)
            self._report(index)

    # Most go on as they are. By their numbers some keep to 32 A, wait, or draw anything.
    def _report(self, index):
        chance = self.chance
        ledger = self.cycle.ledger
        told = self.cycle.rows.set_ma[index]
        if chance.random() < 0.02:
            return ledger.failed(index)
        ledger.written(index, told)
        ledger.answered(index, self._state(index, told))
        keeps = index % 16 == 5 or chance.random() < 0.02
        ledger.read_back(index, 32000 if keeps else told)
        if index % 2:
            ledger.measured(index, self._own_ma(index, told))
        return None

    def _state(self, index, told):
        state = self.cycle.rows.state[index] or 1
        if self.chance.random() < 0.01:
            return self.chance.choice((0, 1, 3, 5))
        if index % 16 in (6, 7):
            return 1
        return (2 if told else 1) if state in (1, 2) else state

    def _own_ma(self, index, told):
        if self.chance.random() < 0.1 or index % 16 == 9:
            return [self.chance.choice((0, 900, OWN_MA)) for _ in range(3)]
        draws = min(told, 2000) if index % 8 == 3 else told
        return (draws, draws, draws) if index % 4 == 1 else (draws, 0, 0)

    # What takes days to come about: full counters, and the most that can have been served.
    def _grow_old(self):
        rows = self.cycle.rows
        for index in range(rows.count):
            rows.turn[index] = self.chance.choice((0, 60, 65535))
            rows.hold_s[index] = self.chance.choice((0, 0, 0, 65535))
            rows.connected_s[index] = self.chance.choice((0, 65535))
            rows.charge_das[index] = rows.connected_s[index] * 655


def test_every_module_of_the_core_is_checked():
    found = sorted(path.stem for path in checked_core.HERE.glob("*.py"))
    assert found == sorted(checked_core.MODULES)


@pytest.mark.parametrize("source", ["x = a * b", "x = a\nx += b", "x = [0, 3]\nx[a - a] -= b"])
def test_a_value_of_2_to_the_30_is_found(source):
    tree = checked_core._Checks("test").visit(checked_core.ast.parse(source))
    program = compile(checked_core.ast.fix_missing_locations(tree), "test", "exec")
    with pytest.raises(checked_core.TooLarge, match=r"at test\.py"):
        exec(program, {"checked": checked_core.checked, "a": 1 << 15, "b": (1 << 30) + 1})
    exec(program, {"checked": checked_core.checked, "a": 1 << 14, "b": 1 << 15})


# At a meter that shows the most there is, one phase the wrong way round; own_ma: what the charger
# measures on its L2 and L3, with one that follows on L1.
def wiring_tested(core, own_ma):
    wiring = sys.modules[core.__package__ + ".wiring"]
    cycle = core.Cycle(1)
    ends = {"limit_ma": 524000, "supply_ma": 2048000, "largest_consumer_ma": 16000, "pv": True}
    cycle.apply(check_site({**SITE, **ends, "meter": {"lost_after_s": 30}}))
    cycle.rows.add(dict(CHARGER, max_ma=32000), SITE["minimum"])
    test = None
    for number in range(14 * 360):
        told = cycle.rows.set_ma[0]
        cycle.grid.read((450000 + told, 5 * -524000 + told, -2000000 - told))
        cycle.run(250 * number)
        told = cycle.rows.set_ma[0]
        cycle.ledger.written(0, told)
        cycle.ledger.answered(0, 2)
        cycle.ledger.read_back(0, told)
        if own_ma:
            cycle.ledger.measured(0, (told, own_ma * (told < 10000), own_ma))
        if number == 200:
            test = wiring.WiringTest(cycle, 0)
        if test and test.code != wiring.TESTING:
            break
    return wiring.CODES.split("|")[test.code].split()[0]


# One test, so that it can tell how much was never computed.
def test_64_chargers_at_the_ends_of_all_ranges(core):
    for seed in range(SEEDS):
        Extremes(core, 64, seed).run(CYCLES)
    for own_ma, ended in ((None, "order_unknown"), (OWN_MA, "unclear")):
        assert wiring_tested(core, own_ma) == ended
    left = checked_core.places - checked_core.reached
    assert len(left) < len(checked_core.places) // 10, sorted(left)


@pytest.mark.parametrize("meter", [None, {"lost_after_s": 30}])
def test_256_chargers_at_the_ends_of_all_ranges(core, meter):
    Extremes(core, 256, 9, meter=meter).run(CYCLES)


def crowd(core, count, supply_ma, **changes):
    """`count` cars of the largest weight that have settled, for 20 s, and nothing at random."""
    cycle = core.Cycle(count)
    limits = {
        "limit_ma": max(16000, min(supply_ma, 524000)),
        "supply_ma": supply_ma,
        "meter": None,
    }
    cycle.apply(check_site({**SITE, **limits, "largest_consumer_ma": 16000, **changes}))
    for index in range(count):
        cycle.rows.add(dict(CHARGER, weight=8, max_ma=32000), SITE["minimum"])
        cycle.ledger.answered(index, 2)
        cycle.ledger.read_back(index, 0)
    for number in range(20):
        cycle.run(1000 * number)
        for index in range(count):
            told = cycle.rows.set_ma[index]
            cycle.ledger.written(index, told)
            cycle.ledger.answered(index, 2 if told else 1)
            cycle.ledger.read_back(index, told)
    return cycle


@pytest.mark.parametrize("supply_ma", [6000, 200000, 524000, 2048000])
def test_256_cars_with_the_largest_weight(core, supply_ma):
    cycle = crowd(core, 256, supply_ma)
    assert sum(cycle.rows.want_ma) == min(supply_ma, 524000)


# Each in the row has a whole rotation of a day before the last one's turn.
@pytest.mark.parametrize("count", [64, 256])
def test_the_time_until_the_turn_of_the_last_in_the_row(core, count):
    cycle = crowd(core, count, 6000, rotation_s=86400)
    waiting = [index for index in range(count) if not cycle.rows.set_ma[index]]
    assert len(waiting) == count - 1
    for place, index in enumerate(waiting):
        cycle.rows.turn[index] = 65535 - 60 * place
    cycle.explain(waiting[-1])
    assert cycle.number_b == count * 86400 - 86400


# The core does not use it, but it is among its sources.
def test_a_stamp_of_any_time(core):
    ticks = sys.modules[core.__package__ + ".ticks"]
    for begin in (0, 1, MASK - 1, MASK):
        for ms in (0, 1, 250, (1 << 29) - 1):
            stamp = ticks.add_ms(begin, ms)
            assert stamp == (begin + ms) % (1 << 30)
            assert ticks.diff_ms(stamp, begin) == ms
            assert ticks.diff_ms(begin, stamp) == -ms


def test_the_counters_of_cycles_and_setpoints_stay_small_where_they_wrap(core):
    cycle = core.Cycle(1)
    cycle.apply(check_site({**SITE, "meter": None}))
    cycle.rows.add(CHARGER, SITE["minimum"])
    cycle.ledger.answered(0, 2)
    cycle.ledger.read_back(0, 6000)
    cycle.count = cycle.setpoints = MASK
    for number in range(4):
        cycle.run(250 * number)
    assert cycle.count == 3
    assert cycle.setpoints < 10
