# For how long a paused car stays paused.

from balance.rows import ENDED
from bays import Bays, three
from core import C
from turns import ROTATION_S, limit, on, queue, wait

BOTH_MA = 12000
ONE_MA = 6000


def two():
    """Both are on; the one of lower priority is paused first."""
    site = Bays(BOTH_MA)
    site.park(three(32000), priority=1)
    site.park(three(32000))
    site.wait(30)
    assert site.set_ma() == [6000, 6000]
    return site


def paused_s(site):
    """Car 1 is paused for a moment: how long it stays so where there is room again at once."""
    site.limit(ONE_MA)
    for _ in range(20):
        site.wait(1)
        if not site.rows.set_ma[1]:
            break
    site.limit(BOTH_MA)
    for second in range(1000):
        if site.rows.set_ma[1]:
            return second
        site.wait(1)
    return None


def near(seconds, expected):
    """It takes a few seconds to make room, too."""
    return all(0 <= got - due <= 10 for got, due in zip(seconds, expected))


def test_each_further_pause_takes_twice_as_long_up_to_15_min():
    site = two()
    seconds = [paused_s(site) for _ in range(6)]
    assert near(seconds, (60, 120, 240, 480, 900, 900)), seconds


def test_each_car_has_pauses_of_its_own():
    site = two()
    pause_s = site.cycle.sessions.pause_s
    assert [pause_s(1), pause_s(1), pause_s(0)] == [60, 120, 60]


def test_an_hour_without_a_pause_starts_anew():
    site = two()
    assert near((paused_s(site), paused_s(site)), (60, 120))
    site.wait(7200, ms=5000)
    assert near((paused_s(site),), (60,))


# The hours are those since the start, not since the pause.
def test_less_than_an_hour_without_a_pause_starts_nothing_anew():
    site = two()
    site.wait(1650, ms=5000)
    assert near((paused_s(site),), (60,))
    site.wait(2100, ms=5000)
    assert near((paused_s(site),), (120,))


def test_a_raised_minimum_forgets_no_pauses():
    site = two()
    paused_s(site)
    assert site.set_ma() == [6000, 6000]
    site.wait(30)
    site.limit(22000)
    site.wait(30)
    site.limit(13000)
    site.wait(10)
    assert site.set_ma() == [6500, 6500]
    site.asks[1] = False
    site.wait(2)
    assert site.rows.min_ma[1] == 7000
    assert site.cycle.sessions.pause_s(1) == 120


def test_the_next_car_is_not_paused_for_the_last_one():
    site = two()
    paused_s(site)
    site.limit(ONE_MA)
    site.wait(15)
    assert site.set_ma() == [6000, 0] and site.rows.hold_s[1] > 60
    site.unplug(1)
    site.plug_in(1)
    site.limit(BOTH_MA)
    site.wait(10)
    assert site.set_ma() == [6000, 6000]
    assert near((paused_s(site),), (60,))


def test_who_made_way_for_another_was_not_paused():
    site = queue(1, {}, {})
    for _ in range(6 * ROTATION_S):
        wait(site, 1)
        assert max(site.rows.hold_s[0], site.rows.hold_s[1]) <= 60


def test_who_made_way_once_is_paused_like_others_when_it_is_on_again():
    site = queue(1, {}, {})
    wait(site, ROTATION_S + 20)
    assert on(site) == [1]
    limit(site, BOTH_MA)
    wait(site, 70)
    assert on(site) == [0, 1]
    pause_s = site.cycle.sessions.pause_s
    assert [pause_s(0), pause_s(0)] == [60, 120]


def test_a_car_that_has_ended_is_not_paused():
    site = Bays(ONE_MA)
    site.park(three(16000), asks=False)
    site.wait(220)
    pause_s = site.cycle.sessions.pause_s
    assert site.rows.session[0] & ENDED
    assert [pause_s(0), pause_s(0)] == [60, 60]
    site.asks[0] = True
    site.answer(0, C, 6000)
    site.wait(10)
    assert not site.rows.session[0] & ENDED
    assert [pause_s(0), pause_s(0)] == [60, 120]
