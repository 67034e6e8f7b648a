# Sites on which not all cars fit, in steps of a second.

from core import A, B, Site

ROTATION_S = 240
MINUTE_S = 60  # before that nobody takes over


def queue(places, *cars):
    """A site with room for so many minimums of 6 A on each phase, and who is on there is so."""
    site = Site(meter=None, limit_ma=6000 * places, supply_ma=6000 * places, rotation_s=ROTATION_S)
    for changes in cars:
        site.add(B, **changes)
    wait(site, 2)
    return site


def wait(site, seconds, asleep=()):
    """Those asleep have a car that draws nothing."""
    for _ in range(seconds):
        site.run(1000)
        site.deliver()
        for index in asleep:
            site.answer(index, B, site.rows.set_ma[index])


def limit(site, ma):
    site.cycle.apply(dict(site.settings, limit_ma=ma, supply_ma=ma))


def on(site):
    return [index for index in range(site.rows.count) if site.rows.set_ma[index]]


def unplug(site, index):
    site.answer(index, A, site.rows.set_ma[index])


def plug_in(site, index):
    site.answer(index, B, site.rows.set_ma[index])


def served(site, index, das):
    """So much in 1000 s."""
    site.rows.connected_s[index] = 1000
    site.rows.charge_das[index] = das


def switched_off_at(site, seconds):
    """The seconds at which somebody had to go."""
    found = []
    for second in range(seconds):
        before = on(site)
        wait(site, 1)
        found += [second for index in before if not site.rows.set_ma[index]]
    return found
