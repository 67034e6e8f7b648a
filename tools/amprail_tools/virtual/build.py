"""A world from a scenario: everything that will happen is put on its clock."""

import random
from dataclasses import replace
from functools import partial

from amprail_tools import UserError

from .car import CarKind
from .house import House
from .ideal import AllKnowing
from .managers import Amprail, RoundRobin, Static
from .meter import MeterKind
from .world import World

MANAGERS = ("amprail", "static", "round_robin", "all_knowing", "pausing_at_will")


def world_of(scenario, manager: str = "amprail") -> World:
    """manager: one of MANAGERS. In the world of who knows all, nothing is ever out of order."""
    house = House(scenario)
    makers = _makers(scenario, house)
    kind = _meter(scenario.meter)
    world = World(
        scenario.site,
        makers[manager],
        meter=kind,
        seed=scenario.seed,
        reaction_ms=scenario.reaction_ms,
    )
    _add_chargers(world, scenario)
    _watch_recovery(world, house)
    _schedule_house(world, house)
    _schedule_cars(world, scenario)
    return world


def _makers(scenario, house):
    from balance.grid import target_ma

    target = target_ma(scenario.site) if scenario.site["meter"] else scenario.site["limit_ma"]
    return {
        "amprail": Amprail,
        "static": partial(Static, highest_ma=house.highest_ma),
        "round_robin": RoundRobin,
        "all_knowing": partial(AllKnowing, target_ma=target),
        "pausing_at_will": partial(AllKnowing, target_ma=target, hold_ms=0, grace_ms=0),
    }


def _meter(meter):
    return MeterKind(
        refresh_ms=round(1000 * meter["refresh_s"]),
        read_ms=round(1000 * meter["read_s"]),
        noise_ma=meter["noise_a"],
        missed_pct=meter["missed_pct"],
        outages=meter["outages"],
        frozen=meter["frozen"],
    )


def _add_chargers(world, scenario):
    first = 0
    for line, number in zip(scenario.lines, scenario.groups, strict=True):
        group = scenario.chargers[number]
        world.add_charger(
            line,
            metered=group["metered"],
            latency_ms=group["latency_ms"],
            poll_ms=group["poll_s"] and round(1000 * group["poll_s"]),
            step_ma=group["step_a"],
        )
    if not world.manager.knows:
        for group in scenario.chargers:
            _schedule_faults(world, group, world.chargers[first : first + group["count"]])
            first += group["count"]


def _schedule_faults(world, group, chargers):
    for fault in group["fault"]:
        which = fault["charger"]
        for charger in chargers if which is None else chargers[which - 1 : which]:
            kind, current_a = fault["kind"], fault["current_a"] / 1000
            world.clock.at(fault["from"], charger.fault, kind, True, current_a)
            if fault["to"] is not None:
                world.clock.at(fault["to"], charger.fault, kind, False)


def _watch_recovery(world, house):
    for begin, end in house.once:
        former = []
        world.clock.at(begin, lambda former=former: former.append(world.recovery.ua))
        world.clock.at(end, lambda former=former: world.recovery.gone(former[0]))


def _schedule_house(world, house):
    changes = iter(house.changes)

    def next_change(phase_ma):
        if phase_ma is not None:
            world.set_house(phase_ma)
        ms, following = next(changes, (None, None))
        if ms is not None:
            world.clock.at(ms, next_change, following)

    next_change(None)


# -- cars --


def _schedule_cars(world, scenario):
    for index, arrives, leaves, _, kind in stays_of(scenario):
        _schedule_stay(world, world.chargers[index], arrives, leaves, kind)


def stays_of(scenario) -> list:
    """Who is where: (index of the charger, arrives at ms, leaves at ms, group, kind) each."""
    chance = random.Random(f"{scenario.seed} cars")
    stays = []
    charger = 0
    for number, group in enumerate(scenario.cars, 1):
        if group["charger"]:
            charger = group["charger"] - 1
        for _ in range(group["count"]):
            index = charger % len(scenario.lines)
            arrives, leaves, kind = _car(group, scenario.duration_ms, chance)
            if leaves > arrives:
                stays.append((index, arrives, leaves, number, kind))
            charger += 1
    _refuse_two_at_one(stays, scenario.name)
    return stays


def _schedule_stay(world, charger, arrives, leaves, kind):
    if world.manager.knows:
        kind = replace(kind, lag_ms=0, ramp_ma_s=0)
    world.clock.at(arrives, charger.plug_in, kind)
    world.clock.at(leaves, charger.unplug)


def _refuse_two_at_one(stays, name):
    before = None
    for stay in sorted(stays, key=lambda stay: stay[:3]):
        if before and before[0] == stay[0] and before[2] >= stay[1]:
            raise UserError(
                f"{name}: car {stay[3]}: charger {stay[0] + 1} is still taken at "
                f"{stay[1] // 1000} s by one of car {before[3]}, expected one car at a time"
            )
        before = stay


def _car(group, end_ms, chance):
    def one(key):
        return chance.uniform(*group[key])

    arrives = round(one("arrives"))
    leaves = round(one("leaves")) if group["leaves"] else end_ms + 1
    energy_kwh = one("energy_kwh") if group["energy_kwh"] else None
    return (
        arrives,
        leaves,
        CarKind(
            phases=group["phases"],
            max_ma=round(one("max_a")),
            min_ma=round(one("min_a")),
            lag_ms=round(1000 * one("lag_s")),
            ramp_ma_s=group["ramp_a_s"],
            start_delay_ms=round(1000 * one("start_delay_s")),
            below_ma=round(one("below_a")),
            energy_wh=None if energy_kwh is None else round(1000 * energy_kwh),
            taper_pct=group["taper_pct"],
        ),
    )
