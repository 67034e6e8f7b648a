# The automatic minimum: which cars have theirs raised, how far, and for how long.

from balance.rows import AUTO, IDLE, PROBING, SETTLED_MINIMUM
from bays import Bays, needs, one, three

# The other car, with a larger weight, leaves a minimum.
LARGE = {"weight": 8, "max_ma": 32000}


# The site of a car that drew 16 A and was cut to 6 A, some seconds ago.
def cut(car, seconds, phases="123", **changes):
    site = Bays(22000)
    site.park(car, phases=phases, **changes)
    site.wait(30)
    assert site.set_ma() == [16000]
    site.park(three(32000), **LARGE)
    for _ in range(20):
        site.wait(1)
        if site.rows.set_ma[0] < 16000:
            break
    assert site.set_ma()[0] == 6000
    site.wait(seconds)
    return site


def minimums(site, seconds):
    """The minimums of car 0, each with how many seconds it held."""
    found = [[site.rows.min_ma[0], 0]]
    for _ in range(seconds):
        site.wait(1)
        if site.rows.min_ma[0] != found[-1][0]:
            found.append([site.rows.min_ma[0], 0])
        found[-1][1] += 1
    return found


# -- raised --


def test_a_car_that_stops_within_60_s_of_a_cut_gets_1_a_more_at_once():
    site = cut(three(32000), 30)
    site.asks[0] = False
    site.wait(2)
    assert site.rows.min_ma[0] == 7000
    assert site.rows.session[0] & PROBING
    site.asks[0] = True
    site.wait(15)
    assert site.set_ma()[0] == 7000
    assert site.rows.session[0] & SETTLED_MINIMUM and not site.rows.session[0] & PROBING
    site.wait(300)
    assert site.rows.min_ma[0] == 7000


def test_a_car_that_stays_in_c_without_drawing_for_60_s_gets_1_a_more():
    site = cut(needs(7000, three(32000)), 45)
    assert site.rows.min_ma[0] == 6000
    site.wait(25)
    assert site.rows.min_ma[0] == 7000


def test_a_car_that_draws_less_than_1_a_in_c_gets_1_a_more():
    site = cut(lambda told: [told if told >= 7000 else 900] * 3, 70)
    assert site.rows.min_ma[0] == 7000


def test_a_car_that_was_cut_to_8_a_gets_9_a():
    site = Bays(16000)
    site.park(three(32000))
    site.wait(30)
    site.park(three(32000))
    site.wait(30)
    assert site.set_ma() == [8000, 8000]
    site.asks[0] = False
    site.wait(2)
    assert site.rows.min_ma[0] == 9000


# From one offer to the next it takes 60 s and what it takes to make room.
def test_it_gets_1_a_more_for_60_s_each_until_it_draws_and_keeps_that():
    found = minimums(cut(needs(9000, three(32000)), 0), 600)
    assert [ma for ma, _ in found] == [6000, 7000, 8000, 9000]
    assert all(59 <= seconds <= 75 for _, seconds in found[:3])


def test_a_raised_minimum_is_at_most_10_a_and_goes_back_if_it_never_draws():
    found = minimums(cut(needs(12000, three(32000)), 0), 1200)
    assert [ma for ma, _ in found] == [6000, 7000, 8000, 9000, 10000, 6000]
    assert all(59 <= seconds <= 75 for _, seconds in found[:5])


def test_a_raised_minimum_is_never_above_the_maximum_of_the_charger():
    site = Bays(12000)
    site.park(needs(8000, three(32000)), max_ma=7500)
    site.cars[0] = three(32000)
    site.wait(30)
    site.cars[0] = needs(8000, three(32000))
    site.park(three(32000), max_ma=6000)
    most = 0
    for _ in range(300):
        site.wait(1)
        most = max(most, site.rows.min_ma[0])
    assert most == 7500
    assert site.rows.min_ma[0] == 6000


def test_what_was_found_out_is_forgotten_when_the_car_leaves():
    site = cut(needs(8000, three(32000)), 200)
    assert site.rows.min_ma[0] == 8000
    site.unplug(0)
    assert site.rows.min_ma[0] == 6000
    assert site.rows.session[0] == AUTO


# On one phase, as a car may need more there than on three, or less.
def test_a_minimum_holds_for_one_phase_or_for_several():
    for phases, mask in (("123", 0b001), ("231", 0b010), ("312", 0b100)):
        site = cut(needs(7000, one(32000)), 130, phases=phases)
        assert site.rows.phases[0] == mask
        assert site.rows.min_ma[0] == 7000
        site.cars[0] = three(32000)
        site.wait(1)
        assert site.rows.phases[0] == 7
        assert site.rows.min_ma[0] == 6000
        site.cars[0] = one(32000)
        site.wait(60)
        assert site.rows.phases[0] == mask
        assert site.rows.min_ma[0] == 7000


# -- not raised --


def test_a_minimum_of_the_settings_is_never_raised():
    site = cut(needs(9000, three(32000)), 300, min_ma=6000)
    assert site.rows.min_ma[0] == 6000


def test_a_car_with_a_minimum_of_the_settings_that_stops_after_a_cut_is_not_waited_for():
    site = cut(three(32000), 20, min_ma=6000)
    site.asks[0] = False
    site.wait(70)
    assert site.rows.session[0] & IDLE
    assert not site.rows.session[0] & PROBING


def test_fixed_minimums_of_the_site_are_never_raised():
    minimum = {"auto": False, "one_phase_ma": 8000, "three_phase_ma": 7000}
    site = Bays(22000, minimum=minimum)
    site.park(needs(9000, three(32000)))
    site.park(three(32000), phases="1", max_ma=16000)
    site.wait(300)
    assert list(site.rows.min_ma[:2]) == [7000, 8000]


def test_the_minimum_of_the_site_is_for_one_phase_or_for_several():
    minimum = {"auto": False, "one_phase_ma": 8000, "three_phase_ma": 7000}
    site = Bays(22000, minimum=minimum)
    for phases in ("1", "2", "3", "12", "23", "123", "?"):
        site.park(three(32000), phases=phases)
    assert list(site.rows.min_ma[:7]) == [8000, 8000, 8000, 7000, 7000, 7000, 7000]


def test_a_car_that_waits_for_its_turn_keeps_6_a():
    site = Bays(6000)
    site.park(three(32000), priority=1)
    site.park(three(32000))
    site.wait(300)
    assert list(site.rows.min_ma[:2]) == [6000, 6000]


def test_a_car_that_is_paused_keeps_6_a():
    site = Bays(12000)
    site.park(three(32000), priority=1)
    site.park(three(32000))
    site.wait(30)
    site.limit(6000)
    site.wait(300)
    assert site.set_ma() == [6000, 0]
    assert site.rows.min_ma[1] == 6000


def test_a_car_that_sleeps_after_a_pause_keeps_6_a_until_it_asks():
    site = Bays(12000)
    site.park(three(32000), priority=1)
    site.park(three(32000))
    site.wait(30)
    site.limit(6000)
    site.wait(30)
    site.limit(12000)
    site.asks[1] = False
    site.wait(200)
    assert site.rows.session[1] & IDLE
    assert site.rows.min_ma[1] == 6000
    site.asks[1] = True  # and once it is awake that is too little for it
    site.cars[1] = three(0)
    site.wait(2)
    assert site.rows.min_ma[1] == site.rows.cap_ma[1] == 7000


def test_a_car_that_sleeps_from_the_start_keeps_6_a():
    site = Bays(22000)
    site.park(three(32000), asks=False)
    site.park(three(32000), **LARGE)
    site.wait(300)
    assert site.rows.min_ma[0] == 6000


def test_a_car_that_draws_with_6_a_for_a_minute_and_then_is_full_keeps_6_a():
    site = cut(three(32000), 65)
    site.asks[0] = False
    site.wait(300)
    assert site.rows.min_ma[0] == 6000


def test_a_car_that_draws_with_6_a_for_a_minute_and_then_stays_in_c_keeps_6_a():
    site = cut(three(32000), 65)
    site.cars[0] = three(0)
    assert [ma for ma, _ in minimums(site, 300)] == [6000]


def test_a_car_that_is_full_without_a_cut_keeps_6_a():
    site = Bays(22000)
    site.park(three(32000))
    site.wait(100)
    site.asks[0] = False
    assert [ma for ma, _ in minimums(site, 400)] == [6000]


# Its cap, when it has drawn nothing for a minute, is no cut of what it drew.
def test_a_car_that_is_full_and_stays_in_c_keeps_6_a():
    site = Bays(22000)
    site.park(three(32000))
    site.wait(100)
    site.cars[0] = three(0)
    assert [ma for ma, _ in minimums(site, 400)] == [6000]


# It looks like one that needs more, until 10 A do not help either.
def test_a_car_that_is_full_just_after_a_cut_has_6_a_in_the_end():
    site = cut(three(32000), 20)
    site.asks[0] = False
    assert [ma for ma, _ in minimums(site, 400)][-1] == 6000
    assert site.rows.session[0] & SETTLED_MINIMUM
