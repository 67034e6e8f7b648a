"""Nobody starves, and turns are even: the bound in the head of lib/balance/allocator.py.

Of n cars that wait with one priority, each is on again within n + 2 rotations after its pause
(2n + 2 if all were paused at once and newcomers keep coming), wherever its minimum fits beside
what higher priorities keep. AMPRAIL_HOURS lets it run for longer.
"""

import os
import random

import pytest
from closed_loop.lot import ROTATION_S, Lot

HOURS = float(os.environ.get("AMPRAIL_HOURS", "2"))
STEP_S = 2
EVEN = 0.1
PLACE_MA = 6000


def cars(*groups):
    """Cars by group: how many, on which phases, and other settings."""
    return [dict(phases=phases, **more) for count, phases, more in groups for _ in range(count)]


# Name: (room for how many minimums of 6 A on each phase, the cars)
SITES = {
    "2 for 1": (1, cars((2, "123", {}))),
    "5 for 1": (1, cars((5, "123", {}))),
    "5 for 3": (3, cars((5, "123", {}))),
    "12 for 8": (8, cars((12, "123", {}))),
    "24 for 16": (16, cars((24, "123", {}))),
    "5 for 2 on L1": (2, cars((5, "1", {}))),
    "one of three phases": (1, cars((1, "123", {}), (1, "1", {}), (1, "2", {}), (1, "3", {}))),
    "two of three phases": (1, cars((2, "123", {}), (1, "1", {}), (1, "2", {}), (1, "3", {}))),
    "one of three among many": (1, cars((1, "123", {}), (2, "1", {}), (2, "2", {}), (2, "3", {}))),
    "one of three on a full L1": (1, cars((1, "123", {}), (4, "1", {}))),
    "3 and 9 for 2": (2, cars((3, "123", {}), (3, "1", {}), (3, "2", {}), (3, "3", {}))),
    "two phases": (1, cars((1, "12", {}), (1, "23", {}), (1, "31", {}), (2, "1", {}))),
    "unknown phases": (2, cars((2, "?", {}), (3, "1", {}), (2, "231", {}))),
}
# Those are not equal, and take turns all the same.
UNEQUAL_SITES = {
    "minimums": (3, cars((2, "123", {"min_ma": 10000}), (4, "123", {}))),
    "a minimum of all the room": (2, cars((1, "123", {"min_ma": 12000}), (4, "1", {}))),
    "weights": (2, cars((2, "123", {"weight": 8}), (4, "123", {}))),
    "weights and phases": (1, cars((2, "1", {"weight": 8}), (2, "12", {}), (1, "123", {}))),
}
ALL_SITES = {**SITES, **UNEQUAL_SITES}


def crowded(name, hours=HOURS, start_ms=0):
    """A site after so many hours with all its cars plugged in."""
    places, site = ALL_SITES[name]
    lot = all_in(places, site, start_ms)
    lot.run(int(3600 * hours), STEP_S)
    return lot


def all_in(places, site, start_ms=0, plugged=None):
    lot = Lot(places * PLACE_MA, site, start_ms=start_ms)
    for index in range(plugged or len(site)):
        lot.plug_in(index)
    return lot


def uneven(values):
    """The largest distance from the mean as a part of it."""
    mean = sum(values) / len(values)
    return max(abs(value - mean) for value in values) / mean


def equals(name, values):
    """The values of the cars on the same phases, a list for each kind of car."""
    by_phases = {}
    for value, car in zip(values, SITES[name][1], strict=True):
        by_phases.setdefault(car["phases"], []).append(value)
    return by_phases.values()


def assert_within_bound(lot, measured=None):
    """Each of the measured has waited, and none for longer than the bound."""
    for index in range(lot.rows.count) if measured is None else measured:
        wait = lot.waits[index]
        assert wait.longest_s > 0, index
        assert wait.worst <= 1, f"car {index}: {wait.longest_s} s, {wait.worst:.2f} of the bound"


# -- the bound --


@pytest.mark.parametrize("name", SITES)
def test_every_car_is_on_again_within_the_bound_and_as_long_as_its_equals(name):
    lot = crowded(name)
    assert_within_bound(lot)
    for values in (lot.on_s, lot.charge_mas):
        for of_equals in equals(name, values):
            assert uneven(of_equals) < EVEN, of_equals


@pytest.mark.parametrize("name", UNEQUAL_SITES)
def test_every_car_is_on_again_within_the_bound_beside_unequal_ones(name):
    assert_within_bound(crowded(name))


@pytest.mark.parametrize("seed", range(int(3 * HOURS)))
def test_every_car_of_a_site_at_random_is_on_again_within_the_bound(seed):
    chance = random.Random(seed)
    phases = chance.choice((("123", "1", "2", "3"), ("12", "23", "13"), ("?", "1", "12", "123")))
    site = [
        {
            "phases": chance.choice(phases),
            "min_ma": chance.choice((None, None, 10000, 16000)),
            "weight": chance.choice((1, 8)),
        }
        for _ in range(chance.randint(3, 9))
    ]
    lot = all_in(3, site)
    lot.set_budget(16000 + chance.choice((0, 1, 3000, 6500, 12000)))
    lot.run(2 * 3600, STEP_S)
    for wait in lot.waits:
        assert wait.worst <= 1, (wait.longest_s, site)


@pytest.mark.parametrize("name", ["5 for 3", "two of three phases", "3 and 9 for 2"])
def test_the_wrap_of_the_milliseconds_changes_nothing(name):
    wrap_ms = (1 << 30) - 1000 * 3600
    late = crowded(name, 2, wrap_ms)
    early = crowded(name, 2)
    assert late.now_ms < wrap_ms
    assert_within_bound(late)
    assert (late.on_s, late.charge_mas) == (early.on_s, early.charge_mas)


def let_newcomers_come(lot, bays):
    """A car that had its rotation leaves one of these bays, and another one comes at once."""
    served_s = dict.fromkeys(bays, 0)
    for _ in range(int(3600 * HOURS) // 10):
        lot.run(10, STEP_S)
        for bay in bays:
            served_s[bay] += 10 if lot.rows.set_ma[bay] else 0
            if served_s[bay] >= ROTATION_S:
                served_s[bay] = 0
                lot.replug(bay)


@pytest.mark.parametrize(
    ("places", "count", "bays", "phases"),
    [(1, 2, 1, "123"), (1, 5, 1, "123"), (1, 8, 2, "1"), (2, 5, 2, "123"), (4, 8, 4, "123")],
)
def test_newcomers_in_every_rotation_keep_nobody_out(places, count, bays, phases):
    lot = all_in(places, cars((count + bays, phases, {})))
    let_newcomers_come(lot, range(count, count + bays))
    assert_within_bound(lot, range(count))


# All of them begin to wait at once, and newcomers were served worse than any of them.
@pytest.mark.parametrize(("count", "bays"), [(4, 1), (8, 2), (12, 1)])
def test_newcomers_keep_nobody_out_where_all_were_paused_at_once(count, bays):
    lot = all_in(count, cars((count, "123", {}), (bays, "123", {})), plugged=count)
    lot.run(7200, STEP_S)
    for bay in range(bays):
        lot.plug_in(count + bay)
    lot.run(STEP_S)
    lot.set_budget(PLACE_MA)
    lot.forget()
    lot.rounds = 2
    let_newcomers_come(lot, range(count, count + bays))
    assert_within_bound(lot, range(count))


@pytest.mark.parametrize("phases", ["123", "1"])
def test_newcomers_on_one_phase_keep_no_three_phase_car_out(phases):
    lot = all_in(1, cars((2, "123", {}), (3, phases, {})))
    for _ in range(int(3600 * HOURS) // ROTATION_S):
        for bay in (2, 3, 4):
            lot.run(ROTATION_S // 3, STEP_S)
            lot.replug(bay)
    assert_within_bound(lot, range(2))


@pytest.mark.parametrize("every_s", [60, ROTATION_S])
def test_who_replugs_again_and_again_keeps_nobody_out(every_s):
    lot = all_in(2, cars((6, "123", {})))
    for _ in range(int(3600 * HOURS) // every_s):
        lot.run(every_s, STEP_S)
        for index in (0, 1):
            if not lot.rows.set_ma[index]:
                lot.replug(index)
    assert_within_bound(lot, range(2, 6))


# -- priorities --


def test_a_higher_priority_keeps_its_place_and_the_lower_ones_share_the_rest():
    lot = all_in(3, cars((1, "123", {"priority": 1}), (4, "123", {})))
    lot.run(int(3600 * HOURS), STEP_S)
    assert lot.waits[0].longest_s < 10
    assert_within_bound(lot, range(1, 5))
    assert uneven(lot.on_s[1:]) < EVEN


@pytest.mark.parametrize("weight", [1, 8])
def test_lower_priorities_that_wait_lengthen_no_wait_of_a_higher_one(weight):
    high = cars((2, "123", {"priority": 1, "weight": weight}), (1, "123", {"priority": 1}))
    lot = all_in(1, high + cars((8, "123", {})))
    lot.run(int(3600 * HOURS), STEP_S)
    assert max(lot.on_s[3:]) == 0
    assert_within_bound(lot, range(3))


def test_newcomers_of_a_higher_priority_keep_none_of_theirs_out():
    lot = all_in(1, cars((4, "123", {"priority": 1}), (8, "123", {})))
    let_newcomers_come(lot, (0,))
    assert_within_bound(lot, range(1, 4))


# -- who is on comes to be charged --


def test_a_car_gets_its_place_though_the_others_would_give_less_than_a_step_for_it():
    lot = all_in(1, cars((3, "123", {}), (1, "123", {"min_ma": 7100})))
    lot.set_budget(19200)
    lot.run(30)
    lot.unplug(2)
    lot.run(900, STEP_S)
    assert lot.rows.set_ma[3] >= 7100


def test_unequal_weights_and_minimums_end_no_turns():
    site = cars((1, "12", {}), (1, "12", {"weight": 8}), (1, "13", {"weight": 8}))
    site += cars((1, "13", {}), (1, "23", {"weight": 8, "min_ma": 16000}))
    site += cars((1, "12", {"weight": 8, "min_ma": 16000}), (1, "23", {}))
    lot = all_in(1, [*site, {"phases": "12", "min_ma": 16000}])
    lot.set_budget(19000)
    lot.forget()
    lot.run(int(3600 * HOURS), STEP_S)
    assert_within_bound(lot)


# -- evenness --


# On all these sites every car has to do with every other on L1.
@pytest.mark.parametrize("name", ["one of three on a full L1", "unknown phases"])
def test_time_and_energy_are_even_on_a_phase_whatever_other_phases_a_car_has(name):
    lot = crowded(name)
    assert uneven(lot.on_s) < EVEN
    assert uneven(lot.charge_mas) < EVEN


def test_by_weight_a_car_gets_more_time_and_energy():
    lot = crowded("weights")
    assert min(lot.on_s[:2]) > 1.5 * max(lot.on_s[2:])
    assert min(lot.charge_mas[:2]) > 1.5 * max(lot.charge_mas[2:])
