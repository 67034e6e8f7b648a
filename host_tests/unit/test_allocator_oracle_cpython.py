"""The allocator against the definition: exact fractions, and every set of chargers that fits."""

import os
from fractions import Fraction
from itertools import product

import pytest
from chance import Chance
from random_sites import random_site, ranked_by_priority, shuffled

CASES = int(os.environ.get("AMPRAIL_EXAMPLES", "1500"))


def sites(seed: int, set_ma: int = 0):
    """(site, its number for the message of a failure)"""
    chance = Chance(seed)
    for number in range(CASES):
        yield random_site(chance, set_ma), number


# -- how much --


def clamped(site, index: int, level: Fraction) -> Fraction:
    rows = site.rows
    return max(rows.min_ma[index], min(level * rows.weight[index], rows.cap_ma[index]))


def filled(site) -> dict:
    """What each that is on has to get: weighted max-min fairness, phase after phase."""
    given = {}
    rising = set(site.on())
    while rising:
        found = [full_at(site, phase, given, rising) for phase in range(3)]
        level = min((level for level in found if level is not None), default=None)
        if level is None:
            return given | {index: site.rows.cap_ma[index] for index in rising}
        full = found.index(level)
        stopped = {index for index in rising if full in site.on_phases(index)}
        given |= {index: clamped(site, index, level) for index in stopped}
        rising -= stopped
    return given


def full_at(site, phase: int, given: dict, rising: set) -> Fraction | None:
    """The level at which those that still rise fill the phase; None if they never do."""
    mine = [index for index in rising if phase in site.on_phases(index)]
    taken = sum(ma for index, ma in given.items() if phase in site.on_phases(index))
    left = site.capacity()[phase] - taken
    before = Fraction(0)
    for level in bends(site, mine):
        needed = sum(clamped(site, index, level) for index in mine)
        if needed > left:
            last = sum(clamped(site, index, before) for index in mine)
            return before + (left - last) * (level - before) / (needed - last)
        before = level
    return None


def bends(site, chargers: list) -> list:
    """The levels at which somebody starts or stops to rise."""
    rows = site.rows
    least = [Fraction(rows.min_ma[index], rows.weight[index]) for index in chargers]
    return sorted(least + [Fraction(rows.cap_ma[index], rows.weight[index]) for index in chargers])


# Levels are whole milliamperes. Where a charger starts to rise and where a phase fills up are both
# rounded down: each moves less than the sum of the weights. What that leaves, again less than the
# sum, is handed out at the end in the order of the rows.
def tolerance_ma(site) -> int:
    return 3 * site.rounding_ma()


def assert_filled(site, number):
    for index, due in filled(site).items():
        off = abs(site.rows.want_ma[index] - due)
        assert off <= tolerance_ma(site), f"site {number}, {index} is off by {float(off)}\n{site}"


def test_currents_after_a_cold_start_are_those_of_exact_water_filling():
    for site, number in sites(1):
        site.allocate()
        assert_filled(site, number)


def test_currents_of_those_that_charge_are_those_of_exact_water_filling():
    for site, number in sites(2, set_ma=10000):
        site.allocate(may_raise=False)
        assert_filled(site, number)


# -- who --


def best_set(site, ranked: list, limit_ma) -> set:
    """Of all sets whose minimums fit, the one with the best in rank, then the next best, ..."""
    rows = site.rows

    def fits(chosen):
        sums = [0, 0, 0]
        for index in chosen:
            for phase in site.on_phases(index):
                sums[phase] += rows.min_ma[index]
        return all(sums[phase] <= max(limit_ma[phase], 0) for phase in range(3))

    for bits in product((True, False), repeat=len(ranked)):
        chosen = {index for index, bit in zip(ranked, bits, strict=True) if bit}
        if fits(chosen):
            return chosen
    raise AssertionError("not even nobody fits")


def ranked_by_service(site, chance) -> list:
    """The worst served first: as many ampere-hours an hour and weight as its place."""
    ranked = shuffled(site, chance)
    for place, index in enumerate(ranked):
        site.rows.connected_s[index] = 3600
        site.rows.charge_das[index] = place * 36000 * site.rows.weight[index]
    return ranked


def assert_best(site, ranked, number):
    assert set(site.on()) == best_set(site, ranked, site.grid.room_ma), f"site {number}\n{site}"


def test_a_cold_start_takes_the_best_in_priority_that_fit():
    chance = Chance(3)
    for site, number in sites(4):
        ranked = ranked_by_priority(site, chance)
        site.allocate()
        assert_best(site, ranked, number)


def test_a_cold_start_takes_the_worst_served_that_fit():
    chance = Chance(5)
    for site, number in sites(6):
        ranked = ranked_by_service(site, chance)
        site.allocate()
        assert_best(site, ranked, number)


def test_a_cold_start_among_equals_keeps_nobody_out_who_fits():
    for site, number in sites(7):
        site.allocate()
        assert site.kept_out() == [], f"site {number}\n{site}"


@pytest.mark.parametrize("may_raise", [True, False])
def test_nobody_is_paused_who_would_fit(may_raise):
    for site, number in sites(8, set_ma=10000):
        site.allocate(may_raise)
        assert site.minimums_above(site.grid.room_ma) == [], f"site {number}\n{site}"
        assert site.kept_out() == [], f"site {number}\n{site}"


@pytest.mark.parametrize("may_raise", [True, False])
def test_those_on_the_same_phases_are_paused_the_lowest_in_priority_first(may_raise):
    chance = Chance(9)
    for site, number in sites(10, set_ma=10000):
        ranked = ranked_by_priority(site, chance)
        for index in ranked:
            site.rows.phases[index] = 7
        site.allocate(may_raise)
        assert_best(site, ranked, number)
