# Settings that change while cars charge: no car stops because of it, and bookings stay right.

from balance.reasons import CODES
from balance.rows import AUTO, STATE_A, UNREACHABLE, USER_PAUSED
from core import CHARGER, A, B, C, Site
from settings import live


def charging(count=3, **changes):
    """So many cars that charge with 16 A each, settled."""
    site = Site(**changes)
    for _ in range(count):
        site.add(state=C, allowed=16000)
    site.reading[0] = site.reading[1] = site.reading[2] = 5000 + 16000 * count
    site.seconds(20)
    assert told(site) == [16000] * count
    return site


def told(site):
    return [site.rows.set_ma[index] for index in range(site.rows.count)]


def apply(site, **changes):
    site.settings = dict(site.settings, **changes)
    site.cycle.apply(site.settings)


def change(site, index, **changes):
    live.change(site.cycle, index, dict(CHARGER, **changes), site.settings["minimum"])


def reason(site, index):
    site.cycle.explain(index)
    return CODES.split("|")[site.cycle.reason].split()[0]


def add(site, **changes):
    """As the firmware does it: a new row, which is unread."""
    index = site.rows.extend()
    site.rows.apply(index, dict(CHARGER, **changes), site.settings["minimum"])
    live.read_anew(site.cycle, index)
    site.obeys.append(False)
    return index


def test_a_lower_limit_cuts_in_the_next_cycle_and_pauses_nobody():
    site = charging()
    apply(site, limit_ma=40000, largest_consumer_ma=16000)
    site.run()
    assert sum(told(site)) < 48000 and min(told(site)) >= 6000


def test_a_lower_supply_cuts_in_the_next_cycle_and_pauses_nobody():
    site = charging()
    apply(site, supply_ma=30000)
    site.run()
    assert sum(told(site)) <= 30000 and min(told(site)) >= 6000


def test_a_higher_limit_raises():
    site = Site(limit_ma=20000, largest_consumer_ma=16000)
    site.add(state=C, allowed=6000)
    site.reading[0] = site.reading[1] = site.reading[2] = 11000
    site.seconds(20)
    assert told(site)[0] < 8000
    apply(site, limit_ma=63000)
    site.seconds(20)
    assert told(site) == [16000]


def test_settings_that_are_as_they_were_change_nothing():
    site = charging()
    before = told(site), site.cycle.setpoints
    apply(site)
    for index in range(3):
        change(site, index)
    site.seconds(5)
    assert (told(site), site.cycle.setpoints) == before


def test_a_lower_maximum_cuts_that_charger_only():
    site = charging()
    change(site, 1, max_ma=10000)
    site.seconds(5)
    assert told(site) == [16000, 10000, 16000]


def test_other_phases_count_from_the_next_cycle_and_nobody_stops():
    site = charging()
    change(site, 0, phases="2")
    site.run()
    assert site.rows.phases[0] == 2
    assert list(site.bookings.told) == [32000, 48000, 32000]
    site.seconds(20)
    assert told(site) == [16000] * 3


def test_a_minimum_that_was_found_out_survives_other_settings():
    site = charging(1)
    site.ledger.tell(0, 8000)  # cut, and then its car stops
    site.ledger.written(0, 8000)
    site.answer(0, B, 8000)
    site.obeys[0] = False
    site.seconds(15)
    found = site.rows.min_ma[0]
    assert found > 6000
    change(site, 0, priority=3)
    assert site.rows.min_ma[0] == found and site.rows.priority[0] == 3
    change(site, 0, min_ma=10000)
    assert site.rows.min_ma[0] == 10000 and not site.rows.session[0] & AUTO


def test_a_new_charger_that_does_not_answer_cuts_nobody_for_ten_seconds():
    site = charging(3, meter=None, supply_ma=48000, limit_ma=48000)
    add(site, fallback_ma=None, max_ma=32000)
    site.seconds(9)
    assert told(site)[:3] == [16000] * 3
    site.seconds(3)
    assert list(site.bookings.reserved) == [32000] * 3
    assert sum(told(site)) <= 48000 - 32000


def test_a_new_charger_that_is_read_joins_and_nobody_stops():
    site = charging(3, meter=None, supply_ma=48000, limit_ma=48000)
    index = add(site)
    site.run()
    site.obeys[index] = True
    site.answer(index, B, 0)
    least = 16000
    for _ in range(120):
        site.run()
        site.deliver()
        least = min([least] + told(site)[:3])  # noqa: RUF005
        assert sum(site.rows.booked_ma[row] for row in range(4)) <= 48000
    assert least >= 6000 and told(site)[index] >= 6000


def test_a_row_that_is_cleared_counts_for_nothing_and_can_be_given_away():
    site = charging()
    live.clear(site.cycle, 1)
    site.obeys[1] = False
    site.run()
    assert list(site.bookings.told) == [32000] * 3
    assert list(site.bookings.reserved) == [0] * 3 and site.bookings.unread == 0
    site.rows.apply(1, dict(CHARGER, phases="3"), site.settings["minimum"])
    live.read_anew(site.cycle, 1)
    site.answer(1, B, 0)
    site.run()
    assert site.rows.phases[1] == 4 and site.rows.aside[1] != UNREACHABLE


def test_a_charger_at_another_address_keeps_what_it_was_told_until_it_is_read():
    site = charging()
    live.read_anew(site.cycle, 0)
    site.obeys[0] = False
    site.run()
    assert told(site) == [16000] * 3
    assert list(site.bookings.reserved) == [16000] * 3
    site.answer(0, C, 10000)
    site.run()
    assert site.rows.set_ma[0] >= 6000 and list(site.bookings.reserved) == [0] * 3


def test_a_paused_car_is_told_0_says_why_and_others_go_on():
    site = charging()
    site.rows.weight[1] |= USER_PAUSED
    site.seconds(10)
    assert told(site) == [16000, 0, 16000]
    assert reason(site, 1) == "user_paused"


def test_a_resumed_car_gets_current_again_without_a_minute_of_waiting():
    site = charging()
    site.rows.weight[1] |= USER_PAUSED
    site.seconds(10)
    site.reading[0] = site.reading[1] = site.reading[2] = 37000
    site.rows.weight[1] &= 255 - USER_PAUSED
    site.seconds(10)
    assert told(site)[1] >= 6000


def test_unplugging_ends_a_pause():
    site = charging()
    site.rows.weight[1] |= USER_PAUSED
    site.seconds(10)
    site.ledger.answered(1, A)
    assert site.rows.state[1] == STATE_A and not site.rows.weight[1] & USER_PAUSED


def test_energy_since_plug_in_is_that_of_all_phases():
    site = charging(1)
    before = site.cycle.sessions.all_das[0]
    site.seconds(100)
    assert abs(site.cycle.sessions.all_das[0] - before - 3 * 160 * 100) <= 3 * 160
    site.ledger.answered(0, A)
    assert site.cycle.sessions.all_das[0] == 0
