"""What is counted as too long above the limit, and what as allowed."""

import pytest
from amprail_tools.sim.record import Record

NOBODY = [0, 0, 0]


def record():
    return Record(limit_ma=63000, target_ma=56000, supply_ma=40000, reaction_s=6.0)


def run(record, seconds, house, cars=NOBODY, could=NOBODY):
    for _ in range(round(seconds * 20)):
        record.add(0.05, house, cars, could)


def test_above_the_limit_for_the_reaction_is_not_beyond_it():
    truth = record()
    run(truth, 5.9, [63001, 0, 0])
    run(truth, 60, [63000, 0, 0])
    assert truth.seconds_above_limit == pytest.approx(5.9)
    assert truth.longest_s == pytest.approx(5.9)
    assert truth.seconds_beyond_reaction == 0


def test_what_is_longer_counts_from_there_on():
    truth = record()
    run(truth, 8, [0, 70000, 0])
    assert truth.seconds_beyond_reaction == pytest.approx(2.0)
    assert truth.peak_ma == 70000


def test_each_stretch_has_its_own_reaction():
    truth = record()
    for _ in range(3):
        run(truth, 5, [64000, 0, 0])
        run(truth, 1, NOBODY)
    assert truth.seconds_above_limit == pytest.approx(15)
    assert truth.seconds_beyond_reaction == 0


def test_phases_at_once_are_counted_once_and_their_stretches_apart():
    truth = record()
    run(truth, 4, [64000, 0, 0])
    run(truth, 4, [64000, 64000, 0])
    run(truth, 4, [0, 64000, 0])
    assert truth.seconds_above_limit == pytest.approx(12)
    assert truth.seconds_beyond_reaction == pytest.approx(4)


def test_cars_and_house_are_one_current():
    truth = record()
    run(truth, 7, [32000, 0, 0], [32000, 0, 0])
    assert truth.seconds_beyond_reaction == pytest.approx(1)


@pytest.mark.parametrize(
    ("house", "could", "allowed_ma"),
    [
        (20000, 30000, 30000),  # what the cars could draw
        (30000, 90000, 26000),  # target - house
        (0, 90000, 40000),  # the cable to the chargers
        (60000, 90000, 0),  # a house above the target allows nothing
    ],
)
def test_ampere_hours_allowed_are_the_smallest_of_room_cable_and_cars(house, could, allowed_ma):
    truth = record()
    run(truth, 36, [house, 0, 0], [5000, 0, 0], [could, 0, 0])
    assert truth.ampere_hours_allowed == pytest.approx(allowed_ma / 100_000)
    assert truth.ampere_hours_delivered == pytest.approx(0.05)


def test_a_frozen_record_stays():
    truth = record()
    truth.frozen = True
    run(truth, 8, [70000, 0, 0])
    assert (truth.seconds, truth.seconds_above_limit, truth.share) == (0, 0, 0)
