"""What holds for any mix of phases, limits, weights, cars and budgets."""

import os

from allocation import SETTLED_MS, Lone
from balance.rows import ENDED, GUEST
from hypothesis import example, given, settings
from hypothesis import strategies as st
from random_sites import MASKS

EXAMPLES = int(os.environ.get("AMPRAIL_EXAMPLES", "150"))
A_MOMENT_MS = 250

examples = settings(max_examples=EXAMPLES, derandomize=True, deadline=None, database=None)


@st.composite
def chargers(draw, session=(0, 0, 0, GUEST, ENDED)):
    """(settings, values of its row)"""
    least = draw(st.integers(6000, 10000))
    most = draw(st.integers(least, 32000))
    changes = {
        "phases": draw(st.sampled_from(MASKS)),
        "weight": draw(st.integers(1, 8)),
        "priority": draw(st.integers(-1, 1)),
        "min_ma": least,
        "max_ma": most,
    }
    row = {
        "state": draw(st.sampled_from((2, 2, 2, 2, 1, 3, 0, 5))),
        "aside": draw(st.sampled_from((0, 0, 0, 0, 0, 1, 2))),
        "set_ma": draw(st.sampled_from((0, 6000, 10000, 20000, 32000))),
        "cap_ma": draw(st.one_of(st.just(most), st.integers(least, most))),
        "session": draw(st.sampled_from(session)),
        "hold_s": draw(st.sampled_from((0, 0, 0, 30))),
        "turn": draw(st.sampled_from((0, 59, 60, 600))),
        "connected_s": draw(st.integers(0, 65535)),
        "charge_das": draw(st.integers(0, 20000000)),
    }
    return changes, row


LIMIT = st.one_of(st.integers(-5000, 20000), st.integers(10000, 40000), st.integers(0, 90000))
PHASES = st.tuples(LIMIT, LIMIT, LIMIT)
MORE = st.tuples(*[st.one_of(st.just(0), st.integers(0, 20000))] * 3)
SITES = st.tuples(PHASES, MORE, MORE, st.lists(chargers(), min_size=2, max_size=6))
NOBODY_ENDED = st.lists(chargers(session=(0,)), min_size=2, max_size=6)


def plus(a, b):
    return [x + y for x, y in zip(a, b, strict=True)]


def built(plan) -> Lone:
    budget, more, still_more, rows = plan
    site = Lone(budget, plus(budget, more), plus(plus(budget, more), still_more))
    for changes, row in rows:
        index = site.add(**changes)
        for name, value in row.items():
            getattr(site.rows, name)[index] = value
    return site


def settled(plan) -> Lone:
    """A site on which all is as it was told to be."""
    site = built(plan)
    site.allocate()
    site.obey()
    return site


# -- the limits --


@examples
@given(SITES, st.booleans(), st.sampled_from((0, A_MOMENT_MS, SETTLED_MS, 60000)))
def test_no_phase_is_above_its_budget(plan, may_raise, elapsed_ms):
    site = built(plan)
    site.allocate(may_raise, elapsed_ms)
    assert site.above_budget() == [], site


@examples
@given(SITES, st.booleans(), st.sampled_from((SETTLED_MS, 60000)))
def test_minimums_fit_into_the_room_after_10_s(plan, may_raise, elapsed_ms):
    site = built(plan)
    site.allocate(may_raise, elapsed_ms)
    assert site.minimums_above(site.grid.room_ma) == [], site


@examples
@given(SITES, st.booleans())
def test_minimums_fit_into_the_limit_at_once(plan, may_raise):
    site = built(plan)
    site.allocate(may_raise, A_MOMENT_MS)
    assert site.minimums_above(site.grid.pause_ma) == [], site


@examples
@given(SITES, st.booleans(), st.sampled_from((0, SETTLED_MS, 60000)))
def test_each_has_0_or_at_least_its_minimum_and_never_more_than_is_of_use(
    plan, may_raise, elapsed_ms
):
    site = built(plan)
    site.allocate(may_raise, elapsed_ms)
    assert site.out_of_bounds() == [], site


@examples
@given(SITES)
def test_without_a_meter_nobody_gets_more_than_told(plan):
    site = built(plan)
    site.grid.lost = True
    site.allocate(may_raise=False)
    rows = site.rows
    assert all(rows.want_ma[i] <= max(rows.set_ma[i], rows.min_ma[i]) for i in site.on()), site
    assert all(rows.set_ma[i] for i in site.on()), site


LIKE_ANOTHER = {"weight": 1, "priority": 0, "min_ma": 6000, "max_ma": 32000}
RISING_TOGETHER = [({"phases": phases} | LIKE_ANOTHER, {"set_ma": 6000}) for phases in ("12", "2")]


@examples
@given(SITES, st.integers(1, 7))
@example(((40000,) * 3, (0,) * 3, (0,) * 3, RISING_TOGETHER), 1)
def test_where_it_is_squeezed_those_without_a_meter_have_their_minimum(plan, squeezed):
    site = built(plan)
    site.allocator.squeezed = squeezed
    site.allocate()
    rows = site.rows
    hit = [index for index in site.on() if rows.phases[index] & squeezed]
    assert [index for index in hit if rows.want_ma[index] != rows.min_ma[index]] == [], site
    assert site.out_of_bounds() == [], site


# -- who is on --


@examples
@given(SITES, st.sampled_from((0, A_MOMENT_MS, SETTLED_MS, 60000)))
def test_nobody_waits_who_is_free_to_start_and_fits(plan, elapsed_ms):
    site = built(plan)
    site.allocate(True, elapsed_ms)
    assert site.kept_out() == [], site


@examples
@given(SITES, st.sampled_from((A_MOMENT_MS, 60000)))
def test_a_paused_car_stays_paused(plan, elapsed_ms):
    site = built(plan)
    rows = site.rows
    held = [index for index in site.present() if rows.hold_s[index] and not rows.set_ma[index]]
    site.allocate(True, elapsed_ms)
    assert [index for index in held if rows.want_ma[index]] == [], site


@examples
@given(SITES)
def test_nobody_comes_on_while_nothing_may_be_raised(plan):
    site = built(plan)
    site.allocate(may_raise=False)
    assert all(site.rows.set_ma[index] for index in site.on()), site


@examples
@given(SITES, st.sampled_from((0, A_MOMENT_MS, SETTLED_MS)))
def test_all_that_are_on_stay_on_where_their_minimums_fit(plan, elapsed_ms):
    site = built(plan)
    rows = site.rows
    ended = site.ended()
    before = [i for i in site.present() if rows.set_ma[i] >= rows.min_ma[i] and i not in ended]
    needed = site.summed(rows.min_ma, before)
    room = site.grid.room_ma
    short = [phase for phase in range(3) if needed[phase] > room[phase]]
    site.allocate(True, elapsed_ms)
    untouched = {i for i in before if not set(site.on_phases(i)) & set(short)}
    assert untouched <= set(site.on()), site


# Cuts are told at once, a raise waits for what makes room.
@examples
@given(SITES)
def test_a_place_is_kept_until_the_charger_is_told(plan):
    site = built(plan)
    site.allocate()
    before = set(site.on())
    rows = site.rows
    for index in range(rows.count):
        rows.set_ma[index] = min(rows.set_ma[index], rows.want_ma[index])
    site.allocate(False, A_MOMENT_MS)
    assert before <= set(site.on()), site


@examples
@given(SITES, MORE, st.booleans())
def test_a_bigger_budget_turns_nobody_off(plan, more, may_raise):
    site = settled(plan)
    before = set(site.on())
    grid = site.grid
    limits = (grid.budget_ma, grid.room_ma, grid.pause_ma)
    site.limit(*[plus(limit_ma, more) for limit_ma in limits])
    site.allocate(may_raise, A_MOMENT_MS)
    assert before <= set(site.on()), site


# -- how much --


@examples
@given(SITES)
def test_nobody_can_get_more_without_taking_from_one_with_no_larger_share(plan):
    site = built(plan)
    site.allocate()
    assert site.short_of_share() == [], site


@examples
@given(SITES)
def test_among_equal_weights_no_milliampere_is_left_that_somebody_could_use(plan):
    for changes, _ in plan[3]:
        changes["weight"] = 1
    site = built(plan)
    site.allocate()
    left = site.left()
    assert all(any(left[p] <= 0 for p in site.on_phases(index)) for index in site.hungry()), site


@examples
@given(SITES)
def test_the_phase_that_is_said_to_be_full_is_full_and_its_own(plan):
    site = built(plan)
    site.allocate()
    said = {index: site.rows.bound[index] for index in site.on() if site.rows.bound[index] < 3}
    assert all(phase in site.on_phases(index) for index, phase in said.items()), site
    assert all(site.left()[phase] < site.rounding_ma() for phase in said.values()), site


@examples
@given(SITES, chargers(session=(ENDED,)))
def test_one_that_ended_takes_nothing_from_the_others(plan, ended):
    budget, more, still_more, rows = plan
    alone = built(plan).allocate()
    site = built((budget, more, still_more, [*rows, ended]))
    shared = site.allocate()
    assert site.above_budget() == [], site
    waiting = [index for index, (_, row) in enumerate(rows) if row["session"] != ENDED]
    assert [shared[index] for index in waiting] == [alone[index] for index in waiting], site


# -- over time, and in any order --


@examples
@given(SITES)
def test_nothing_changes_if_nothing_changed(plan):
    site = built(plan)
    first = site.allocate()
    for _ in range(2):
        site.obey()
        assert site.allocate(True, A_MOMENT_MS) == first, site


@examples
@given(st.data(), PHASES, MORE, MORE, NOBODY_ENDED)
def test_the_order_of_the_rows_does_not_matter(data, budget, more, still_more, rows):
    for number, (changes, _) in enumerate(rows):
        changes["priority"] = number
    order = data.draw(st.permutations(range(len(rows))))
    site = built((budget, more, still_more, rows))
    other = built((budget, more, still_more, [rows[index] for index in order]))
    first = site.allocate()
    second = other.allocate()
    assert all(
        abs(first[index] - second[place]) <= site.rounding_ma()
        and bool(first[index]) == bool(second[place])
        for place, index in enumerate(order)
    ), (site, order, second)
