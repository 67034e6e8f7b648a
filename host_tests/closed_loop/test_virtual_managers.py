"""Those who manage the simulated site: the delivery of our core, the naive peers, the bound."""

import random
from types import SimpleNamespace

from amprail_tools.virtual import delivery
from amprail_tools.virtual.car import C, CarKind
from amprail_tools.virtual.ideal import AllKnowing
from amprail_tools.virtual.managers import Amprail, RoundRobin, Static
from amprail_tools.virtual.meter import MeterKind
from amprail_tools.virtual.service import jain
from amprail_tools.virtual.world import World
from app import delivery as firmware
from balance import rows as bits
from chargers import warp
from core import CHARGER, SITE

AT_ONCE = CarKind(lag_ms=0, ramp_ma_s=0)


def site(manager, count=0, phases=("123",), **changes):
    world = World(dict(SITE, **changes), manager)
    for number in range(count):
        world.add_charger(dict(CHARGER, phases=phases[number % len(phases)]))
    return world


def allowed(world):
    return [charger.allowed_ma for charger in world.chargers]


# -- the delivery --


def test_the_delivery_has_the_figures_of_the_firmware():
    assert delivery.WORKERS == firmware.WORKERS
    for name in ("POLL_MS", "POLL_MS_PER_CHARGER", "BACK_OFF_MS", "BACK_OFF_DOUBLINGS"):
        assert getattr(delivery, name) == getattr(firmware, "_" + name), name
    assert delivery.REPEAT_MS == firmware._REPEAT_MS
    assert delivery.SETTLES_MS == warp.SETTLES_MS
    assert delivery.DEADLINE_MS == warp.DEADLINE_MS


def test_the_delivery_ranks_as_the_firmware_does():
    chance = random.Random(1)
    world = site(Amprail, 1)
    rows = world.manager.cycle.rows
    for _ in range(500):
        rows.flags[0] = chance.randrange(256)
        rows.failures[0] = chance.choice([0, 1, 5])
        rows.set_ma[0], rows.most_ma[0] = sorted(chance.choices([0, 6000, 9000, 16000], k=2))
        busy = chance.random() < 0.5
        world.manager.delivery._failing_busy = busy
        chargers = SimpleNamespace(drivers=[warp])
        real = SimpleNamespace(_rows=rows, _failing_busy=busy, _chargers=chargers)
        assert world.manager.delivery.rank(0) == firmware.Delivery._rank(real, 0)


def requests_of(world, seconds):
    before = world.manager.delivery.requests
    world.run(seconds)
    return world.manager.delivery.requests - before


def test_chargers_are_asked_every_2_s_and_less_often_if_there_are_many():
    few = site(Amprail, 4)
    few.run(10)
    assert requests_of(few, 41) in range(76, 85)
    many = site(Amprail, 64)
    many.run(20)
    assert requests_of(many, 52) in range(620, 660)


def test_a_setpoint_is_written_and_confirmed_before_the_next_routine():
    world = site(Amprail, 1)
    world.run(20)
    charger = world.chargers[0]
    charger.plug_in(AT_ONCE)
    world.run(3)
    assert charger.allowed_ma == 16000 and charger.state == C
    flags = world.manager.cycle.rows.flags[0]
    assert flags & bits.CONFIRMED and not flags & bits.DIRTY


def test_the_unreachable_are_asked_less_and_less_and_delay_nobody():
    world = site(Amprail, 8)
    for charger in world.chargers:
        charger.plug_in(AT_ONCE)
    world.run(60)
    for charger in world.chargers[:5]:
        charger.reachable = False
    world.run(60)
    assert all(world.manager.reason(index) == "unreachable" for index in range(5))
    world.set_house([45000] * 3)
    world.run(2.5)
    assert all(charger.allowed_ma <= 6000 for charger in world.chargers[5:])
    for charger in world.chargers:
        charger.reachable = True
    world.run(20)
    assert all(world.manager.reason(index) != "unreachable" for index in range(8))


# -- the other managers --


def test_who_knows_all_shares_equally_up_to_the_target():
    world = site(lambda world: AllKnowing(world, 40000), 4, ("123", "1", "2", "123"))
    world.set_house([10000, 20000, 0])
    for charger in world.chargers:
        charger.plug_in(CarKind(lag_ms=0, ramp_ma_s=0, phases=len(charger.line["phases"])))
    world.run(1)
    # L2: 20 A for three, L1: 30 A less two of these for one, whose maximum is 16 A
    assert allowed(world) == [6666, 16000, 6666, 6666]
    assert max(world.connection.phase_ma) <= 40000


def test_who_knows_all_pauses_after_10_s_and_for_60_s():
    world = site(lambda world: AllKnowing(world, 40000), 2)
    for charger in world.chargers:
        charger.plug_in(AT_ONCE)
    world.run(1)
    world.set_house([30000] * 3)
    world.run(9)
    assert allowed(world) == [6000, 6000]
    world.run(2)
    assert allowed(world) == [10000, 0]
    world.set_house([0] * 3)
    world.run(58)
    assert allowed(world) == [16000, 0]
    world.run(3)
    assert allowed(world) == [16000, 16000]
    world.set_house([60000] * 3)  # above the limit: at once
    world.run(0.1)
    assert allowed(world) == [0, 0]


def test_who_knows_all_uses_what_a_starting_car_does_not_draw_yet():
    world = site(lambda world: AllKnowing(world, 20000), 2)
    world.chargers[0].plug_in(AT_ONCE)
    world.chargers[1].plug_in(CarKind(lag_ms=0, ramp_ma_s=0, start_delay_ms=10_000))
    world.run(5)
    assert allowed(world) == [16000, 6000]
    world.run(6)
    world.finish()
    assert allowed(world) == [10000, 10000]
    assert max(world.connection.peak_ma) == 20000


def test_static_gives_everybody_the_same_or_as_many_as_fit_6_a():
    world = site(lambda world: Static(world, [23000, 0, 0]), 4)
    world.run(1)
    assert allowed(world) == [10000] * 4
    world = site(lambda world: Static(world, [45000, 0, 0]), 4)
    for charger in reversed(world.chargers):
        charger.plug_in(AT_ONCE)
        world.run(1)
    assert allowed(world) == [0, 6000, 6000, 6000]
    world.chargers[3].unplug()
    world.run(1)
    assert allowed(world) == [6000, 6000, 6000, 0]


def test_the_round_robin_moves_one_charger_a_tick():
    world = site(RoundRobin, 3)
    world.meter._kind = MeterKind(noise_ma=0)
    world.set_house([40000] * 3)
    for charger in world.chargers:
        charger.plug_in(AT_ONCE)
    seen = []
    for _ in range(4):
        world.run(30.5)
        seen.append(allowed(world))
    assert seen == [[16000, 0, 0], [16000, 7000, 0], [16000, 7000, 0], [16000, 7000, 0]]
    world.set_house([50000] * 3)
    world.run(30)
    assert allowed(world) == [16000, 0, 0]


def test_jains_index():
    assert jain([2, 2, 2]) == 1
    assert jain([1, 0, 0, 0]) == 0.25
    assert jain([]) is None
