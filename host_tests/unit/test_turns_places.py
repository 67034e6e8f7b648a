# Whose a place is that becomes free: the successor's, a newcomer's, and what those get that ended.

from allocation import Lone
from balance.rows import ENDED, ROTATION
from core import B, C
from turns import MINUTE_S, ROTATION_S, on, plug_in, queue, served, switched_off_at, unplug, wait


# -- the place is booked --


# Car 2 takes over from car 0, which has not confirmed that it stops.
def taking_over():
    site = queue(2, {}, {}, {})
    wait(site, MINUTE_S)
    site.rows.turn[0] = ROTATION
    site.obeys[0] = False
    wait(site, 12)
    assert site.set_ma() == [0, 6000, 0]
    return site


def test_nobody_else_takes_the_place_that_is_booked_for_the_successor():
    site = taking_over()
    site.add(B)
    wait(site, 20)
    assert site.set_ma() == [0, 6000, 0, 0]
    site.ledger.written(0, 0)
    site.answer(0, C, 0)  # confirmed, and its car goes on for a moment
    wait(site, 5)
    assert site.set_ma() == [0, 6000, 0, 0]
    wait(site, 3)
    assert site.set_ma() == [0, 6000, 6000, 0]


def test_a_booked_place_is_passed_on_to_nobody_however_long_its_successor_waited():
    site = Lone((12000, 12000, 12000))
    site.add(set_ma=6000)
    successor = site.add()
    assert site.allocate() == [6000, 6000]
    site.add()
    site.rows.turn[successor] = 2 * ROTATION
    assert site.allocate(elapsed_ms=60000) == [6000, 6000, 0]
    site.rows.set_ma[successor] = 6000
    assert site.allocate(elapsed_ms=60000) == [6000, 0, 6000]


def test_unplugging_frees_a_booked_place():
    site = taking_over()
    other = site.add(B)
    unplug(site, 2)
    site.obeys[0] = True
    wait(site, 12)
    assert on(site) == [1, other]


# -- plugged in anew --


def test_a_fresh_plug_in_is_on_at_once_where_there_is_room():
    site = queue(2, {})
    site.add(B)
    wait(site, 8)
    assert on(site) == [0, 1]


def test_a_fresh_plug_in_displaces_no_charging_car():
    site = queue(1, {})
    served(site, 0, 90000)
    site.add(B)
    assert switched_off_at(site, ROTATION_S - 10) == []


# Of two that wait one is overdue after two rotations. The fresh one has only waited for one, and
# was, so that it is not first anyway, served better.
def test_a_plug_in_counts_as_having_waited_for_one_rotation():
    site = queue(1, {}, {}, {})
    unplug(site, 1)
    wait(site, 2)
    plug_in(site, 1)
    assert site.rows.turn[1] == ROTATION
    site.rows.turn[0] = site.rows.turn[2] = 0
    wait(site, 8)
    served(site, 1, 90000)
    site.rows.turn[0] = 0
    wait(site, ROTATION_S + 12)
    assert on(site) == [1]


# -- ended --


def ended():
    """A car that was offered 6 A or more for 210 s, and draws nothing."""
    site = queue(3, {})
    wait(site, 220, asleep=[0])
    assert site.rows.session[0] & ENDED
    return site


def test_a_car_that_has_ended_gets_what_all_others_leave():
    site = ended()
    assert site.set_ma() == [6000]
    site.add(B)
    wait(site, 20, asleep=[0])
    assert site.set_ma() == [0, 16000]
    site.add(B)
    wait(site, 20, asleep=[0])
    assert site.set_ma() == [0, 9000, 9000]
    unplug(site, 1)
    unplug(site, 2)
    wait(site, 100, asleep=[0])
    assert site.set_ma() == [6000, 0, 0]


def test_a_car_that_has_ended_is_offered_nothing_for_60_s_once_its_offer_was_withdrawn():
    site = ended()
    site.add(B)
    wait(site, 8, asleep=[0])
    assert site.set_ma()[0] == 0
    unplug(site, 1)
    wait(site, 45, asleep=[0])
    assert site.set_ma() == [0, 0]
    wait(site, 20, asleep=[0])
    assert site.set_ma() == [6000, 0]


def offered_ma(max_ma):
    """What a car that has ended is offered beside one with this maximum, of 18 A."""
    site = ended()
    site.add(B, max_ma=max_ma)
    site.add(B, max_ma=6000)
    wait(site, 20, asleep=[0])
    assert site.set_ma() == [0, max_ma, 6000]
    unplug(site, 2)
    wait(site, 100, asleep=[0])
    return site.set_ma()[0]


def test_a_car_that_has_ended_is_offered_its_minimum_where_2_a_more_are_left():
    assert offered_ma(10000) == 6000
    assert offered_ma(10001) == 0


def test_a_car_that_has_ended_comes_back_when_it_draws():
    site = ended()
    site.add(B, max_ma=8000)
    wait(site, 60, asleep=[0])
    assert site.set_ma() == [6000, 8000]
    site.answer(0, C, 6000)
    wait(site, 20)
    assert not site.rows.session[0] & ENDED
    assert site.set_ma() == [10000, 8000]


def test_a_car_that_has_ended_and_draws_again_has_a_rotation_of_its_own():
    site = queue(2, {}, {"max_ma": 6000})
    wait(site, 220, asleep=[0])
    assert site.rows.session[0] & ENDED
    assert site.set_ma() == [6000, 6000]
    site.answer(0, C, 6000)
    wait(site, 2)
    site.rows.turn[1] = 0
    site.add(B)
    wait(site, ROTATION_S - 15)
    assert on(site) == [0, 1]
    wait(site, 30)
    assert 2 in on(site)


def test_a_car_that_has_ended_waits_for_nobody_until_it_is_plugged_in_anew():
    site = ended()
    site.add(B)
    wait(site, 2 * ROTATION_S, asleep=[0])
    assert site.set_ma() == [0, 16000]
    unplug(site, 0)
    wait(site, 2)
    plug_in(site, 0)
    wait(site, 20)
    assert site.set_ma() == [9000, 9000]
