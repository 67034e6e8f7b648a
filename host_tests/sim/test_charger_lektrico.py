"""The simulated Lektrico beside the answers in evcc's driver and the vendor's page."""

import json

import pytest
from amprail_tools.sim.charger_lektrico import LektricoCharger
from sample_bytes import as_in, sample, shape

INFO = "/rpc/charger_info.get"


CHARGER = LektricoCharger  # of the fixtures `make` and `bench`


def call(bench, method, parameters=None, **more):
    body = {"src": "evcc", "id": 1234, "method": method} | more
    if parameters is not None:
        body["params"] = parameters
    status, text, headers = bench.ask("POST", "/rpc", json.dumps(body))
    assert status == 200
    assert headers["Content-Type"] == "application/json"
    return json.loads(text)


def set_current(bench, amperes):
    return call(bench, "dynamic_current.set", {"dynamic_current": amperes})


def test_its_state_has_the_bytes_of_the_recording(make):
    bench = make(phases="1", maximum_ma=32_000, headless=False)
    bench.car.plug_in()
    bench.charger.config["user_current"] = 30
    bench.step(1)
    differs = ("session_energy", "voltages", "total_charged_energy", "headless")
    assert as_in(bench.ask("GET", INFO)[1], "lektrico_charger_info.json", *differs)


def test_a_reply_has_the_bytes_of_the_vendors_page(make):
    bench = make(phases="1", uid="6")
    body = (
        '{"src":"evcc","id":1234,"method":"dynamic_current.set","params":{"dynamic_current":16}}'
    )
    assert bench.ask("POST", "/rpc", body)[1].decode() == sample("lektrico_rpc_set_ok.json")


def test_its_settings_have_what_the_client_reads(bench):
    ours = bench.get("/rpc/app_config.get")
    theirs = json.loads(sample("lektrico_app_config.json"))
    assert shape(theirs).items() <= shape(ours).items()


@pytest.mark.parametrize("path", ["charger_info.get", "Charger_info.Get", "CHARGER_INFO.GET"])
def test_a_method_is_taken_in_any_case(bench, path):
    assert bench.get(f"/rpc/{path}")["charger_state"] == "A"
    assert call(bench, path)["result"]["charger_state"] == "A"


@pytest.mark.parametrize("amperes", [0, 6, 16, 32])
def test_a_current_that_may_be_is_echoed_with_the_callers_id(bench, amperes):
    answer = set_current(bench, amperes)
    assert answer == {"id": 1234, "src": "3p22k_500006", "dst": "evcc", "result": True}
    assert bench.get("/rpc/dynamic_current.get")["dynamic_current"] == amperes


@pytest.mark.parametrize("amperes", [1, 5, 33, -1, 16.0, 6.5, "16", True, None, [16]])
def test_a_current_that_may_not_be_is_an_error_with_status_200(bench, amperes):
    answer = set_current(bench, amperes)
    assert "result" not in answer
    assert shape(answer["error"]) == {"code": "number", "message": "text"}
    assert answer["id"] == 1234
    assert bench.charger.offered_ma == 16_000


def test_unknown_methods_and_no_json_are_errors(bench):
    assert call(bench, "nothing.get")["error"]["code"] == -32601
    assert call(bench, "dynamic_current.set", [16])["error"]["code"] == -32602
    for body in ("", "{", "[]", "null", "7", '{"id":1}', '{"method":1}'):
        assert json.loads(bench.ask("POST", "/rpc", body)[1])["error"]["code"] == -32700


def test_states_have_the_words_of_the_client(make):
    bench = make(headless=False)

    def words():
        bench.step(4)
        state = bench.get(INFO)
        return state["charger_state"], state["extended_charger_state"]

    assert words() == ("A", "A")
    bench.car.plug_in()
    assert words() == ("B", "B_AUTH")
    call(bench, "charge.start", {"tag": "HASS"})
    assert words() == ("C", "C")
    set_current(bench, 0)
    assert words() == ("B", "B_PAUSE")
    set_current(bench, 8)
    call(bench, "charge.stop")
    assert words() == ("B", "B_PAUSE")
    call(bench, "charge.start")
    assert words() == ("C", "C")
    call(bench, "app_config.set", {"config_key": "charger_locked", "config_value": True})
    assert words() == ("B", "LOCKED")
    bench.charger.break_down(True)
    assert words() == ("E", "E")


def test_a_new_car_has_to_be_authorized_again(make):
    bench = make(headless=False)
    bench.car.plug_in()
    call(bench, "charge.start")
    bench.step(2)
    assert bench.charger.letter == "C"
    bench.car.unplug()
    bench.step(1)
    bench.car.plug_in()
    bench.step(2)
    assert bench.charger.letter == "B"


def test_a_fault_has_a_name(bench):
    assert not any(bench.get("/rpc/active_errors.get").values())
    bench.charger.break_down(True)
    assert bench.get(INFO)["has_active_errors"] is True
    assert bench.get("/rpc/active_errors.get")["rcd_error"] is True


def test_the_lowest_of_three_limits_holds_and_is_named(bench):
    def limit():
        return bench.charger.offered_ma, bench.get(INFO)["current_limit_reason"]

    assert limit() == (16_000, 1)
    set_current(bench, 12)
    assert limit() == (12_000, 3)
    call(bench, "app_config.set", {"config_key": "user_current", "config_value": 8})
    assert limit() == (8000, 2)


def test_settings_are_stored_and_the_dynamic_current_is_not(bench):
    set_current(bench, 10)
    assert bench.charger.flash_writes == 0
    call(bench, "app_config.set", {"config_key": "user_current", "config_value": 8})
    for key, value in (("user_current", 5), ("user_current", "8"), ("install_current", 8)):
        answer = call(bench, "app_config.set", {"config_key": key, "config_value": value})
        assert "error" in answer
    assert bench.charger.flash_writes == 1
    bench.charger.reboot()
    assert bench.charger.offered_ma == 8000
    assert bench.charger.told_ma == 32_000


def test_one_phase_is_forced_by_the_relay_mode(bench):
    bench.car.plug_in()
    parameters = {"dynamic_current": 10, "relay_mode": 1}
    assert call(bench, "dynamic_current.Set", parameters)["result"] is True
    bench.step(2)
    assert bench.charger.grid_ma == [10_000, 0, 0]
    assert bench.get("/rpc/dynamic_current.get") == parameters


def test_it_can_be_told_to_restart(bench):
    assert call(bench, "device.reset")["result"] is True
    bench.step(0)
    assert bench.charger.reboots == 1
