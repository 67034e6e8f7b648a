"""Cars in virtual time."""

from itertools import pairwise

import pytest
from amprail_tools.sim.car import Car

STEP_S = 0.05


def plugged(**kind):
    car = Car(**{"lag_s": 2.0, "ramp_ma_s": 4000, "below_ma": 200} | kind)
    car.plug_in()
    return car


def go(car, seconds, offered_ma):
    """The currents on its first phase, one for each step."""
    drawn = []
    for _ in range(round(seconds / STEP_S)):
        car.step(STEP_S, offered_ma)
        drawn.append(car.phase_ma[0])
    return drawn


def test_an_offer_is_followed_after_the_lag_by_a_ramp():
    drawn = go(plugged(), 10, 16000)
    assert max(drawn[: round(1.9 / STEP_S)]) == 0
    assert drawn[round(3.0 / STEP_S)] == pytest.approx(4000, abs=500)
    assert drawn[-1] == 15800
    assert max(b - a for a, b in pairwise(drawn)) <= 4000 * STEP_S + 1


def test_a_cut_is_followed_wholly_when_the_lag_is_over_and_not_before():
    car = plugged()
    go(car, 10, 16000)
    drawn = go(car, 3, 6000)
    assert drawn[round(1.9 / STEP_S)] == 15800
    assert drawn[round(2.1 / STEP_S)] == 5800


@pytest.mark.parametrize("lag_s", [0, 1.3, 5])
def test_every_car_obeys_within_5_s_and_stops_within_3_s(lag_s):
    car = plugged(lag_s=lag_s)
    go(car, 15, 16000)
    assert go(car, 5.1, 8000)[-1] <= 8000
    assert go(car, 3.1, 0)[-1] == 0


def test_a_raise_on_its_way_does_not_undo_a_later_stop():
    car = plugged(lag_s=5)
    go(car, 15, 6000)
    go(car, 0.5, 16000)
    assert max(go(car, 20, 0)[round(3.1 / STEP_S) :]) == 0


def test_a_car_starts_after_its_delay_whatever_it_is_offered_meanwhile_but_nothing():
    car = plugged(lag_s=0, start_delay_s=5)
    go(car, 3, 16000)
    assert (max(go(car, 1.9, 10000)), car.state) == (0, "B")
    go(car, 0.2, 10000)
    assert car.state == "C"
    go(car, 1, 0)
    assert max(go(car, 4.9, 16000)) == 0


def test_below_6_A_there_is_no_charging():
    car = plugged()
    assert max(go(car, 10, 5999)) == 0
    assert car.state == "B"


def test_a_car_never_draws_more_than_its_maximum_or_the_offer():
    assert max(go(plugged(maximum_ma=10000, below_ma=0), 20, 16000)) == 10000
    assert max(go(plugged(factor=0.9, below_ma=0), 20, 16000)) == 14400


@pytest.mark.parametrize("phases", [1, 2, 3])
def test_a_car_draws_on_its_own_phases_only(phases):
    car = plugged(phases=phases)
    go(car, 10, 16000)
    assert car.phase_ma == [15800] * phases + [0] * (3 - phases)


def test_a_three_phase_car_on_one_wire_draws_on_one():
    car = plugged(phases=3)
    car.wires = 1
    go(car, 10, 16000)
    assert car.phase_ma == [15800, 0, 0]


def test_a_full_car_stops_and_says_so():
    car = plugged(energy_wh=100)
    drawn = go(car, 60, 16000)
    assert max(drawn) == 15800
    assert drawn[-1] == 0
    assert car.state == "B"
    assert car.full
    assert car.session_wh == pytest.approx(100, abs=1)


def test_plugging_in_again_is_a_new_hunger():
    car = plugged(energy_wh=100)
    go(car, 60, 16000)
    car.unplug()
    assert (car.state, car.phase_ma) == ("A", [0, 0, 0])
    car.plug_in()
    assert go(car, 10, 16000)[-1] == 15800
    assert car.state == "C"
    assert car.charged_wh > car.session_wh > 0


@pytest.mark.parametrize("wrong", [{"phases": 4}, {"phases": 0}, {"lag_s": 6}, {"lag_s": -1}])
def test_a_car_that_cannot_be_is_refused(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        Car(**wrong)
