"""What is true of every simulated charger, whatever its brand; and a site that mixes them."""

import json
import time

import pytest
from amprail_tools.sim.brands import BRANDS
from amprail_tools.sim.site import Site

each = pytest.mark.parametrize("brand", BRANDS)


@each
def test_the_car_follows_what_it_is_told(make_bench, brand):
    bench = make_bench(BRANDS[brand], phases="231")
    bench.car.phases = 2
    bench.charge()
    for ma in (10000, 0, 6000):
        bench.charger.told_ma = ma
        bench.step(3)
        assert bench.charger.told_ma == ma
        assert bench.charger.grid_ma == [0, ma, ma]
    assert bench.charger.letter == "C"
    assert bench.charger.could_draw_ma() == [0, 16000, 16000]
    bench.charger.break_down(True)
    bench.step(3)
    assert bench.charger.letter == "E"
    assert bench.charger.grid_ma == [0, 0, 0]


@each
def test_it_never_offers_more_than_its_cable_carries(make_bench, brand):
    bench = make_bench(BRANDS[brand], maximum_ma=10000)
    bench.charge()
    assert bench.charger.grid_ma == [10000] * 3
    bench.charger.told_ma = 16000
    bench.step(3)
    assert bench.charger.grid_ma == [10000] * 3


@each
def test_it_is_gone_and_comes_back_at_its_port(make_bench, brand):
    bench = make_bench(BRANDS[brand])
    port = bench.charger.server.port
    bench.charger.disappear()
    with pytest.raises(ConnectionRefusedError):
        bench.ask("GET", "/")
    bench.charger.appear()
    bench.charger.disappear(mute=True)
    with pytest.raises(TimeoutError):
        bench.ask("GET", "/", timeout_s=0.1)
    bench.charger.appear()
    bench.charger.reboot_s = 0.1
    bench.charger.reboot()
    with pytest.raises(ConnectionRefusedError):
        bench.ask("GET", "/")
    time.sleep(0.3)
    assert bench.ask("GET", "/")[0] in (200, 401, 404)
    assert (bench.charger.server.port, bench.charger.reboots) == (port, 1)


# The manager reserves this much for a charger that it cannot reach.
@each
@pytest.mark.parametrize("defaults_ma", [0, 6000, 32000])
def test_after_a_restart_it_offers_no_more_than_its_fallback_and_what_it_was_told(
    make_bench, brand, defaults_ma
):
    for told_ma in (0, 9000):
        bench = make_bench(BRANDS[brand], defaults_ma=defaults_ma)
        bench.charge()
        bench.charger.told_ma = told_ma
        bench.step(2)
        bench.charger.reboot()
        bench.step(2)
        assert bench.charger.offered_ma <= max(told_ma, bench.charger.fallback_ma)


@each
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        *(("GET", "/%00%ff?%=&&=", None), ("GET", "/" + "a" * 3000, None)),
        *(("POST", "/", b"\xff" * 4000), ("PUT", "/..", b"{}"), ("BREW", "/pot", None)),
    ],
)
def test_nonsense_is_refused_and_changes_nothing(make_bench, brand, method, path, body):
    bench = make_bench(BRANDS[brand])
    before = bench.charger.told_ma
    assert bench.ask(method, path, body)[0] in (400, 401, 404, 405)
    assert bench.charger.told_ma == before


@each
def test_its_line_of_settings_has_what_the_installer_entered(make_bench, brand):
    bench = make_bench(BRANDS[brand], phases="2", user="me", password="test-only")
    line = bench.charger.line(7)
    assert line["url"] == f"http://{bench.address}"
    assert line["driver"] == bench.charger.driver in (*BRANDS, "generic")
    assert (line["id"], line["phases"], line["max_ma"]) == (7, "2", 16000)
    assert (line["user"], line["password"]) == ("me", "test-only")
    assert ("token" in line) == (brand == "peblar")


def test_a_site_takes_brands_over_and_over(tmp_path):
    site = Site(2 * len(BRANDS) + 1, brands=tuple(BRANDS))
    try:
        site.write_settings(str(tmp_path))
        lines = (tmp_path / "chargers.jsonl").read_text().splitlines()
        drivers = [json.loads(line)["driver"] for line in lines]
        once = [charger.driver for charger in site.chargers[: len(BRANDS)]]
        assert drivers == [*once, *once, once[0]]
        site.cars[1].plug_in()
        end = time.monotonic() + 20
        while not max(site.chargers[1].grid_ma):
            assert time.monotonic() < end
            time.sleep(0.05)
    finally:
        site.stop()
