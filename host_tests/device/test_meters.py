"""The whole firmware with other meters than the SDM630, and how often it reads a meter."""

import statistics
import time
from itertools import pairwise

import pytest
from device.conftest import codes

SITE = {"chargers": 1, "limit_ma": 63000, "largest_consumer_ma": 32000, "supply_ma": 63000}
HOUSE = [7500, -8250, 9120]


def at_meter(device, refresh_s=0.5, **meter):
    one = device(meter=meter, noise_a=0, refresh_s=refresh_s, **SITE)
    one.site.house.set(HOUSE)
    return one


# Type by type another word order, function, number of reads; (type, line, what is seen of HOUSE).
@pytest.mark.parametrize(
    ("meter", "seen"),
    [
        ({"type": "cg_em3xx"}, HOUSE),
        ({"type": "cg_em24"}, HOUSE),
        ({"type": "abb_b23", "baud": 19200, "parity": "E"}, HOUSE),
        ({"type": "tq_em300", "baud": 19200}, HOUSE),
        ({"type": "sinotimer_dts6619"}, HOUSE),
        ({"type": "eastron_sdm120", "baud": 2400, "phase": 2}, [0, -8250, 0]),
    ],
    ids=lambda value: value["type"] if isinstance(value, dict) else "",
)
def test_a_meter_is_read_right_in_its_own_registers_and_line(device, meter, seen):
    one = at_meter(device, **meter)
    status = one.wait_for(lambda s: s["grid"]["phase_ma"] == seen, 8, f"the grid shows {seen}")
    assert status["site"]["meter"] == meter["type"]
    assert status["meter"]["pause_ms"] == (60 if "eastron" in meter["type"] else 0)
    assert "meter_lost" not in codes(status)


# By the meter's own clock. A computer that is busy with other tests holds the firmware up, and
# what is late by more than a period is not made up for: the best 10 s count.
def readings_per_s(one, count):
    """(the highest rate at which `count` replies in a row came, the median of all)."""
    at = []
    end = time.monotonic() + 60
    while len(at) <= 2 * count:
        assert time.monotonic() < end, "the meter is hardly read at all"
        time.sleep(0.5)
        at += [moment for moment, _ in list(one.site.meter.told) if not at or moment > at[-1]]
    best = max(count / (late - early) for early, late in zip(at, at[count:], strict=False))
    median = 1 / statistics.median(late - early for early, late in pairwise(at))
    print(f"readings per second: {best:.2f} at best, median {median:.2f}")
    return best, median


# One reply may be 60 ms earlier or later than another, which is 0.6 % of 10 s.
def test_an_sdm630_at_9600_baud_is_read_4_times_a_second(device):
    one = at_meter(device, refresh_s=1.0, type="eastron_sdm630")
    best, median = readings_per_s(one, 40)
    assert best >= 3.97
    assert median < 4.4
    status = one.wait_for(lambda s: (s["meter"]["refresh_ms"] or 9999) < 1070, 40, "is measured")
    assert status["meter"]["refresh_ms"] > 930
    assert status["meter"]["pause_ms"] == 60


def test_a_meter_that_refreshes_10_times_a_second_is_read_more_often(device):
    one = at_meter(device, refresh_s=0.1, type="cg_em5xx", baud=19200)
    one.site.meter.latency_s = (0.005, 0.020)
    one.wait_for(lambda s: (s["meter"]["refresh_ms"] or 999) < 150, 40, "its refresh is measured")
    best, median = readings_per_s(one, 20)
    assert best > 5  # 8 on a computer that does nothing else
    assert median < 8.8


def test_values_that_stay_the_same_are_readings_and_their_age_is_told(device):
    one = at_meter(device, type="eastron_sdm630")
    one.wait_for(lambda s: s["grid"]["ok"], 5, "the meter answers")
    one.site.meter.refresh = lambda: None
    before = one.status()["readings"]["ok"]
    status = one.wait_for(lambda s: s["meter"]["unchanged_s"] >= 4, 8, "its values do not change")
    assert status["grid"]["ok"] and status["grid"]["age_ms"] < 2000
    assert status["readings"]["ok"] > before + 10
