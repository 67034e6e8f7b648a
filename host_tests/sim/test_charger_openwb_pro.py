"""The simulated openWB Pro beside the answers in openWB's own tests."""

import json

import pytest
from amprail_tools.sim.charger_openwb_pro import OpenWbProCharger
from sample_bytes import as_in, sample, shape

PAGE = "/connect.php"
IDLE = "openwbpro_connect_idle.json"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


CHARGER = OpenWbProCharger  # of the fixtures `make` and `bench`


def post(bench, body):
    assert bench.ask("POST", PAGE, body, FORM)[0] == 200


# There is no client library for it: bytes of a recording and the request shapes in the sources of
# openWB (heartbeatenabled=1, ampere=6, phasetarget=1) and evcc (ampere=%.1f) are all there is.
def test_without_a_car_its_bytes_are_those_of_the_recording(bench):
    post(bench, "ampere=0")
    _, body, headers = bench.ask("GET", PAGE)
    assert as_in(body, IDLE, "date", "timestamp", "voltages", "imported", "serial")
    assert headers["Content-Type"] == "application/json"


def test_charging_it_has_the_types_of_the_recording(bench):
    bench.car.plug_in()
    post(bench, "ampere=6.0")
    bench.step(2)
    ours = bench.get(PAGE) | {"vehicle_id": "a text"}
    theirs = json.loads(sample("openwbpro_connect_charging.json"))
    for key in ("rfid_tag", "rfid_timestamp"):  # put in by hand there
        del theirs[key]
    assert shape(theirs).items() <= shape(ours).items()
    for key in ("offered_current", "phases_actual", "phases_in_use", "charge_state"):
        assert ours[key] == theirs[key]


def test_the_current_has_a_tenth_of_an_ampere(bench):
    bench.car.plug_in()
    post(bench, "ampere=7.3")
    assert bench.get(PAGE)["offered_current"] == 7.3
    post(bench, "ampere=12")
    assert '"offered_current":12,' in bench.ask("GET", PAGE)[1].decode()


@pytest.mark.parametrize(("told", "offered"), [("3", 6000), ("0.1", 6000), ("99", 16_000)])
def test_a_current_out_of_range_is_brought_into_it(bench, told, offered):
    post(bench, f"ampere={told}")
    assert bench.charger.offered_ma == offered


@pytest.mark.parametrize("told", ["", "six", "nan", "inf", "1e999", "6;7"])
def test_no_number_changes_nothing(bench, told):
    post(bench, "ampere=8")
    post(bench, f"ampere={told}")
    assert bench.charger.offered_ma == 8000


def test_without_a_car_it_says_6_a_whatever_it_was_told(bench):
    for told in ("0", "16"):
        post(bench, f"ampere={told}")
        assert bench.get(PAGE)["offered_current"] == 6
    bench.car.plug_in()
    assert bench.get(PAGE)["offered_current"] == 16


def test_plug_and_charge_states_follow_the_car_and_the_pause(bench):
    def states():
        bench.step(4)
        state = bench.get(PAGE)
        return state["plug_state"], state["charge_state"], state["phases_actual"]

    assert states() == (False, False, 0)
    bench.car.plug_in()
    assert states() == (True, True, 3)
    post(bench, "ampere=0")
    assert states() == (True, False, 0)
    bench.charger.break_down(True)
    assert states() == (True, False, 0)


def test_it_charges_as_long_as_the_car_still_draws(make):
    bench = make()
    bench.car.lag_s = 3
    bench.car.plug_in()
    bench.step(6)
    post(bench, "ampere=0")
    bench.step(1)
    state = bench.get(PAGE)
    assert state["charge_state"] and min(state["currents"]) > 6
    bench.step(3)
    assert bench.get(PAGE)["charge_state"] is False


def test_phasetarget_takes_phases_away_and_gives_them_back(bench):
    bench.car.plug_in()
    post(bench, "phasetarget=1")
    bench.step(2)
    state = bench.get(PAGE)
    assert (state["phases_target"], state["phases_in_use"]) == (1, 1)
    assert bench.charger.grid_ma == [16_000, 0, 0]
    post(bench, "phasetarget=3&ampere=8")
    bench.step(2)
    assert bench.charger.grid_ma == [8000] * 3
    assert bench.get(PAGE)["phases_in_use"] == 3


def test_without_a_heartbeat_it_goes_on_alone(bench):
    bench.car.plug_in()
    post(bench, "ampere=8")
    bench.step(1000)
    assert bench.charger.offered_ma == 8000


@pytest.mark.parametrize("heartbeat_s", [20, 60])
def test_with_a_heartbeat_silence_stops_it_until_it_is_asked_again(make, heartbeat_s):
    bench = make(heartbeat_s=heartbeat_s)
    bench.car.plug_in()
    post(bench, "heartbeatenabled=1")
    post(bench, "ampere=8")
    bench.step(heartbeat_s - 1)
    assert bench.charger.offered_ma == 8000
    bench.get(PAGE)
    bench.step(heartbeat_s - 1)
    assert bench.charger.offered_ma == 8000
    bench.step(2)
    assert bench.charger.offered_ma == 0
    assert bench.get(PAGE)["offered_current"] == 8


def test_a_restart_forgets_the_heartbeat(bench):
    post(bench, "heartbeatenabled=1")
    bench.charger.reboot()
    bench.step(100)
    assert bench.charger.offered_ma == 16_000


def test_a_vehicle_without_an_id_is_null_or_two_dashes(make):
    assert make().get(PAGE)["vehicle_id"] is None
    assert make(unknown_id="--").get(PAGE)["vehicle_id"] == "--"
    assert make().get(PAGE)["evse_signaling"].endswith("\n")
