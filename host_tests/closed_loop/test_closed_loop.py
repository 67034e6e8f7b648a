"""The deciding core in closed loop with a house, a meter, chargers and cars, in virtual time.

The first right version: promises 1 to 5, 7 and 8 of the design, with noise on the meter.
"""

import random

import pytest
from closed_loop.world import World, on, seconds_above

# The meter refreshes once a second and cars follow 3 s after the setpoint: physics takes 4 s.
REACTION_S = 5


def charging(count, seconds=90, metered=True, draws_ma=16000, **site):
    house = site.pop("house", 10000)
    world = World(**site)
    world.house = [house] * 3
    for _ in range(count):
        charger = world.add(draws_ma=draws_ma)
        charger.metered = metered
        world.plug_in(charger)
    world.run(seconds)
    return world


def step(world, ma, seconds=600):
    world.house = [house + ma for house in world.house]
    return world.run(seconds)


def test_a_large_step_is_answered_within_5_s_and_pauses_only_who_does_not_fit():
    world = charging(4)
    log = step(world, 25000)
    assert seconds_above(log, 63000) <= REACTION_S
    assert on(world) == 3


@pytest.mark.parametrize(
    ("count", "ma", "site"),
    [
        (4, 12000, {}),
        (2, 15000, {"house": 5000, "limit_ma": 35000, "largest_consumer_ma": 16000}),
    ],
)
def test_a_step_that_leaves_the_minimums_pauses_nobody(count, ma, site):
    world = charging(count, **{"supply_ma": 63000, **site})
    log = step(world, ma)
    assert seconds_above(log, world.site["limit_ma"]) <= REACTION_S
    assert on(world) == count


# At 50 ms a request, as the budgets of the design count; a slower charger takes longer to confirm.
def test_cars_that_draw_less_than_told_on_chargers_without_a_meter_are_found_within_11_s():
    small = {"house": 5000, "limit_ma": 35000, "largest_consumer_ma": 16000}
    world = charging(2, metered=False, draws_ma=10000, latency_ms=50, **small)
    log = step(world, 15000)
    assert seconds_above(log, 35000) <= 11
    assert on(world) == 2


def test_what_is_free_again_is_given_back_within_30_s():
    world = charging(4)
    before = sum(world.log[-1][2])
    step(world, 12000)
    step(world, -12000, 30)
    assert sum(world.log[-1][2]) >= 0.9 * before


def test_cars_that_start_together_do_not_overshoot():
    world = World(largest_consumer_ma=16000)
    world.house = [10000] * 3
    for _ in range(4):
        world.plug_in(world.add())
        world.run(0.5)
    log = world.run(120)
    assert max(max(phases) for _, phases, _ in log) <= 63000


def test_one_phase_cars_on_different_phases_do_not_disturb_each_other():
    world = World(limit_ma=20000, largest_consumer_ma=16000, surge_pct=145)
    for phases in "123":
        world.plug_in(world.add(phases=phases, car_phases=1, draws_ma=10000))
    world.run(60)
    draws = world.log[-1][2]
    world.house = [0, 0, 6000]
    log = world.run(60)
    assert log[-1][2][:2] == draws[:2]
    assert 0 < log[-1][2][2] < draws[2]


def test_a_lost_meter_leaves_the_fallback_and_it_recovers_by_itself():
    world = charging(3, without_meter_ma=13000)
    world.meter.works = False
    world.run(10 + 6)
    draws = world.log[-1][2]
    assert sum(draws) <= 13000 and on(world) == 2
    world.meter.works = True
    log = world.run(180)
    assert on(world) == 3
    assert max(max(phases) for _, phases, _ in log) <= 63000


def test_a_charger_that_vanishes_while_the_house_rises_costs_the_others_not_the_fuse():
    world = charging(3)
    world.chargers[0].reachable = False
    world.run(20)
    log = step(world, 20000, 120)
    assert seconds_above(log, 63000) <= REACTION_S
    world.chargers[0].reachable = True
    step(world, -20000, 120)
    assert on(world) == 3


def test_a_charger_that_confirms_nothing_is_reserved_and_the_others_make_room():
    world = charging(3, seconds=60)
    world.chargers[0].obeys = False
    stuck = world.chargers[0].draw_ma
    log = step(world, 15000, 120)
    assert world.chargers[0].draw_ma == stuck
    assert seconds_above(log, 63000) <= 11


def test_a_charger_that_reboots_to_its_maximum_is_seen_cut_and_confirmed():
    world = charging(4, draws_ma=32000)
    rebooted = world.chargers[0]
    rebooted.fault("reboot", True, 32)
    log = world.run(30)
    assert seconds_above(log, 63000) <= 6
    assert rebooted.allowed_ma <= 16000


# Whatever happens: with noise, random steps, chargers that come, go, vanish and lie, the fuse is
# above its limit only as long as physics takes after an event, and never for long.
@pytest.mark.parametrize("seed", range(12))
def test_random_events_never_leave_the_fuse_overloaded(seed):
    chance = random.Random(seed)
    world = World(seed=seed)
    world.house = [8000] * 3
    for _ in range(6):
        charger = world.add(
            phases=chance.choice(["123", "231", "312", "1", "2", "3"]),
            car_phases=chance.choice([1, 3]),
            draws_ma=chance.choice([10000, 16000]),
            fallback_ma=chance.choice([6000, None]),
        )
        charger.metered = chance.random() < 0.5
    above = 0
    for _ in range(60):
        event(world, chance)
        for _, phases, _ in world.run(chance.choice([2, 5, 20])):
            above = above + 50 if max(phases) > 63000 else 0
            assert above <= 13000, f"{above} ms above the limit at {world.clock.now_ms} ms"
        check_rows(world)


def event(world, chance):
    charger = chance.choice(world.chargers)
    kind = chance.randrange(6)
    if kind == 0:
        world.house[chance.randrange(3)] = chance.choice([2000, 8000, 15000, 30000])
    elif kind == 1:
        charger.unplug() if charger.car else world.plug_in(charger)
    elif kind == 2:
        charger.reachable = not charger.reachable
    elif kind == 3:
        world.meter.works = not world.meter.works
        world.run(12)
        world.meter.works = True
    elif kind == 4:
        charger.metered = not charger.metered
    else:
        world.plug_in(charger)


def check_rows(world):
    rows = world.cycle.rows
    for index in range(rows.count):
        told = rows.set_ma[index]
        assert told == 0 or rows.min_ma[index] <= told <= rows.max_ma[index]
