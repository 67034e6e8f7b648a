# The allocator on small sites at random.

from chance import Chance
from random_sites import random_site, ranked_by_priority

SITES = 100


def broken(site):
    """What does not hold, by name."""
    found = {
        "above_budget": site.above_budget(),
        "minimums_above": site.minimums_above(site.grid.room_ma),
        "out_of_bounds": site.out_of_bounds(),
        "kept_out": site.kept_out(),
        "short_of_share": site.short_of_share(),
    }
    return [name for name in found if found[name]]


def first_that_fit(site, ranked):
    """Each in turn that fits beside those before it."""
    spare = [max(ma, 0) for ma in site.grid.room_ma]
    chosen = []
    for index in ranked:
        least = site.rows.min_ma[index]
        phases = site.on_phases(index)
        if min([spare[phase] for phase in phases]) >= least:
            chosen.append(index)
            for phase in phases:
                spare[phase] -= least
    return sorted(chosen)


def test_what_random_sites_get_is_within_the_limits_and_fair():
    chance = Chance(1)
    for number in range(SITES):
        site = random_site(chance, set_ma=chance.pick((0, 10000)))
        site.allocate()
        assert broken(site) == [], (number, broken(site), site)


def test_places_on_random_sites_go_to_the_first_in_priority_that_fit():
    chance = Chance(2)
    for number in range(SITES):
        site = random_site(chance)
        ranked = ranked_by_priority(site, chance)
        site.allocate()
        assert site.on() == first_that_fit(site, ranked), (number, site)


def test_a_second_look_at_random_sites_changes_nothing():
    chance = Chance(3)
    for number in range(SITES):
        site = random_site(chance)
        first = site.allocate()
        site.obey()
        assert site.allocate() == first, (number, first, site)
