# What a car has shown since it was plugged in: its phases, its demand, its end, its service.

from balance.rows import ENDED, IDLE, ROTATION
from bays import Bays, one, three
from core import CHARGER, C, D

# A measurement counts from 5 s after its setpoint was confirmed.
SETTLED_S = 10


# -- phases --


def test_a_car_that_draws_on_one_phase_only_frees_the_others():
    site = Bays(16000)
    car = site.park(one(32000), phases="231")
    other = site.park(one(32000), phases="1")
    site.wait(1)
    assert site.rows.phases[car] == 0b111
    site.wait(60)
    assert site.rows.phases[car] == 0b010
    assert site.set_ma() == [16000, 16000]
    assert site.rows.phases[other] == 0b001


def test_a_phase_that_carries_a_little_is_not_freed():
    site = Bays(16000)
    car = site.park(lambda told: [told, 700, 0])
    site.wait(60)
    assert site.rows.phases[car] == 0b111


def test_a_car_that_draws_hardly_anything_frees_no_phase():
    site = Bays(16000)
    car = site.park(one(2500))
    site.wait(60)
    assert site.rows.phases[car] == 0b111


def test_a_phase_is_taken_back_with_its_first_ampere_at_once():
    site = Bays(16000)
    car = site.park(one(32000))
    site.wait(SETTLED_S)
    assert site.rows.phases[car] == 0b001
    site.ledger.measured(car, [16000, 990, 0])
    assert site.rows.phases[car] == 0b001
    site.ledger.measured(car, [16000, 1000, 0])
    assert site.rows.phases[car] == 0b011


def test_an_unreachable_charger_counts_on_all_its_phases():
    site = Bays(16000)
    car = site.park(one(32000), phases="12")
    site.wait(SETTLED_S)
    assert site.rows.phases[car] == 0b001
    site.obeys[car] = False
    for _ in range(3):
        site.ledger.failed(car)
    site.wait(1)
    assert site.rows.phases[car] == 0b011


def test_the_next_car_counts_on_all_phases_of_the_charger():
    site = Bays(16000)
    car = site.park(one(32000))
    site.wait(SETTLED_S)
    assert site.rows.phases[car] == 0b001
    site.unplug(car)
    assert site.rows.phases[car] == 0b111


def test_unknown_phases_stay_all_three():
    site = Bays(16000)
    car = site.park(one(32000), phases="?")
    site.wait(60)
    assert site.rows.phases[car] == 0b111


def test_without_a_meter_in_the_charger_no_phase_is_freed():
    site = Bays(16000)
    car = site.park(one(32000))
    site.blind = [car]
    site.wait(60)
    assert site.rows.phases[car] == 0b111


def test_while_a_setpoint_settles_no_phase_is_freed():
    site = Bays(16000)
    car = site.park(three(32000))
    site.wait(20)
    site.obeys[car] = False
    site.limit(10000)
    site.wait(1)
    assert site.set_ma() == [10000]
    site.ledger.measured(car, [10000, 0, 0])
    site.wait(1)
    assert site.rows.phases[car] == 0b111
    site.cars[car] = one(32000)
    site.obeys[car] = True
    site.wait(SETTLED_S)
    assert site.rows.phases[car] == 0b001


def test_a_car_that_draws_on_l3_only_draws():
    site = Bays(16000)
    car = site.park(one(32000), phases="312")
    site.wait(90)
    assert site.rows.phases[car] == 0b100
    assert not site.rows.session[car] & IDLE


# -- demand --


def test_a_car_that_draws_less_for_60_s_is_capped_at_its_draw_and_3_a():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000)
    site.wait(60)
    assert site.rows.cap_ma[car] == 32000
    site.wait(15)
    assert site.rows.cap_ma[car] == 10000
    assert site.set_ma() == [10000]


def test_a_car_that_draws_nearly_what_it_may_is_not_capped():
    site = Bays(32000)
    car = site.park(three(12100))
    site.wait(300)
    assert site.rows.cap_ma[car] == 16000


def test_the_cap_leaves_its_part_to_others():
    site = Bays(32000)
    site.park(three(7000), max_ma=32000)
    site.park(three(32000), max_ma=32000)
    site.wait(90)
    assert site.set_ma() == [10000, 22000]


def test_a_cap_is_of_the_largest_draw_of_the_minute():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000)
    site.wait(30)
    site.cars[car] = three(9000)
    site.wait(5)
    site.cars[car] = three(6000)
    site.wait(40)
    assert site.rows.cap_ma[car] == 12000


def test_a_cap_leaves_no_less_than_3_a_above_the_draw():
    site = Bays(32000)
    car = site.park(three(7001), max_ma=32000)
    site.wait(80)
    assert 10001 <= site.rows.cap_ma[car] <= 10200


def test_seconds_without_a_draw_are_none_of_the_60_s_of_a_small_one():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000, asks=False)
    site.wait(50)
    site.asks[car] = True
    site.wait(55)
    assert site.rows.cap_ma[car] == 32000
    site.wait(20)
    assert site.rows.cap_ma[car] == 10000


def test_a_cap_is_never_above_a_maximum_that_was_lowered():
    site = Bays(32000)
    car = site.park(three(20000), max_ma=32000)
    site.wait(40)
    site.cars[car] = three(5000)
    site.wait(1)
    site.rows.apply(car, dict(CHARGER, max_ma=10000), site.settings["minimum"])
    for _ in range(90):
        site.wait(1)
        assert site.rows.cap_ma[car] <= 10000


def test_a_draw_above_the_cap_in_between_begins_a_new_minute():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000)
    site.wait(50)
    site.cars[car] = three(30000)
    site.wait(3)
    site.cars[car] = three(7000)
    site.wait(55)
    assert site.rows.cap_ma[car] == 32000
    site.wait(15)
    assert site.rows.cap_ma[car] == 10000


def test_a_car_that_draws_all_that_it_is_told_is_not_capped():
    site = Bays(16000)
    car = site.park(three(32000), max_ma=32000)
    site.park(three(32000), max_ma=32000)
    site.wait(120)
    assert site.set_ma() == [8000, 8000]
    assert site.rows.cap_ma[car] == 32000


def test_a_car_gets_all_back_as_soon_as_it_asks():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000)
    site.wait(90)
    assert site.rows.cap_ma[car] == 10000
    site.cars[car] = three(9000)
    site.wait(60)
    assert site.rows.cap_ma[car] == 10000
    site.cars[car] = three(32000)
    site.wait(10)
    assert site.rows.cap_ma[car] == 32000
    site.wait(60)
    assert site.set_ma() == [32000]


def test_a_car_asks_for_more_within_1_a_of_its_cap():
    site = Bays(32000)
    car = site.park(three(7000), max_ma=32000)
    site.wait(90)
    site.cars[car] = three(9000)
    site.wait(10)
    assert site.rows.cap_ma[car] == 10000
    site.cars[car] = three(9001)
    site.wait(2)
    assert site.rows.cap_ma[car] == 32000


def test_a_cap_is_never_below_the_minimum():
    site = Bays(32000)
    car = site.park(three(2000), min_ma=9000)
    site.wait(90)
    assert site.rows.cap_ma[car] == 9000


def test_without_a_meter_in_the_charger_there_is_no_cap():
    site = Bays(32000)
    car = site.park(three(7000))
    site.blind = [car]
    site.wait(300)
    assert site.rows.cap_ma[car] == 16000


def test_a_draw_that_wobbles_by_1_a_makes_no_setpoints():
    site = Bays(32000)
    site.park(lambda told: [min(told, 7000 + 500 * (site.now // 7000 % 3 - 1))] * 3)
    site.park(three(32000), max_ma=32000)
    site.wait(120)
    setpoints = site.cycle.setpoints
    site.wait(1800)
    assert site.cycle.setpoints - setpoints <= 2


# -- a car that draws nothing --


def test_a_car_that_sleeps_for_60_s_is_capped_at_its_minimum_until_it_draws():
    site = Bays(32000)
    car = site.park(three(16000), asks=False)
    site.wait(55)
    assert site.set_ma() == [16000]
    site.wait(15)
    assert site.rows.session[car] & IDLE
    assert site.set_ma() == [6000]
    site.asks[car] = True
    site.wait(15)
    assert not site.rows.session[car] & IDLE
    assert site.set_ma() == [16000]


def test_a_car_that_drew_little_before_it_stopped_sleeps_60_s_after_that():
    site = Bays(32000)
    car = site.park(three(7000))
    site.wait(60)
    site.asks[car] = False
    site.wait(55)
    assert not site.rows.session[car] & IDLE
    site.wait(10)
    assert site.rows.session[car] & IDLE


def test_a_car_that_draws_nothing_for_210_s_has_ended_and_not_before():
    site = Bays(32000)
    car = site.park(three(16000), asks=False)
    site.wait(205)
    assert not site.rows.session[car] & ENDED
    site.wait(12)
    assert site.rows.session[car] & ENDED
    site.asks[car] = True
    site.wait(15)
    assert not site.rows.session[car] & ENDED
    assert site.set_ma() == [16000]


def test_a_car_that_is_offered_nothing_has_not_ended():
    site = Bays(6000)
    site.park(three(16000), priority=1)
    car = site.park(three(16000), asks=False)
    site.wait(400)
    assert not site.rows.session[car] & (IDLE | ENDED)


def test_after_a_pause_a_car_is_offered_current_for_210_s_anew():
    site = Bays(6000)
    car = site.park(three(16000), asks=False)
    site.wait(150)
    site.limit(5000)
    site.wait(20)
    assert site.set_ma() == [0]
    site.limit(6000)
    site.wait(60)
    assert site.set_ma() == [6000]
    site.wait(180)
    assert not site.rows.session[car] & ENDED
    site.wait(30)
    assert site.rows.session[car] & ENDED


# -- what was served --


def served_das(blind):
    site = Bays(32000)
    car = site.park(three(7300))
    site.blind = [car] if blind else []
    site.wait(101)
    assert 100 <= site.rows.connected_s[car] <= 101
    return site.rows.charge_das[car]


def test_what_the_charger_measures_counts_as_served():
    assert 97 * 73 <= served_das(blind=False) <= 100 * 73


def test_what_a_charging_car_is_told_counts_where_nothing_measures_it():
    assert 97 * 160 <= served_das(blind=True) <= 100 * 160


def test_its_fullest_phase_counts_as_served():
    for largest in range(3):
        site = Bays(32000)
        own_ma = [8000, 8000, 8000]
        own_ma[largest] = 9000
        car = site.park(lambda told, own_ma=own_ma: [min(told, ma) for ma in own_ma])
        site.wait(50)
        assert 46 * 90 <= site.rows.charge_das[car] <= 50 * 90


def test_what_it_is_told_counts_once_its_currents_are_old():
    site = Bays(32000)
    car = site.park(three(8000))
    site.wait(30)
    site.blind = [car]
    site.wait(15)
    before = site.rows.charge_das[car]
    site.wait(20)
    assert site.rows.charge_das[car] - before == 20 * 160


def test_a_car_that_is_ventilated_is_served_what_it_is_told():
    site = Bays(32000)
    car = site.park(three(16000))
    site.blind = [car]
    site.wait(20)
    site.obeys[car] = False
    before = site.rows.charge_das[car]
    for _ in range(20):
        site.answer(car, D, 16000)
        site.wait(1)
    assert site.rows.charge_das[car] - before == 20 * 160


def test_a_car_in_b_is_served_nothing():
    site = Bays(32000)
    car = site.park(three(16000), asks=False)
    site.blind = [car]
    site.wait(50)
    assert site.rows.charge_das[car] == 0
    assert site.rows.connected_s[car] >= 49


def test_all_counts_half_where_the_seconds_would_not_fit():
    site = Bays(32000)
    car = site.park(three(16000))
    site.wait(10)
    site.rows.connected_s[car] = 65530
    site.rows.charge_das[car] = 65530 * 160
    site.wait(20)
    assert 32768 <= site.rows.connected_s[car] <= 32790
    mean = site.rows.charge_das[car] // site.rows.connected_s[car]
    assert 159 <= mean <= 160


# -- one look a second --


def looked_at(ms):
    """A site with everybody looked at for four minutes in steps of `ms`."""
    site = Bays(64000)
    for _ in range(7):
        site.park(three(6000))
    site.wait(60)
    for index in range(7):
        site.rows.connected_s[index] = site.rows.turn[index] = 0
        site.rows.hold_s[index] = 1000
    site.wait(240, ms=ms)
    for index in range(7):
        assert abs(1000 - site.rows.hold_s[index] - 240) <= max(ms // 1000, 1)
        assert abs(site.rows.turn[index] - 240 * ROTATION // 900) <= max(ms // 15000, 1)
    return [site.rows.connected_s[index] for index in range(7)]


def test_every_row_is_looked_at_once_a_second_with_steps_of_50_ms():
    assert set(looked_at(50)) <= {239, 240, 241}


def test_every_row_is_looked_at_once_a_second_with_steps_of_250_ms():
    assert set(looked_at(250)) <= {239, 240, 241}


def test_every_row_is_looked_at_once_a_second_with_steps_of_a_second():
    assert set(looked_at(1000)) <= {239, 240, 241}


def test_every_row_is_looked_at_for_each_second_with_steps_of_20_s():
    assert set(looked_at(20000)) == {240}


def test_what_is_served_counts_for_each_second_with_steps_of_5_s():
    site = Bays(32000)
    car = site.park(three(16000))
    site.wait(20)
    before_s, before_das = site.rows.connected_s[car], site.rows.charge_das[car]
    site.wait(100, ms=5000)
    assert site.rows.connected_s[car] - before_s == 100
    assert site.rows.charge_das[car] - before_das == 100 * 160


# Whom nobody could ask for a minute is unreachable, so that no time counts as connected.
def test_every_row_grows_older_by_each_second_with_steps_of_a_minute():
    assert set(looked_at(60000)) == {0}


def test_what_the_last_car_showed_is_forgotten_when_it_leaves():
    site = Bays(32000)
    car = site.park(one(7000))
    site.wait(100)
    rows = site.rows
    assert rows.cap_ma[car] == 10000 and rows.phases[car] == 1 and rows.charge_das[car]
    site.unplug(car)
    site.plug_in(car)
    assert (rows.cap_ma[car], rows.phases[car], rows.charge_das[car]) == (16000, 7, 0)
    assert rows.connected_s[car] == 0
    site.answer(car, C, 0)
    assert rows.turn[car] == ROTATION
