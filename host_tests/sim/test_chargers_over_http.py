"""What all these chargers do alike: one table says how each is told a current."""

import json
from functools import partial

import pytest
from amprail_tools.sim.brands import BRANDS
from amprail_tools.sim.site import Site

TOKEN = {"Authorization": "test-token"}


def post(bench, path, body, method="POST", headers=None):
    status, _, _ = bench.ask(method, path, body, headers or {})
    assert status == 200


def tell_openwb_pro(bench, amperes):
    post(bench, "/connect.php", f"ampere={amperes}")


def tell_peblar(bench, amperes):
    body = json.dumps({"ChargeCurrentLimit": amperes * 1000})
    post(bench, "/api/wlac/v1/evinterface", body, "PATCH", TOKEN)


def tell_lektrico(bench, amperes):
    call = {"src": "us", "id": 1, "method": "dynamic_current.set"}
    post(bench, "/rpc", json.dumps(call | {"params": {"dynamic_current": amperes}}))


def tell_evse_wifi(bench, amperes):
    post(bench, f"/setCurrent?current={amperes}", None, "GET")


def tell_trydan(bench, amperes):
    if amperes:
        post(bench, f"/write/Intensity={amperes}", None, "GET")
    post(bench, f"/write/Paused={int(not amperes)}", None, "GET")


TELL = {
    "openwb_pro": tell_openwb_pro,
    "peblar": tell_peblar,
    "lektrico": tell_lektrico,
    "evse_wifi": tell_evse_wifi,
    "smartwb": tell_evse_wifi,
    "trydan": tell_trydan,
}


@pytest.fixture(params=TELL)
def brand(request):
    return request.param


@pytest.fixture
def make(brand, make_bench):
    return partial(make_bench, BRANDS[brand])


@pytest.fixture
def bench(make):
    return make()


@pytest.fixture
def tell(bench, brand):
    return lambda amperes: TELL[brand](bench, amperes)


def test_its_car_draws_what_it_is_offered_and_nothing_in_a_pause(bench, tell):
    bench.car.plug_in()
    for amperes, letter in ((13, "C"), (6, "C"), (0, "B"), (10, "C")):
        tell(amperes)
        bench.step(2)
        assert bench.charger.grid_ma == [amperes * 1000] * 3
        assert bench.charger.letter == letter
    assert bench.charger.setpoints >= 4
    assert bench.charger.writes[-1][1:] == (10_000, True)


def test_it_never_offers_more_than_its_cable(bench, tell):
    tell(32)
    assert bench.charger.offered_ma == 16_000


def test_a_restart_forgets_what_it_was_told(make, brand):
    bench = make(defaults_ma=9000)
    bench.car.plug_in()
    TELL[brand](bench, 0)
    bench.charger.reboot_s = 0.05
    bench.charger.reboot()
    assert bench.charger.offered_ma == 9000
    assert bench.charger.fallback_ma == 9000
    with pytest.raises(ConnectionRefusedError):
        bench.ask("GET", "/")


def test_while_it_ignores_writes_it_says_yes_and_does_nothing(bench, tell):
    tell(10)
    bench.charger.ignore_writes(True)
    tell(6)
    tell(0)
    assert bench.charger.offered_ma == 10_000
    assert bench.charger.writes[-1][2] is False
    bench.charger.ignore_writes(False)
    tell(6)
    assert bench.charger.offered_ma == 6000


def test_broken_it_offers_nothing_until_it_is_mended(bench, tell):
    tell(10)
    bench.car.plug_in()
    bench.step(2)
    bench.charger.break_down(True)
    bench.step(4)
    assert bench.charger.letter == "E"
    assert bench.charger.grid_ma == [0, 0, 0]
    bench.charger.break_down(False)
    bench.step(4)
    assert bench.charger.grid_ma == [10_000] * 3


def test_gone_it_refuses_and_mute_it_does_not_answer(bench, tell):
    tell(10)
    bench.charger.disappear()
    with pytest.raises(ConnectionRefusedError):
        tell(6)
    bench.charger.appear()
    bench.charger.disappear(mute=True)
    with pytest.raises(TimeoutError):
        bench.ask("GET", "/", timeout_s=0.1)
    bench.charger.appear()
    tell(8)
    assert bench.charger.offered_ma == 8000


def test_on_one_phase_it_uses_that_phase(make, brand):
    bench = make(phases="2")
    bench.car.plug_in()
    TELL[brand](bench, 8)
    bench.step(2)
    assert bench.charger.grid_ma == [0, 8000, 0]


def test_its_line_names_a_driver_and_how_it_is_wired(make, brand):
    bench = make(phases="231", uid="S07")
    line = bench.charger.line(7)
    assert line["id"] == 7
    assert line["driver"] in ("openwb_pro", "peblar", "lektrico", "generic")
    assert line["url"] == f"http://{bench.address}"
    assert line["phases"] == "231"
    assert ("generic" in line) == (line["driver"] == "generic")


def test_a_site_has_them_beside_each_other(tmp_path):
    site = Site(chargers=6, brands=tuple(TELL))
    try:
        site.write_settings(tmp_path)
    finally:
        site.stop()
    lines = [json.loads(line) for line in (tmp_path / "chargers.jsonl").read_text().splitlines()]
    drivers = ["openwb_pro", "peblar", "lektrico", "generic", "generic", "generic"]
    assert [line["driver"] for line in lines] == drivers
    assert len({line["url"] for line in lines}) == 6


@pytest.mark.parametrize("path", ["/", "/nothing", "/evse/state", "/api/status", "/settings"])
def test_a_path_of_another_vendor_is_not_found(bench, brand, path):
    wanted = 401 if brand == "peblar" else 404
    assert bench.ask("GET", path)[0] == wanted


@pytest.mark.parametrize("body", [b"\xff\xfe", b"[" * 3000, b"null", b"{}", b"\x00", b"NaN"])
@pytest.mark.parametrize("path", ["/rpc", "/connect.php", "/api/wlac/v1/evinterface"])
def test_nonsense_changes_nothing_and_is_survived(bench, tell, path, body):
    tell(7)
    for method in ("POST", "PATCH", "PUT"):
        bench.ask(method, path, body, TOKEN)
    assert bench.charger.offered_ma == 7000
