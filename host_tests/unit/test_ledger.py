# Promise 1: a charger is booked at the most it may be drawing now.

from balance.rows import CONTROLLED, DIRTY, DISOBEYING, UNREACHABLE
from core import CHARGER, A, B, C, Site, sums


def charging(allowed=16000, **changes):
    site = Site()
    index = site.add(C, allowed, **changes)
    site.bookings.advance(0)
    return site, index


def booked(site, index=0):
    site.bookings.advance(0)
    return site.rows.booked_ma[index]


def confirm(site, index, ma):
    site.ledger.written(index, ma)
    site.answer(index, site.rows.state[index], ma)
    site.bookings.advance(0)


def test_a_raise_is_booked_when_it_is_decided():
    site, index = charging(6000)
    site.ledger.tell(index, 16000)
    assert booked(site) == 16000


def test_a_cut_stays_booked_until_it_is_confirmed_and_the_car_had_5_s():
    site, index = charging()
    site.ledger.tell(index, 6000)
    assert booked(site) == 16000
    site.ledger.written(index, 6000)
    assert booked(site) == 16000
    confirm(site, index, 6000)
    site.bookings.advance(4900)
    assert booked(site) == 16000
    site.bookings.advance(100)
    assert booked(site) == 6000


def test_a_200_alone_confirms_nothing():
    site, index = charging()
    site.ledger.tell(index, 6000)
    site.ledger.written(index, 6000)
    site.answer(index, C, 16000)
    site.bookings.advance(60000)
    assert booked(site) == 16000
    assert site.rows.flags[index] & DIRTY


def test_a_write_of_an_older_setpoint_does_not_count_for_the_new_one():
    site, index = charging()
    site.ledger.tell(index, 8000)
    site.ledger.tell(index, 6000)
    site.ledger.written(index, 8000)
    assert site.rows.flags[index] & DIRTY


def test_a_charger_that_refuses_three_times_disobeys_and_is_booked_at_what_it_says():
    site, index = charging()
    site.ledger.tell(index, 6000)
    for _ in range(3):
        assert site.rows.aside[index] == CONTROLLED
        site.ledger.written(index, 6000)
        site.answer(index, C, 16000)
        site.bookings.advance(0)
    assert site.rows.aside[index] == DISOBEYING
    assert sums(site.bookings.reserved) == [16000, 16000, 16000]
    confirm(site, index, 6000)
    assert site.rows.aside[index] == CONTROLLED


def test_a_liar_that_is_told_something_else_each_time_is_found_out_all_the_same():
    site, index = charging()
    for told in (9000, 8000, 8500):
        assert site.rows.aside[index] == CONTROLLED
        site.ledger.tell(index, told)
        site.ledger.written(index, told)
        site.answer(index, C, 16000)
        site.bookings.advance(0)
    assert site.rows.aside[index] == DISOBEYING
    assert booked(site) == 16000


def test_one_that_disobeys_counts_where_it_measures_a_draw_and_is_reserved_on_all_phases():
    site, index = charging(6000)
    for _ in range(3):
        site.ledger.written(index, 6000)
        site.answer(index, C, 10000)
    site.bookings.advance(0)
    assert sums(site.bookings.counted) == sums(site.bookings.reserved) == [10000] * 3
    site.ledger.measured(index, (9500, 0, 0))
    site.bookings.advance(0)
    assert sums(site.bookings.counted) == [9500, 0, 0]
    assert sums(site.bookings.reserved) == [10000] * 3


def test_an_unreachable_charger_is_booked_at_the_larger_of_told_and_fallback():
    for told, fallback, expected in ((16000, 6000, 16000), (0, 6000, 6000), (0, None, 16000)):
        site, index = charging(told, fallback_ma=fallback)
        for _ in range(3):
            site.ledger.failed(index)
        assert booked(site) == expected
        assert site.rows.aside[index] == UNREACHABLE
        assert sums(site.bookings.reserved) == [expected] * 3
        assert sums(site.bookings.counted) == [min(told, 16000 if fallback is None else 6000)] * 3


def test_ten_seconds_of_silence_are_unreachable_and_an_answer_mends_it():
    site, index = charging()
    site.ledger.failed(index)
    site.bookings.advance(9999)
    assert site.rows.aside[index] == CONTROLLED
    site.bookings.advance(1)
    assert site.rows.aside[index] == UNREACHABLE
    site.answer(index, C, 16000)
    site.bookings.advance(0)
    assert site.rows.aside[index] == CONTROLLED


def test_a_charger_that_was_never_read_is_reserved_for():
    site = Site()
    index = site.rows.add(dict(CHARGER, phases="2", fallback_ma=None), site.settings["minimum"])
    site.bookings.advance(0)
    assert site.bookings.unread == 1
    assert sums(site.bookings.reserved) == [0, 16000, 0]
    site.answer(index, B, 10000)
    site.bookings.advance(0)
    assert site.bookings.unread == 0
    assert booked(site) == 10000


def test_a_bad_line_is_reserved_at_32_a_on_three_phases_and_never_told_anything():
    site = Site()
    site.rows.add_unusable()
    site.obeys.append(False)
    site.seconds(15)
    assert sums(site.bookings.reserved) == [32000] * 3
    assert site.cycle.setpoints == 0


def test_a_charger_found_above_its_setpoint_is_booked_there_and_written_again():
    site, index = charging(6000)
    site.answer(index, C, 32000)
    assert booked(site) == 32000
    assert site.rows.flags[index] & DIRTY


def test_a_reading_counts_the_smaller_and_the_larger_while_a_change_is_under_way():
    site, index = charging(10000)
    site.ledger.tell(index, 16000)
    site.bookings.advance(0)
    assert sums(site.bookings.least) == [10000] * 3
    assert sums(site.bookings.most) == [16000] * 3
    assert sums(site.bookings.below) == [500] * 3
    assert sums(site.bookings.unsettled) == [1, 1, 1]
    confirm(site, index, 16000)
    site.bookings.advance(6500)
    site.bookings.advance(0)
    assert sums(site.bookings.least) == [16000] * 3
    assert sums(site.bookings.unsettled) == [0, 0, 0]


def test_its_own_currents_lower_the_least_at_once_and_the_most_only_when_settled():
    site, index = charging()
    site.ledger.tell(index, 15000)
    confirm(site, index, 15000)
    site.ledger.measured(index, (9000, 9000, 9000))
    site.bookings.advance(0)
    assert sums(site.bookings.least) == [9000] * 3
    assert sums(site.bookings.most) == [16000] * 3
    site.bookings.advance(6500)
    site.ledger.measured(index, (9000, 9000, 9000))
    site.bookings.advance(0)
    assert sums(site.bookings.most) == [9000] * 3
    site.bookings.advance(13000)
    assert not site.ledger.metered(index)


def test_a_car_that_begins_to_draw_has_not_settled_whatever_it_measures_first():
    for waited_ms in (5500, 7000):
        site = Site()
        index = site.add(B, 8000)
        site.bookings.advance(0)
        site.ledger.tell(index, 16000)
        confirm(site, index, 16000)
        site.bookings.advance(waited_ms)
        site.ledger.measured(index, (0, 0, 0))
        for drawn in (0, 4000):
            site.answer(index, C, 16000)
            site.ledger.measured(index, (drawn, drawn, drawn))
            site.bookings.advance(2000)
            assert sums(site.bookings.least) == [0] * 3
            assert sums(site.bookings.most) == [16000] * 3
        site.bookings.advance(1000)
        site.ledger.measured(index, (15000, 15000, 15000))
        site.bookings.advance(0)
        assert sums(site.bookings.most) == [15000] * 3


def test_currents_come_in_the_order_of_the_grid():
    site, index = charging(phases="231")
    site.ledger.measured(index, (1000, 2000, 3000))
    assert list(site.rows.draw_ma[0:3]) == [3000, 1000, 2000]


def test_an_unknown_phase_counts_on_all_three():
    site, index = charging(phases="?")
    site.ledger.measured(index, (7000, 0, 0))
    site.bookings.advance(0)
    assert list(site.rows.draw_ma[0:3]) == [7000, 7000, 7000]
    assert sums(site.bookings.booked) == [16000] * 3


def test_what_does_not_charge_counts_nothing_in_a_reading_though_it_is_booked():
    for state in (A, B):
        site = Site()
        site.add(state, 6000)
        site.bookings.advance(0)
        assert sums(site.bookings.least) == sums(site.bookings.most) == [0, 0, 0]
        assert sums(site.bookings.booked) == sums(site.bookings.idle) == [6000] * 3


def test_a_charger_that_fell_below_its_setpoint_is_told_again_now_and_then():
    site, index = charging()
    site.seconds(10)
    site.obeys[index] = False
    site.answer(index, C, 0)
    assert site.rows.flags[index] & DIRTY and booked(site) == 16000
    site.ledger.written(index, 16000)
    site.answer(index, C, 0)
    assert not site.rows.flags[index] & DIRTY
    site.bookings.advance(7000)
    site.answer(index, C, 0)
    assert site.rows.flags[index] & DIRTY


def test_what_is_found_after_a_restart_is_written_once():
    site, index = charging(10000)
    assert site.rows.flags[index] & DIRTY and site.rows.set_ma[index] == 10000
    site.ledger.written(index, 10000)
    site.answer(index, C, 10000)
    site.bookings.advance(0)
    assert not site.rows.flags[index] & DIRTY and booked(site) == 10000


def test_a_current_below_6_a_found_after_a_restart_becomes_0_and_stays_booked():
    site, index = charging(3000)
    assert site.rows.set_ma[index] == 0
    assert site.rows.most_ma[index] == 3000


def test_a_current_that_no_row_can_hold_is_kept_at_the_most():
    site, index = charging()
    site.ledger.measured(index, (70000, 0, 0))
    assert site.rows.draw_ma[0] == 65535
    for _ in range(4):
        site.answer(index, C, 80000)
    assert site.rows.most_ma[index] == 65535
    site.run()
    assert booked(site) == 65535


def test_a_charger_that_is_found_again_is_told_again_at_once_what_it_may_have_forgotten():
    site, index = charging()
    for _ in range(3):
        site.ledger.failed(index)
    site.bookings.advance(0)
    site.answer(index, C, 6000)
    assert site.rows.flags[index] & DIRTY and booked(site) == 16000
    site.ledger.written(index, 16000)
    site.answer(index, C, 16000)
    site.bookings.advance(0)
    assert not site.rows.flags[index] & DIRTY
