"""The simulated Peblar beside Home Assistant's recordings."""

import json
import time

import pytest
from amprail_tools.sim.charger_peblar import PeblarCharger
from sample_bytes import as_in, sample, shape

BASE = "/api/wlac/v1/"
TOKEN = {"Authorization": "test-token"}


CHARGER = PeblarCharger  # of the fixtures `make` and `bench`


def get(bench, name):
    bench.step(0.1)
    return bench.get(BASE + name, TOKEN)


def patch(bench, value, method="PATCH"):
    body = value if isinstance(value, str) else json.dumps(value)
    status, body, _ = bench.ask(method, BASE + "evinterface", body, TOKEN)
    return status, json.loads(body)


def test_its_ev_interface_has_the_bytes_of_the_recording(make):
    bench = make(limiter_ma=6000)
    bench.car.plug_in()
    assert patch(bench, {"ChargeCurrentLimit": 16_000})[0] == 200
    bench.step(2)
    assert as_in(bench.ask("GET", BASE + "evinterface", None, TOKEN)[1], "peblar_evinterface.json")


def test_its_meter_has_the_bytes_of_the_recording(make):
    body = make(phases="1").ask("GET", BASE + "meter", None, TOKEN)[1]
    assert as_in(body, "peblar_meter.json", "EnergyTotal")


def test_its_system_and_health_have_the_bytes_of_the_recording(bench):
    body = bench.ask("GET", BASE + "system", None, TOKEN)[1]
    assert as_in(body, "peblar_system.json", "Uptime", "ProductSn")
    assert as_in(bench.ask("GET", BASE + "health", None, TOKEN)[1], "peblar_health.json")


@pytest.mark.parametrize("token", [None, "wrong", "Bearer test-token", ""])
def test_without_its_token_it_says_401_and_does_nothing(bench, token):
    headers = {} if token is None else {"Authorization": token}
    body = '{"ChargeCurrentLimit":6000}'
    for method in ("GET", "PATCH"):
        status, text, _ = bench.ask(method, BASE + "evinterface", body, headers)
        assert status == 401
        assert set(json.loads(text)) == {"statusmsg"}
    assert bench.charger.offered_ma == 16_000
    assert bench.get(BASE + "health", headers)["ApiVersion"] == "1.0"  # so it can be recognised


def test_a_token_that_may_only_read_is_told_403(make):
    bench = make(read_only=True)
    assert get(bench, "health")["AccessMode"] == "ReadOnly"
    assert patch(bench, {"ChargeCurrentLimit": 6000})[0] == 403
    assert bench.charger.offered_ma == 16_000


def test_too_many_requests_are_told_429_until_a_second_has_passed(make):
    bench = make(requests_s=5)
    path = BASE + "evinterface"
    codes = [bench.ask("GET", path, None, TOKEN)[0] for _ in range(7)]
    assert codes == [200] * 5 + [429] * 2
    assert patch(bench, {"ChargeCurrentLimit": 6000})[0] == 429
    assert bench.charger.offered_ma == 16_000
    bench.step(1.1)
    assert patch(bench, {"ChargeCurrentLimit": 6000})[0] == 200


def test_it_names_the_limit_that_holds_it_down(make):
    bench = make(limiter_ma=10_000)

    def limit():
        state = get(bench, "evinterface")
        return state["ChargeCurrentLimitActual"], state["ChargeCurrentLimitSource"]

    assert limit() == (10_000, "Current limiter")
    patch(bench, {"ChargeCurrentLimit": 7001})
    assert limit() == (7001, "Local REST API")
    bench.charger.limiter_ma = 32_000
    patch(bench, {"ChargeCurrentLimit": 20_000})
    assert limit() == (16_000, "Installation limit")


@pytest.mark.parametrize("ma", [0, 1, 5999])
def test_below_6_a_it_suspends(bench, ma):
    bench.car.plug_in()
    bench.step(2)
    assert get(bench, "evinterface")["CpState"] == "State C"
    status, state = patch(bench, {"ChargeCurrentLimit": ma})
    assert (status, state["ChargeCurrentLimit"]) == (200, ma)
    assert bench.charger.offered_ma == 0
    bench.step(4)
    assert get(bench, "evinterface")["CpState"] == "State B"
    assert bench.charger.grid_ma == [0, 0, 0]


def test_states_follow_the_car_and_a_fault_has_a_code(bench):
    def state():
        return get(bench, "evinterface")["CpState"], bool(get(bench, "system")["ActiveErrorCodes"])

    assert state() == ("State A", False)
    bench.car.plug_in()
    bench.step(2)
    assert state() == ("State C", False)
    bench.charger.break_down(True)
    assert state() == ("State E", True)


@pytest.mark.parametrize(
    "value",
    [
        *({"ChargeCurrentLimit": wrong} for wrong in ("6000", 6000.0, -1, True, [6000], 1 << 40)),
        *({"Force1Phase": wrong} for wrong in (1, "true")),
        *("[6000]", "6000", "null", "{", "", '{"Unknown":1}', "[" * 3000),
    ],
)
def test_a_change_that_is_none_is_told_400_in_words(bench, value):
    status, answer = patch(bench, value)
    assert status == 400
    assert answer["statusmsg"]
    assert bench.charger.offered_ma == 16_000


def test_a_replacement_needs_every_field(bench):
    assert patch(bench, {"ChargeCurrentLimit": 6000}, "PUT")[0] == 400
    whole = {"ChargeCurrentLimit": 6000, "Force1Phase": True}
    assert patch(bench, whole, "PUT")[0] == 200
    assert patch(bench, {"ChargeCurrentLimit": 8000, "Force1Phase": None})[0] == 200
    bench.car.plug_in()
    bench.step(2)
    assert bench.charger.grid_ma == [8000, 0, 0]


def test_absent_phases_are_null_or_missing(make):
    absent = {"VoltagePhase2": None, "VoltagePhase3": None}
    values = get(make(phases="3"), "meter")
    assert absent.items() <= values.items()
    values = get(make(phases="3", leaves_out=True), "meter")
    assert not [name for name in values if name[-1] in "23"]
    assert values["CurrentPhase1"] == 0
    assert None not in get(make(), "meter").values()


def test_it_measures_milliamperes_and_wears_nothing(bench):
    bench.car.plug_in()
    patch(bench, {"ChargeCurrentLimit": 7123})
    bench.step(2)
    values = get(bench, "meter")
    assert [values[f"CurrentPhase{n}"] for n in (1, 2, 3)] == [7123] * 3
    assert values["PowerTotal"] == sum(values[f"PowerPhase{n}"] for n in (1, 2, 3)) > 4800
    assert shape(values).keys() == json.loads(sample("peblar_meter.json")).keys()


def test_its_uptime_starts_anew_after_a_restart(bench):
    bench.step(60)
    assert get(bench, "system")["Uptime"] == 60
    bench.charger.reboot_s = 0.0
    bench.charger.reboot()
    assert bench.charger.uptime_s == 0


def test_its_count_of_requests_starts_anew_after_a_restart(bench):
    bench.step(60)
    bench.charger.requests_s = 2
    get(bench, "system")
    bench.charger.reboot_s = 0.0
    bench.charger.reboot()
    time.sleep(0.2)
    for _ in range(3):
        bench.step(2)
        get(bench, "system")


def test_its_line_has_the_token(bench):
    assert bench.charger.line(1)["token"] == "test-token"
