# Promise 1: a charger that cannot be reached is booked at its fallback alone only once a watchdog
# of its own, seen armed, has run out for certain.

from core import C, Site


def lost(watchdog_s, fallback_ma=-1, allowed=16000, **changes):
    site = Site()
    index = site.add(C, allowed, **changes)
    site.ledger.guarded(index, watchdog_s, fallback_ma)
    site.bookings.advance(0)
    for _ in range(3):
        site.ledger.failed(index)
    return site, index


def booked_after(site, index, seconds):
    site.bookings.advance(1000 * seconds)
    return site.rows.booked_ma[index]


def test_without_a_watchdog_it_stays_booked_at_what_it_was_told():
    site, index = lost(0)
    for _ in range(20):
        assert booked_after(site, index, 60) == 16000


def test_with_one_it_falls_to_its_fallback_15_s_after_that_has_run_out():
    site, index = lost(30)
    assert booked_after(site, index, 44) == 16000
    assert booked_after(site, index, 1) == 6000
    assert booked_after(site, index, 600) == 6000


def test_what_the_charger_says_of_its_fallback_goes_before_the_settings():
    site, index = lost(30, fallback_ma=8000)
    assert booked_after(site, index, 45) == 8000
    site, index = lost(30, fallback_ma=20000)
    assert booked_after(site, index, 0) == 20000


def test_a_fallback_above_what_it_was_told_is_booked_at_once():
    site, index = lost(30, allowed=0, fallback_ma=10000)
    assert booked_after(site, index, 0) == 10000


def test_a_watchdog_too_slow_to_be_timed_counts_as_none():
    site, index = lost(46)
    for _ in range(20):
        assert booked_after(site, index, 60) == 16000
    site, index = lost(45)
    assert booked_after(site, index, 60) == 6000


def test_a_watchdog_that_is_not_seen_any_more_does_not_count():
    site, index = lost(30)
    site.ledger.guarded(index, 0, -1)
    assert booked_after(site, index, 60) == 16000


def test_one_that_answers_again_is_booked_as_told_until_it_has_settled():
    site, index = lost(30)
    assert booked_after(site, index, 60) == 6000
    site.answer(index, C, 6000)
    assert booked_after(site, index, 0) == 16000
