# Every charger says why it has what it has, with its numbers.

from balance.rows import ROTATION, USER_PAUSED
from balance.wiring import WiringTest
from bays import Bays, needs, three
from core import AIM_MA, CHARGER, A, B, C, F, Site

# The codes that were seen, for test_reasons_cpython.py.
seen = set()


def why(site, index):
    said = site.why(index)
    seen.add(said[0])
    return said


def static(ma, *cars, limit_ma=None, rotation_s=900):
    site = Site(meter=None, limit_ma=limit_ma or ma, supply_ma=ma, rotation_s=rotation_s)
    for changes in cars:
        site.add(B, **changes)
    site.seconds(20)
    return site


# -- not in our hands --


def test_no_car():
    site = static(32000)
    site.add(A)
    site.run()
    assert why(site, 0) == ("no_car", 0, 0)


def test_user_paused():
    site = static(32000, {})
    site.rows.weight[0] |= USER_PAUSED
    site.seconds(2)
    assert why(site, 0) == ("user_paused", 0, 0) and site.rows.set_ma[0] == 0


def test_charger_error():
    site = static(32000)
    site.add(F)
    site.run()
    assert why(site, 0) == ("charger_error", 0, 0)


def test_unreachable_with_what_is_booked_for_it():
    site = static(32000, {"fallback_ma": 9000}, {"fallback_ma": 32000})
    site.obeys[0] = site.obeys[1] = False
    for _ in range(3):
        site.ledger.failed(0)
        site.ledger.failed(1)
    site.run()
    assert why(site, 0) == ("unreachable", 16000, 0)
    assert why(site, 1) == ("unreachable", 32000, 0)


def test_not_obeying_with_what_it_keeps():
    site = static(32000, {})
    site.obeys[0] = False
    for _ in range(3):
        site.answer(0, C, 20000)
    site.ledger.written(0, 16000)
    for _ in range(3):
        site.answer(0, C, 20000)
        site.ledger.written(0, 16000)
    site.run()
    assert why(site, 0) == ("not_obeying", 20000, 0)


def test_bad_settings_with_what_is_reserved():
    site = static(63000)
    site.rows.add_unusable()
    site.run()
    assert why(site, 0) == ("bad_settings", 32000, 0)


def test_starting_with_the_seconds_left():
    site = Site(meter=None)
    site.add(C, 6000)
    site.rows.add(CHARGER, site.settings["minimum"])
    site.obeys.append(False)
    site.seconds(2)
    assert why(site, 0)[:2] in (("starting", 8), ("starting", 9))
    assert why(site, 1) == why(site, 0)
    site.seconds(10)
    assert why(site, 1) == ("unreachable", 6000, 0)


def test_meter_lost_with_its_age():
    site = Site()
    site.add(C, 6000)
    site.seconds(2)
    site.meter_works = False
    site.seconds(12)
    assert why(site, 0)[:2] in (("meter_lost", 11), ("meter_lost", 12))


def test_no_reading():
    site = Site()
    site.add(C, 6000)
    site.seconds(5)
    site.meter_works = False
    site.seconds(4)
    assert why(site, 0) == ("no_reading", 0, 0)


def test_wiring_test_at_everybody_while_nobody_is_raised():
    site = Site()
    site.add(C, 16000)
    site.add(A)
    site.seconds(5)
    test = WiringTest(site.cycle, 0)
    site.seconds(2)
    assert why(site, 0) == ("wiring_test", 0, 0) and why(site, 1) == ("no_car", 0, 0)
    test.cancel()
    site.run()
    assert why(site, 0) == ("maximum", 0, 0)


# -- how much it has --


def test_maximum():
    site = static(32000, {"max_ma": 10000})
    assert why(site, 0) == ("maximum", 0, 0)


def test_supply_short_with_the_phase_and_what_is_missing():
    site = static(9000, {"phases": "2"}, limit_ma=32000)
    assert why(site, 0) == ("supply_short", 2, 7000)


def test_phase_short_with_the_phase_and_what_is_missing():
    site = static(20000, {"phases": "3", "max_ma": 32000})
    site.cycle.apply(dict(site.settings, supply_ma=32000))
    site.seconds(1)
    assert why(site, 0) == ("phase_short", 3, 12000)


def test_phase_short_where_the_house_takes_the_rest():
    site = Site()
    site.add(C, 6000, phases="2")
    for _ in range(240):
        site.reading[1] = 46000 + site.rows.set_ma[0]
        site.run()
        site.deliver()
    code, phase, missing_ma = why(site, 0)
    assert (code, phase, missing_ma) == ("phase_short", 2, 16000 - site.rows.set_ma[0])
    assert 0 <= AIM_MA - 46000 - site.rows.set_ma[0] < 500


def test_fair_share_with_the_phase_and_what_is_missing():
    site = static(20000, {"phases": "3"}, {"phases": "12"}, {"phases": "3"})
    site.cycle.apply(dict(site.settings, supply_ma=32000))
    site.seconds(1)
    assert why(site, 0) == ("fair_share", 3, 6000)
    assert why(site, 2) == ("fair_share", 3, 6000)
    assert why(site, 1) == ("maximum", 0, 0)


def test_of_two_phases_the_one_that_is_full_is_said():
    site = static(20000, {"phases": "12"}, {"phases": "2", "max_ma": 10000}, limit_ma=32000)
    assert why(site, 0) == ("supply_short", 2, 6000)


def test_demand_with_what_its_car_makes_use_of():
    site = Bays(32000)
    site.park(three(7000), max_ma=32000)
    site.wait(100)
    assert why(site, 0) == ("demand", 10000, 0)


def test_minimum_raised_with_the_minimum():
    site = Bays(22000)
    site.park(needs(8000, three(32000)))
    site.cars[0] = three(32000)
    site.wait(30)
    site.cars[0] = needs(8000, three(32000))
    site.park(three(32000), weight=8, max_ma=32000)
    site.wait(300)
    assert site.set_ma()[0] == 8000
    assert why(site, 0) == ("minimum_raised", 8000, 0)


def test_raising_while_others_make_room():
    site = static(32000, {"max_ma": 32000})
    site.add(B, max_ma=32000)
    site.run()
    site.deliver()
    assert why(site, 1) == ("raising", 0, 0)
    site.seconds(20)
    code, _, missing_ma = why(site, 1)
    assert (code, missing_ma) == ("supply_short", 16000)


def test_welcome_with_the_seconds_left():
    site = Bays(9000)
    site.park(three(16000), asks=False)
    site.wait(30)
    code, left_s, _ = why(site, 0)
    assert code == "welcome" and 179 <= left_s <= 182


def test_ended():
    site = Bays(32000)
    site.park(three(16000), asks=False)
    site.wait(230)
    assert why(site, 0) == ("ended", 0, 0)


# -- why it has nothing --


def test_paused_with_the_seconds_left():
    site = static(12000, {}, {})
    site.cycle.apply(dict(site.settings, supply_ma=6000))
    site.seconds(1)
    site.cycle.apply(site.settings)
    site.seconds(20)
    assert site.set_ma() == [12000, 0]
    code, left_s, _ = why(site, 1)
    assert code == "paused" and 38 <= left_s <= 41


def test_waiting_with_the_phase_and_what_is_missing():
    site = static(9000, {"phases": "2", "priority": 1}, {"phases": "2"}, {"phases": "23"})
    assert site.set_ma() == [9000, 0, 0]
    assert why(site, 1) == ("waiting", 2, 3000)
    assert why(site, 2) == ("waiting", 2, 3000)


def test_waiting_where_nobody_can_make_room():
    site = static(5000, {"phases": "3"}, limit_ma=32000)
    assert why(site, 0) == ("waiting", 3, 1000)


def test_turn_with_the_phase_and_the_seconds_until_then():
    site = static(6000, {"phases": "2"}, {"phases": "2"}, rotation_s=600)
    code, phase, left_s = why(site, 1)
    assert (code, phase) == ("turn", 2)
    assert 560 <= left_s <= 590
    site.seconds(300)
    assert 260 <= why(site, 1)[2] <= 290


def test_turn_of_the_second_in_the_row_is_a_rotation_later():
    site = static(6000, {}, {}, {}, rotation_s=600)
    first, second = (1, 2) if site.rows.turn[1] > site.rows.turn[2] else (2, 1)
    site.rows.turn[first] += ROTATION
    assert why(site, second)[2] - why(site, first)[2] == 600
