# Who is on when not all fit, and for how long: rotations, priorities, ranks, phases.

from balance.rows import GUEST, ROTATION
from core import B
from turns import MINUTE_S, ROTATION_S, limit, on, queue, served, switched_off_at, wait


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


def test_a_guest_does_not_yield_to_who_uses_no_more_phases():
    site = queue(1, {"phases": "1"}, {})
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, 3)
    assert site.rows.session[guest] & GUEST
    site.add(B, phases="2")
    wait(site, 100)
    assert on(site) == [0, guest]
