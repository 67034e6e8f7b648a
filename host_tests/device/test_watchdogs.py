"""The watchdogs in chargers: armed, fed, counted on once they have run out, and put back."""

import json
import time
from functools import partial

import pytest
from amprail_tools.sim.brands import BRANDS
from amprail_tools.sim.charger_openevse import OpenevseCharger
from amprail_tools.sim.charger_smartevse import SmartevseCharger
from amprail_tools.sim.charger_warp import WarpCharger
from device.conftest import SLACK_S

SITE = {"limit_ma": 125000, "largest_consumer_ma": 62000, "supply_ma": 125000, "lag_s": (1, 2)}
RULE_MA, FALLBACK_MA = 7000, 6000
GUARDED = {
    "guarded_warp": partial(WarpCharger, watchdog_ma=RULE_MA),
    "guarded_openevse": partial(OpenevseCharger, shaper_w=40000, shaper_data_s=15),
    "guarded_smartevse": partial(SmartevseCharger, mains_a=40),
}
# Every watchdog, of 15 s, is fed more often than this: after 10 s, with the next look, which is
# 2 s later at most, and that takes a while.
FEEDS_S = 13.0


def with_watchdogs(data_dir):
    """What an installer enters for these chargers."""
    path = data_dir / "chargers.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    for line in lines:
        line["fallback_ma"] = FALLBACK_MA
    lines[1]["watchdog_s"] = 15
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def hungry_s(site):
    """How long each has not been fed."""
    warp, openevse, smartevse = site.chargers
    return warp.automation._quiet_s, openevse.shaper._age_s, smartevse.feed_age_s


@pytest.fixture
def guarded(device, monkeypatch):
    for name, make in GUARDED.items():
        monkeypatch.setitem(BRANDS, name, make)
    one = device(
        data=with_watchdogs,
        chargers=3,
        brands=tuple(GUARDED),
        phases=["123"],
        car_phases=[3],
        defaults_ma=6000,
        **SITE,
    )
    one.site.house.set([8000] * 3)
    return one


def test_watchdogs_are_fed_and_counted_on_once_they_have_run_out_and_put_back(guarded):
    one = guarded
    one.wait_for_cars(3)
    one.wait_for(lambda _: min(one.told_ma()) > 12000, 40, "all have more than their fallback")
    end = time.monotonic() + FEEDS_S
    while time.monotonic() < end:
        assert max(hungry_s(one.site)) < FEEDS_S
        time.sleep(0.1)
    told = one.told_ma()
    for charger in one.site.chargers:
        charger.disappear()
    status = one.wait_for(
        lambda s: [c["state"] for c in s["chargers"]] == ["?"] * 3, 14, "they are unreachable"
    )
    booked = [max(row["booked_ma"]) for row in status["chargers"]]
    assert booked == [max(row["set_ma"], FALLBACK_MA) for row in status["chargers"]]
    assert min(told) > RULE_MA
    expected = [RULE_MA, FALLBACK_MA, FALLBACK_MA]
    for _ in range(600):
        rows = one.status()["chargers"]
        booked = [max(row["booked_ma"]) for row in rows]
        for charger, row, ma, after in zip(one.site.chargers, rows, booked, expected, strict=True):
            if ma == after:  # promise 1: it has fallen back by now, for certain
                assert charger.offered_ma <= after
            else:
                assert ma == row["set_ma"]
        if booked == expected:
            break
        time.sleep(0.1)
    assert booked == expected
    assert one.site.chargers[0].automation_ma == RULE_MA
    for charger in one.site.chargers:
        charger.appear()
    one.wait_for(
        lambda _: [c.offered_ma > 12000 for c in one.site.chargers] == [True] * 3,
        30 + SLACK_S,
        "they charge as before, the slot of the rule out of the way",
    )
    assert one.site.chargers[0].automation_ma == 32000
