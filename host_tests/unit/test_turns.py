# Who is on when not all fit, and for how long: rotations, priorities, ranks, phases.

from balance.rows import GUEST, ROTATION
from core import B
from turns import (
    MINUTE_S,
    ROTATION_S,
    limit,
    on,
    queue,
    served,
    switched_off_at,
    unplug,
    wait,
)


# -- when --


def test_after_a_rotation_a_charging_car_yields_to_a_waiting_one_and_not_before():
    site = queue(1, {}, {})
    wait(site, ROTATION_S - 10)
    assert on(site) == [0]
    wait(site, 20)
    assert on(site) == [1]
    wait(site, ROTATION_S - 20)
    assert on(site) == [1]
    wait(site, 30)
    assert on(site) == [0]


def test_nobody_yields_if_nobody_waits():
    site = queue(2, {}, {})
    assert switched_off_at(site, 3 * ROTATION_S) == []


def test_nobody_yields_to_a_lower_priority():
    site = queue(1, {"priority": 1}, {})
    wait(site, 4 * ROTATION_S)
    assert on(site) == [0]


def test_a_higher_priority_waits_for_the_rotation_of_a_lower_one_too():
    site = queue(1, {})
    site.add(B, priority=1)
    wait(site, ROTATION_S - 10)
    assert on(site) == [0]
    wait(site, 20)
    assert on(site) == [1]


def test_one_takes_over_in_a_minute_with_up_to_7_places():
    site = queue(7, *[{}] * 14)
    first = switched_off_at(site, ROTATION_S + 190)
    assert [second - first[0] for second in first] == [0, 60, 120, 180]
    assert first[0] >= ROTATION_S - 10


def test_four_take_over_in_a_minute_with_16_places():
    site = queue(16, *[{}] * 32)
    first = switched_off_at(site, ROTATION_S + 70)
    assert [second - first[0] for second in first][:5] == [0, 15, 30, 45, 60]


# -- who --


def who_yields_if_best_served(best):
    site = queue(2, {}, {}, {})
    served(site, 0, 1000)
    served(site, 1, 1000)
    served(site, best, 90000)
    wait(site, ROTATION_S + 20)
    return [index for index in (0, 1) if index not in on(site)]


def test_the_best_served_yields_first():
    assert who_yields_if_best_served(0) == [0]
    assert who_yields_if_best_served(1) == [1]


# However little it was served.
def one_asleep():
    site = queue(2, {}, {})
    wait(site, 20, asleep=[0])
    assert on(site) == [0, 1]
    served(site, 0, 0)
    served(site, 1, 90000)
    return site


def test_who_draws_nothing_is_paused_first():
    site = one_asleep()
    limit(site, 6000)
    wait(site, 20, asleep=[0])
    assert on(site) == [1]


def test_who_draws_nothing_yields_first():
    site = one_asleep()
    site.add(B)
    site.rows.turn[0] = site.rows.turn[1] = ROTATION
    wait(site, MINUTE_S, asleep=[0])
    assert on(site) == [1, 2]


def who_is_next(site):
    """Of those waiting for the place of car 0, whose rotation is over."""
    site.rows.turn[0] = ROTATION
    assert on(site) == [0]
    wait(site, 20)
    return on(site)


def test_the_worst_served_is_next():
    site = queue(1, {}, {}, {})
    wait(site, MINUTE_S)
    served(site, 1, 50000)
    served(site, 2, 40000)
    assert who_is_next(site) == [2]


def test_who_had_more_in_twice_the_time_is_served_worse():
    site = queue(1, {}, {}, {})
    wait(site, MINUTE_S)
    served(site, 1, 50000)
    served(site, 2, 80000)
    site.rows.connected_s[2] = 2000
    assert who_is_next(site) == [2]


def test_by_weight_a_car_counts_as_served_less():
    site = queue(1, {}, {}, {"weight": 4})
    wait(site, MINUTE_S)
    served(site, 1, 50000)
    served(site, 2, 100000)
    assert who_is_next(site) == [2]


def test_who_is_overdue_comes_before_the_worst_served_and_the_longest_first():
    site = queue(1, {}, {}, {}, {})
    wait(site, MINUTE_S)
    for index, das in ((1, 90000), (2, 80000), (3, 0)):
        served(site, index, das)
    site.rows.turn[1] = 3 * ROTATION + 40
    site.rows.turn[2] = 3 * ROTATION + 4
    assert who_is_next(site) == [1]
    wait(site, ROTATION_S + 10)
    assert on(site) == [2]


def test_of_those_overdue_the_longest_comes_first_in_any_order_of_the_chargers():
    for longest in (1, 2, 3):
        site = queue(1, {}, {}, {}, {})
        wait(site, MINUTE_S)
        for index in (1, 2, 3):
            site.rows.turn[index] = 4 * ROTATION + (8 if index == longest else 0)
        assert who_is_next(site) == [longest]


def test_who_has_waited_for_no_more_than_a_rotation_for_each_that_waits_is_not_overdue():
    site = queue(1, {}, {}, {}, {})
    wait(site, MINUTE_S)
    for index, das in ((1, 90000), (2, 80000), (3, 0)):
        served(site, index, das)
    site.rows.turn[1] = 3 * ROTATION - 20
    assert who_is_next(site) == [3]


def test_a_paused_car_is_not_admitted_before_its_time():
    site = queue(2, {}, {})
    limit(site, 6000)
    wait(site, 12)
    assert on(site) == [0]
    limit(site, 12000)
    site.add(B)
    wait(site, 10)
    assert on(site) == [0, 2]
    limit(site, 18000)
    wait(site, 60)
    assert on(site) == [0, 1, 2]


# -- phases --


def test_a_three_phase_car_waits_for_three_ripe_one_phase_cars_and_takes_all_their_places():
    site = queue(1, {"phases": "1"})
    wait(site, 60)
    site.add(B, phases="2")
    wait(site, 60)
    site.add(B, phases="3")
    wait(site, 10)
    site.add(B)
    wait(site, ROTATION_S - 20)
    assert on(site) == [0, 1, 2]
    wait(site, 30)
    assert on(site) == [3]


def test_a_one_phase_car_gets_a_free_phase_past_a_three_phase_car_and_yields_to_it_at_once():
    site = queue(1, {"phases": "1"}, {})
    wait(site, ROTATION_S - 30)
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, 3)
    assert on(site) == [0, guest]
    assert site.rows.session[guest] & GUEST
    wait(site, 40)
    assert on(site) == [1]


def test_a_guest_yields_though_nobody_was_on_for_a_rotation():
    site = queue(1, {"phases": "1"}, {})
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, MINUTE_S)
    assert on(site) == [0, guest]
    unplug(site, 0)
    wait(site, 10)
    assert on(site) == [1]


def test_who_comes_on_past_nobody_is_no_guest_any_more():
    site = queue(1, {"phases": "1"}, {})
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, ROTATION_S + 20)
    assert on(site) == [1]
    assert site.rows.session[guest] & GUEST
    limit(site, 12000)
    wait(site, 70)
    assert on(site) == [0, 1, guest]
    assert not site.rows.session[guest] & GUEST


def test_who_comes_on_past_those_of_another_phase_is_no_guest():
    site = queue(1, {"phases": "1"}, {"phases": "1"})
    other = site.add(B, phases="2")
    served(site, other, 1000)
    wait(site, 3)
    assert on(site) == [0, other]
    assert not site.rows.session[other] & GUEST
    site.rows.turn[0] = ROTATION
    served(site, site.add(B, phases="12"), 0)
    wait(site, 100)
    assert other in on(site)


def test_a_guest_does_not_yield_to_who_uses_no_more_phases():
    site = queue(1, {"phases": "1"}, {})
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, 3)
    assert site.rows.session[guest] & GUEST
    site.add(B, phases="2")
    wait(site, 100)
    assert on(site) == [0, guest]


# The best served would yield first, on a phase on which nobody is next yet.
def test_only_who_is_on_a_phase_that_is_needed_makes_way():
    site = queue(1, *[{"phases": phase} for phase in "1212"])
    wait(site, ROTATION_S - 20)
    for index, das in enumerate((1000, 90000, 100, 200)):
        served(site, index, das)
    first, second = switched_off_at(site, 100)
    assert second - first == 60
    assert on(site) == [2, 3]


def test_who_made_way_and_fits_all_the_same_stays_on():
    site = queue(1, {})
    limit(site, 16000)
    for _ in range(2):
        site.add(B, min_ma=10000)
        wait(site, 10)
    assert on(site) == [0, 1]
    served(site, 0, 90000)
    served(site, 1, 1000)
    assert len(switched_off_at(site, ROTATION_S + 30)) == 1
    assert on(site) == [0, 2]


def test_who_is_next_on_a_phase_need_not_wait_for_who_is_next_on_another():
    site = queue(1, *[{"phases": phase} for phase in "1212"])
    wait(site, MINUTE_S)
    for index, das in enumerate((1000, 1000, 100, 200)):
        served(site, index, das)
    site.rows.turn[1] = ROTATION
    wait(site, 20)
    assert on(site) == [0, 3]


def test_who_takes_three_places_has_taken_those_of_three_minutes():
    site = queue(2, {"phases": "1"}, {"phases": "2"}, {"phases": "3"}, {}, {}, {})
    assert on(site) == [0, 1, 2, 3]
    wait(site, ROTATION_S - 20)
    for index, das in enumerate((90000, 90000, 90000, 1000, 0, 0)):
        served(site, index, das)
    seconds = switched_off_at(site, 220)
    assert [second - seconds[0] for second in seconds] == [0, 0, 0, 180]
