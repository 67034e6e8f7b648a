"""What happens at the demonstration site, as (time in s, what to do) in order; seeded."""

import heapq
from functools import partial

from .trouble import trouble


def demo(site, random):
    """Cars arrive, loads switch, the fuse is overloaded once, a charger vanishes; and so on. With
    several brands each reboots, lies and disappears once, too."""
    events = _ordinary(site, random)
    if len(set(site.brands)) > 1:
        return heapq.merge(events, trouble(site, _switch), key=lambda event: event[0])
    return events


def _ordinary(site, random):
    yield from _arrivals(site, random)
    for at_s, load, on in (
        (18, "kettle", True),
        (20, "oven", True),
        (24, "kettle", False),
        (30, "oven", False),
        (34, "flow heater", True),
        (48, "flow heater", False),
    ):
        yield at_s, partial(_switch, site, load, on)
    lost = random.randrange(len(site.chargers))
    yield 54, partial(_vanish, site, lost)
    yield 60, partial(_switch, site, "heat pump", True)
    yield 68, partial(_come_back, site, lost)
    leaving = (lost + 1) % len(site.chargers)
    yield 74, partial(_unplug, site, leaving)
    yield 78, partial(_switch, site, "oven", True)
    yield 82, partial(_plug_in, site, leaving)
    yield 88, partial(_switch, site, "heat pump", False)
    yield from _for_ever(site, random, 95.0)


def _arrivals(site, random):
    # All are there after 14 s, whether 1 or 64: then several come at once.
    places = list(range(len(site.chargers)))
    random.shuffle(places)
    if len(places) > 1:
        first = site.cars[places[0]]
        first.energy_wh = 60.0 * first.uses  # full after a minute at 16 A
    together = (len(places) + 7) // 8
    for first in range(0, len(places), together):
        arrivals = places[first : first + together]
        yield 1 + 13.0 * first / len(places), partial(_arrive, site, arrivals)


def _for_ever(site, random, at_s):
    loads, on = list(site.house.loads), {"oven"}
    while True:
        load = random.choice(loads)
        on ^= {load}
        yield at_s, partial(_switch, site, load, load in on)
        at_s += random.uniform(8, 25)
        if random.random() < 0.3:
            place = random.randrange(len(site.cars))
            yield at_s, partial(_come_or_go, site, place)
            at_s += random.uniform(3, 10)


def _switch(site, load, on):
    site.house.switch(load, on)
    site.say(site.house.describe(load, on))


def _plug_in(site, place):
    car = site.cars[place]
    car.plug_in()
    phases = "1 phase" if car.uses == 1 else f"{car.uses} phases"
    site.say(f"a car plugs in at charger #{place + 1}: {phases}, up to {car.maximum_ma // 1000} A")


def _arrive(site, places):
    if len(places) == 1:
        return _plug_in(site, places[0])
    for place in places:
        site.cars[place].plug_in()
    numbers = ", ".join(f"#{place + 1}" for place in sorted(places))
    site.say(f"cars plug in at chargers {numbers}")


def _unplug(site, place):
    car = site.cars[place]
    site.say(f"the car at charger #{place + 1} leaves with {car.session_wh:.0f} Wh")
    car.unplug()


def _come_or_go(site, place):
    (_unplug if site.cars[place].plugged else _plug_in)(site, place)


def _vanish(site, place):
    site.chargers[place].disappear()
    site.say(f"charger #{place + 1} is gone from the network; its car goes on as it was told")


def _come_back(site, place):
    site.chargers[place].appear()
    site.say(f"charger #{place + 1} is back")
