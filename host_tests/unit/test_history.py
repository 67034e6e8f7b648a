# The rings for a plot of the last hour and the last day.

import sys

from app.history import DAY, HOUR, NONE, PART, SLOT, ZERO, History, step_ma
from core import C, Site


def history(reading=(20000, -5000, 10000), **changes):
    site = Site(**changes)
    site.add(state=C, allowed=16000)
    for phase in range(3):
        site.reading[phase] = reading[phase]
    site.seconds(2)
    return site, History(site.cycle)


def amperes(kept, slot):
    """The values of a slot in A, None where nothing is known."""
    values = kept.buffer[slot * SLOT : (slot + 1) * SLOT]
    return [None if byte == NONE else (byte - ZERO) * kept.step_ma / 1000 for byte in values]


def test_a_minute_is_its_means_its_peaks_and_the_cars():
    site, kept = history()
    for second in range(60):
        site.reading[0] = 40000 if second == 30 else 20000
        site.run()
        kept.advance()
    assert kept.slots == 1
    means = amperes(kept, 0)
    for value, wanted in zip(means, (20.3, -5, 10, 40, -5, 10, 16, 16, 16)):
        assert abs(value - wanted) <= kept.step_ma / 1000, means


def test_a_meter_that_is_lost_is_a_gap_and_the_cars_go_on():
    site, kept = history()
    site.meter_works = False
    site.seconds(15)
    for _ in range(60):
        kept.advance()
    assert amperes(kept, 0)[:6] == [None] * 6
    assert None not in amperes(kept, 0)[6:]


def test_half_an_hour_is_a_slot_of_the_day_and_old_slots_are_written_over():
    _, kept = history()
    for _ in range(60 * 70):
        kept.advance()
    assert kept.slots == 70
    assert amperes(kept, HOUR) == amperes(kept, HOUR + 1) == amperes(kept, 5)
    for _ in range(60 * PART * (DAY + 1)):
        kept.advance()
    assert bytes(kept.buffer).find(b"\0") < 0 and len(kept.buffer) == (HOUR + DAY) * SLOT == 972


def test_the_extremes_of_limits_and_readings_fit():
    for limit in (16000, 524000):
        site, kept = history(limit_ma=limit, largest_consumer_ma=16000)
        for phase in range(3):
            site.cycle.grid.phase_ma[phase] = (-5 * limit, 5 * limit, 0)[phase]
        for _ in range(60):
            kept.advance()
        assert list(kept.buffer[:3]) == [1, 255, ZERO]


def test_a_second_allocates_nothing():
    if sys.implementation.name != "micropython":
        return
    import micropython

    _, kept = history()
    kept.advance()
    micropython.heap_lock()
    for _ in range(60 * PART):
        kept.advance()
    micropython.heap_unlock()
    assert kept.slots >= PART


def test_the_step_shows_half_as_much_again_as_the_limit_and_is_never_none():
    for limit_ma in (0, 1, 16000, 63000, 524000):
        assert step_ma(limit_ma) >= 100 and step_ma(limit_ma) * 84 >= limit_ma
