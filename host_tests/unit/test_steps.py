# What follows from the steps of a charger, by numbers that can be worked out by hand.

from balance.steps import STEPS, UNSEEN, Steps

NONE = (UNSEEN, UNSEEN, UNSEEN)
TOP_MA = 16000


# Down and up again: to 6 A, to 8 A. `grid` and `own`: for each phase what it draws of what is
# told, in percent, negative if it is counted the wrong way round.
def steps_of(grid, own=NONE, times=1, house=lambda step: (0, 0, 0), top_ma=TOP_MA):
    steps = Steps()
    before = level(grid, own, TOP_MA, house(0), top_ma)
    for step in range(1, 4 * times + 1):
        told = (TOP_MA, 6000, TOP_MA, 8000)[step % 4]
        after = level(grid, own, told, house(step), top_ma)
        steps.add(before[0], after[0], before[1], told)
        before = after
    return steps


def level(grid, own, told, house, top_ma):
    draw = min(told, top_ma)
    values = [draw * grid[phase] // 100 + house[phase] for phase in range(3)]
    values += [UNSEEN if part == UNSEEN else draw * part // 100 for part in own]
    return values, told


def found(steps, dead=0):
    assert steps.decided()
    rotation = steps.rotation(dead)
    text = ""
    for own in range(3):
        text += "123?"[rotation >> 2 * own & 3]
    return text, steps.moved, steps.inverted, steps.blind


def test_one_phase_is_l1():
    assert found(steps_of((0, 100, 0))) == ("2??", 2, 0, 0)


def test_two_phases_are_l1_and_l2():
    assert found(steps_of((100, 0, 100))) == ("??2", 5, 0, 0)


def test_three_have_no_order():
    assert found(steps_of((100, 100, 100))) == ("???", 7, 0, 0)


def test_what_the_charger_measures_counts_more_than_the_rule():
    assert found(steps_of((0, 100, 0), (0, 0, 100))) == ("??2", 2, 0, 0)


def test_three_that_differ_at_the_charger_have_an_order():
    assert found(steps_of((80, 100, 90), (100, 90, 80))) == ("231", 7, 0, 0)
    assert found(steps_of((80, 100, 90), (100, 80, 90))) == ("213", 7, 0, 0)


def test_two_that_are_alike_leave_the_third():
    assert found(steps_of((80, 100, 100), (100, 100, 80))) == ("??1", 7, 0, 0)


def test_what_differs_by_less_than_meters_err_has_no_order():
    assert found(steps_of((98, 100, 99), (100, 99, 98))) == ("???", 7, 0, 0)


def test_where_nothing_fits_no_order_is_told():
    assert found(steps_of((90, 90, 90), (82, 98, 82))) == ("???", 7, 0, 0)


def test_currents_that_are_not_known_may_be_anything():
    assert found(steps_of((100, 0, 0), (100, UNSEEN, UNSEEN))) == ("1??", 1, 0, 0)
    assert found(steps_of((100, 100, 0), (100, UNSEEN, UNSEEN)))[0] == "???"


def test_inverted_phases():
    assert found(steps_of((-100, 0, 0))) == ("1??", 1, 1, 0)
    assert found(steps_of((100, -100, 100)))[1:] == (7, 2, 0)
    assert found(steps_of((-100, -100, -100)))[1:] == (7, 7, 0)
    assert found(steps_of((-90, -100, 80), (100, 90, 80))) == ("213", 7, 3, 0)


def test_a_phase_that_the_meter_does_not_see():
    assert found(steps_of((100, 0, 100), (100, 100, 100))) == ("???", 5, 0, 1)
    assert found(steps_of((100, 0, 0), (100, 0, 0)), dead=2) == ("1??", 1, 0, 0)


def test_where_a_phase_of_the_meter_is_dead_a_rule_tells_nothing():
    assert found(steps_of((100, 0, 100)), dead=2) == ("???", 5, 0, 0)
    assert found(steps_of((100, 0, 100), (100, UNSEEN, UNSEEN)), dead=2)[0] == "???"


def test_nothing_moves():
    assert found(steps_of((0, 0, 0)))[1:] == (0, 0, 0)
    steps = steps_of((0, 0, 0), (100, 100, 0))
    assert steps.decided() and steps.drawn_ma == 9000


def on_l1(ma):
    return ma, 0, 0, UNSEEN, UNSEEN, UNSEEN


def test_less_than_two_steps_at_each_level_decide_nothing():
    steps = Steps()
    for told in (6000, TOP_MA, 6000, TOP_MA, 6000, TOP_MA, 8000):
        former = 22000 - told if steps.count < 6 else TOP_MA
        steps.add(on_l1(former), on_l1(told), former, told)
        assert not steps.decided()


# -- what is not the charger --


def test_what_moves_in_step_with_the_test_and_not_with_the_level_is_not_taken_for_the_charger():
    for oven_ma in (6000, 8000, 9000, 10000, 12000):

        def house(step, oven_ma=oven_ma):
            return (0, oven_ma * (step & 1 == 0), 0)

        assert not steps_of((0, 0, 0), times=3, house=house).decided()
        assert not steps_of((0, 0, 100), times=3, house=house).decided()


def test_some_steps_may_be_spoilt():
    steps = steps_of((0, 0, 100), times=3, house=lambda step: (12000 * (step == 5), 0, 0))
    assert found(steps) == ("3??", 4, 0, 0)


def test_a_move_between_still_and_moved_makes_a_step_unclear():
    steps = steps_of((0, 9, 100), times=3)
    assert not steps.decided() and steps.count == 12


def test_a_move_larger_than_the_step_is_not_the_chargers():
    assert not steps_of((0, 125, 0), times=3).decided()


def test_a_move_that_the_charger_does_not_measure_is_not_its_own():
    assert not steps_of((0, 100, 0), (60, 0, 0), times=3).decided()
    assert not steps_of((100, 100, 0), (100, 0, 0), times=3).decided()


def test_a_car_that_draws_less_than_it_is_told():
    assert found(steps_of((0, 0, 100), top_ma=11000)) == ("3??", 4, 0, 0)


def test_largest_values_fit_into_31_bits():
    steps = Steps()
    most = 5 * 524000
    for step in range(STEPS):
        sign = 1 if step & 1 else -1
        now = [sign * most] * 3 + [65535 * (step & 1)] * 3
        before = [-sign * most] * 3 + [65535 * (1 - step & 1)] * 3
        told = (6000, 32000)[step & 1]
        steps.add(before, now, 38000 - told, told)
        steps.decided()
    assert not steps.decided()
