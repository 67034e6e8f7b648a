"""The simulated NRGkick as any HTTP client sees it."""

import base64

import pytest
from amprail_tools.sim.charger_nrgkick import NrgkickCharger
from charger_bench import same_shape
from samples import data, sample_text


CHARGER = NrgkickCharger  # of the fixtures `make` and `bench`


def control(bench, query):
    return bench.ask("GET", f"/control?{query}")[:2]


def test_answers_have_the_shape_of_the_documented_ones(bench):
    same_shape(bench.get("/info"), data("nrgkick_info", "sim"))
    same_shape(bench.get("/control"), data("nrgkick_control"))
    same_shape(bench.get("/values"), data("nrgkick_values", "sim"))


def test_numbers_instead_of_words_and_only_some_sections(bench):
    bench.charge()
    real = data("nrgkick_values_raw_charging")
    answer = bench.get("/values?raw=1")
    assert set(real) == set(answer)
    for section in ("powerflow", "general"):
        for key, value in real[section].items():
            same_shape(answer[section][key], value, key)
    flow = answer["powerflow"]
    assert answer["general"]["status"] == 3
    assert flow["charging_current"] == 16
    assert flow["l2"]["current"] == pytest.approx(real["powerflow"]["l2"]["current"], rel=0.05)
    total_w = real["powerflow"]["total_active_power"]
    assert flow["total_active_power"] == pytest.approx(total_w, rel=0.05)
    assert set(bench.get("/values?general=1")) == {"general"}
    assert set(bench.get("/info?general=1&connector=1")) == {"general", "connector"}


def test_answers_to_writes_are_byte_for_byte_those_of_the_samples(make):
    bench = make(maximum_ma=32000)
    echo = sample_text("nrgkick_control_set_current")
    assert control(bench, "current_set=16.0") == (200, echo)
    assert control(bench, "current_set=5.9") == (406, sample_text("nrgkick_error_http406"))
    bench.charger.enabled = False
    assert bench.ask("GET", "/values")[1] == sample_text("nrgkick_error_api_disabled")
    assert control(bench, "charge_pause=1")[1] == sample_text("nrgkick_error_api_disabled")
    assert not bench.charger.paused


@pytest.mark.parametrize(
    "query",
    [
        *("current_set=5", "current_set=16.1", "current_set=nan", "current_set=x", "current_set="),
        *("charge_pause=2", "charge_pause=x", "energy_limit=-1", "energy_limit=inf"),
        *("phase_count=1", "nothing=1"),
    ],
)
def test_what_it_cannot_do_is_http_406_with_a_sentence(bench, query):
    before = bench.get("/control")
    status, answer = control(bench, query)
    assert status == 406
    assert answer.startswith(b'{"Response":"Invalid')
    assert bench.get("/control") == before


def test_current_in_tenths_and_pause_are_two_things(bench):
    bench.charge()
    assert control(bench, "current_set=10.37") == (200, b'{"current_set":10.3}')
    bench.step(2)
    assert bench.charger.grid_ma == [10300] * 3
    assert control(bench, "charge_pause=1") == (200, b'{"charge_pause":1}')
    bench.step(2)
    general = bench.get("/values")["general"]
    assert (general["status"], general["charge_permitted"]) == ("CONNECTED", 0)
    assert bench.charger.grid_ma == [0] * 3
    control(bench, "current_set=8")
    bench.step(2)
    assert bench.charger.grid_ma == [0] * 3
    assert bench.get("/control") == {
        "current_set": 8,
        "charge_pause": 1,
        "energy_limit": 0,
        "phase_count": 3,
    }
    control(bench, "charge_pause=0")
    bench.step(2)
    assert bench.get("/values")["general"]["status"] == "CHARGING"
    assert bench.charger.grid_ma == [8000] * 3


def test_a_reboot_forgets_the_pause(make):
    bench = make(defaults_ma=10000)
    control(bench, "charge_pause=1")
    bench.charger.reboot()
    assert bench.charger.told_ma == bench.charger.fallback_ma == 10000


def test_phases_are_switched_only_if_the_owner_allows_it(make):
    bench = make(phase_switch=True)
    bench.charge()
    assert control(bench, "phase_count=1") == (200, b'{"phase_count":1}')
    bench.step(2)
    assert bench.charger.grid_ma == [16000, 0, 0]
    assert bench.get("/values")["general"]["relay_state"] == "N, L1"


def test_a_password_is_asked_for(make):
    bench = make(user="me", password="test-only")
    assert bench.ask("GET", "/control?charge_pause=1")[0] == 401
    assert not bench.charger.paused
    told = base64.b64encode(b"me:test-only").decode()
    assert bench.get("/values", headers={"Authorization": f"Basic {told}"})


def test_unknown_paths_and_methods(bench):
    assert bench.ask("GET", "/nothing")[0] == 404
    assert bench.ask("POST", "/control", b"")[0] == 405


def test_a_fault_shows_and_ignored_writes_are_answered_as_if(bench):
    bench.charger.ignore_writes(True)
    assert control(bench, "current_set=8.0") == (200, b'{"current_set":8.0}')
    assert bench.charger.told_ma == 16000
    bench.charger.break_down(True)
    assert bench.get("/values")["general"]["status"] == "ERROR"
