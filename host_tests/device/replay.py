"""Scenarios of the simulator in real time: the same site, house and cars around the firmware."""

import math
import time
from dataclasses import replace
from functools import partial
from itertools import pairwise

from amprail_tools.virtual.build import stays_of, world_of
from amprail_tools.virtual.house import House
from amprail_tools.virtual.result import result_of

# The simulator's meter refreshes 0.1 s before each whole second: a script that begins so long
# after a refresh meets the meter as its scenario does, whose events are at whole seconds.
AFTER_REFRESH_S = 0.1

# A charger asks its EVSE every 0.25 s what it allows, and tells that until it asks again.
NOTICED_S = 0.5

# A site takes a step every 0.05 s, so one that is so late has stopped.
LATE_S = 5


def shortened(scenario, cut_s: float, duration_s: float):
    """Loads and cars come and go cut_s sooner, though none before 0 s, and it ends earlier."""

    def sooner(ms):
        if isinstance(ms, tuple):
            return tuple(sooner(one) for one in ms)
        return None if ms is None else max(0, ms - round(1000 * cut_s))

    def moved(groups, *keys):
        return [group | {key: sooner(group[key]) for key in keys} for group in groups]

    return replace(
        scenario,
        duration_ms=round(1000 * duration_s),
        loads=moved(scenario.loads, "from", "to"),
        cars=moved(scenario.cars, "arrives", "leaves"),
    )


def simulated(scenario) -> dict:
    """What comes of it in virtual time."""
    world = world_of(scenario)
    world.run_until(scenario.duration_ms)
    world.finish()
    result = result_of(world)
    return {
        "above_s": max(result["above_s"]),
        "longest_above_s": result["longest_above_s"],
        "peak_a": max(result["peak_a"]),
        "pauses": result["pauses"],
    }


def replayed(scenarios, device) -> list[dict]:
    """What comes of them with the firmware in real time, at sites of their own side by side."""
    results = [_begin(scenario, device) for scenario in scenarios]
    longest_s = max(scenario.duration_ms for scenario in scenarios) / 1000
    end = time.monotonic() + longest_s + LATE_S
    while not all(results) and time.monotonic() < end:
        time.sleep(0.05)
    assert all(results), "a simulated site has stopped"
    return results


# As at the first moment of the simulator, the chargers offer nothing and the house draws its base
# when the firmware comes. What it adopts must not be what they offered before, so it waits until
# they have noticed; and until it has read all, so that the script never runs ahead of it.
def _begin(scenario, device):
    """Starts a site with the firmware; gives a dict that has the result when it is over."""
    result = {}
    one = device(start=False, script=partial(_events, scenario, result), **_options(scenario))
    for charger in one.site.chargers:
        charger.told_ma = 0
    for index, _, _, _, kind in stays_of(scenario):
        _make_as(one.site.cars[index], kind)
    one.site.house.set(House(scenario).changes[0][1])
    time.sleep(NOTICED_S)
    one.start()
    one.wait_for(_all_read, 5, "the meter and all chargers are read")
    one.site.begin(AFTER_REFRESH_S)
    return result


# What differs from charger to charger in no scenario that is replayed is taken from the first.
def _options(scenario):
    groups = [scenario.chargers[number] for number in scenario.groups]
    return {
        "chargers": len(scenario.lines),
        "phases": [line["phases"] for line in scenario.lines],
        "has_meter": [group["metered"] for group in groups],
        "maximum_ma": groups[0]["max_a"],
        "defaults_ma": groups[0]["fallback_a"],
        "latency_ms": groups[0]["latency_ms"],
        "noise_a": scenario.meter["noise_a"] / 1000,
        "gaussian": True,
        "refresh_s": scenario.meter["refresh_s"],
        **scenario.site,
    }


def _all_read(status):
    return status["grid"]["ok"] and all(one["state"] == "A" for one in status["chargers"])


def _make_as(car, kind):
    car.phases = kind.phases
    car.maximum_ma = kind.max_ma
    car.lag_s = kind.lag_ms / 1000
    car.ramp_ma_s = kind.ramp_ma_s or math.inf
    car.below_ma = kind.below_ma
    car.energy_wh = kind.energy_wh
    car.start_delay_s = kind.start_delay_ms / 1000


def _events(scenario, result, site, _random):
    events = [(ms, partial(site.house.set, house_ma)) for ms, house_ma in House(scenario).changes]
    for index, arrives_ms, leaves_ms, _, _ in stays_of(scenario):
        events.append((arrives_ms, site.cars[index].plug_in))
        events.append((leaves_ms, site.cars[index].unplug))
    # Who stays leaves after the end, which is not of interest any more
    events = [event for event in events if event[0] < scenario.duration_ms]
    events.sort(key=lambda event: event[0])
    events.append((scenario.duration_ms, partial(_note, result, site, time.monotonic())))
    return [(ms / 1000, act) for ms, act in events]


# At the end of the script: the site and the firmware go on until all are at their end.
def _note(result, site, since):
    record = site.record
    result.update(
        above_s=round(record.seconds_above_limit, 2),
        longest_above_s=round(record.longest_s, 2),
        peak_a=round(record.peak_ma / 1000, 2),
        pauses=sum(_pauses(charger, since) for charger in site.chargers),
    )


# No car of these scenarios is ever full or leaves before the end: each 0 after a current pauses.
def _pauses(charger, since):
    told_ma = [ma for at, ma, _ in charger.writes if at > since]
    return sum(before > 0 and after == 0 for before, after in pairwise(told_ma))
