"""The simulated EVSE-WiFi and smartWB beside CurtRod's and openWB's recordings."""

import pytest
from amprail_tools.sim.charger_evse_wifi import EvseWifiCharger
from sample_bytes import as_in

PARAMETERS = "/getParameters"
GIVEN = "S0_set current to given value"
MOST = "S0_set current to maximum value"


CHARGER = EvseWifiCharger  # of the fixtures `make` and `bench`


def read(bench):
    reply = bench.get(PARAMETERS)
    assert reply["type"] == "parameters"
    (values,) = reply["list"]
    return values


def text(bench, path):
    status, body, headers = bench.ask("GET", path)
    assert (status, headers["Content-Type"]) == (200, "text/plain")
    return body.decode()


def set_current(bench, number):
    return text(bench, f"/setCurrent?current={number}")


# There is no client library for it: bytes of two recordings, the texts and rules of the firmware's
# source, and evcc's requests (setCurrent?current=%d, S0_ is success) are all there is.
def test_its_bytes_are_those_of_the_recording(make):
    bench = make(maximum_ma=20_000, has_meter=False)
    set_current(bench, 10)
    body = bench.ask("GET", PARAMETERS)[1]
    assert as_in(body, "evsewifi_getparameters.json", "meterReading")


def test_a_smartwbs_bytes_are_those_of_the_recording(make):
    bench = make(hires=True, mode="normal")
    bench.car.plug_in()
    text(bench, "/setStatus?active=true")
    set_current(bench, 1000)
    bench.step(4)
    differs = [f"{kind}P{n}" for kind in ("current", "voltage") for n in (1, 2, 3)]
    differs += ["actualPower", "duration", "energy", "mileage", "meterReading", "RFIDUID"]
    differs += ["lastActionUser", "lastActionUID"]
    assert as_in(bench.ask("GET", PARAMETERS)[1], "smartwb_getparameters.json", *differs)


@pytest.mark.parametrize("number", [0, 6, 16])
def test_a_current_in_amperes_is_taken_by_both(make, number):
    for hires in (False, True):
        bench = make(hires=hires)
        assert set_current(bench, number) == GIVEN
        assert bench.charger.offered_ma == number * 1000
        assert read(bench)["actualCurrent"] == number


def test_only_a_smartwb_knows_hundredths_of_an_ampere(make):
    smart, plain = make(hires=True), make()
    for bench in (smart, plain):
        assert set_current(bench, 1275) == GIVEN
    assert smart.charger.offered_ma == 12_750
    assert read(smart)["actualCurrentMA"] == 1275
    assert plain.charger.offered_ma == 12_000
    assert "actualCurrentMA" not in read(plain)


# 50 is neither in amperes nor in hundredths; whoever means 5 A gets the maximum.
@pytest.mark.parametrize("number", [17, 50, 599, 1601, 99_999])
def test_what_is_above_the_maximum_sets_the_maximum_and_is_a_success(bench, number):
    set_current(bench, 6)
    assert set_current(bench, number) == MOST
    assert bench.charger.offered_ma == 16_000


@pytest.mark.parametrize("number", [1, 5, -6])
def test_what_is_below_6_is_refused_with_status_200(bench, number):
    refused = "E1_could not set current - give a value between 6 and 16"
    assert set_current(bench, number) == refused
    assert bench.charger.offered_ma == 16_000
    assert text(bench, "/setCurrent?ampere=6").startswith("E2_")


@pytest.mark.parametrize("number", ["abc", "", "x16"])
def test_no_number_is_a_pause(bench, number):
    assert set_current(bench, number) == GIVEN
    assert bench.charger.offered_ma == 0


def test_a_fraction_is_cut_off(bench):
    set_current(bench, "12.9")
    assert bench.charger.offered_ma == 12_000


def test_states_are_as_old_as_the_last_look_at_the_board(bench):
    def states():
        values = read(bench)
        return values["vehicleState"], values["evseState"]

    bench.step(3.2)
    assert states() == (1, True)
    bench.car.plug_in()
    bench.step(1)
    assert states() == (1, True)
    bench.step(2)
    assert states() == (3, True)
    set_current(bench, 0)
    assert states() == (3, True)
    bench.step(4)
    assert states() == (2, False)
    bench.charger.break_down(True)
    bench.step(4)
    assert states() == (5, False)


def test_its_meter_or_zeros_without_one(make):
    for has_meter in (True, False):
        bench = make(phases="23", has_meter=has_meter, hires=True)
        bench.car.plug_in()
        bench.step(4)
        values = read(bench)
        currents = [values[f"currentP{n}"] for n in (1, 2, 3)]
        assert currents == ([16, 16, 0] if has_meter else [0, 0, 0])
        assert values["useMeter"] is has_meter
        assert (values["actualPower"] > 7) is has_meter


def test_an_analogue_input_wins_and_success_is_said_all_the_same(make):
    bench = make(analogue_ma=9000)
    assert set_current(bench, 6) == GIVEN
    assert bench.charger.offered_ma == 9000
    assert read(bench)["actualCurrent"] == 32
    assert bench.charger.writes[-1][1:] == (6000, False)


def test_in_normal_mode_it_is_made_active_and_inactive(make):
    bench = make(mode="normal")
    bench.car.plug_in()
    assert bench.charger.offered_ma == 0
    assert text(bench, "/setStatus?active=true") == "S0_EVSE successfully activated"
    assert text(bench, "/setStatus?active=true").startswith("E3_")
    assert text(bench, "/setStatus?active=1").startswith("E1_")
    assert bench.charger.offered_ma == 16_000
    assert text(bench, "/setStatus?active=false") == "S0_EVSE successfully deactivated"
    assert bench.charger.offered_ma == 0
    assert read(bench)["alwaysActive"] is False


def test_in_always_active_mode_it_is_not(bench):
    assert text(bench, "/setStatus?active=false").startswith("E2_")
    assert bench.charger.offered_ma == 16_000


def test_power_lost_it_starts_with_register_2000(make):
    bench = make(maximum_ma=32_000)
    set_current(bench, 6)
    bench.charger.reboot()
    assert bench.charger.offered_ma == 32_000


def test_a_restart_of_the_gateway_forgets_nothing(bench):
    set_current(bench, 6)
    bench.step(60)
    assert text(bench, "/doReboot?reboot=no").startswith("E1_")
    assert text(bench, "/doReboot?reboot=true").startswith("S0_")
    bench.step(0)
    assert bench.charger.reboots == 1
    assert bench.charger.offered_ma == 6000
    assert bench.charger.uptime_s == 0
    with pytest.raises(ConnectionRefusedError):
        read(bench)


def test_its_host_page_tells_how_long_it_is_up(bench):
    bench.step(60.5)
    assert bench.get("/evseHost")["list"][0]["uptime"] == 60


def test_remote_without_getparameters_for_a_minute_it_stops(make):
    bench = make(mode="remote")
    set_current(bench, 10)
    bench.step(50)
    read(bench)
    bench.step(59)
    assert bench.charger.offered_ma == 10_000
    set_current(bench, 8)  # is no heartbeat
    bench.step(3)
    assert bench.charger.offered_ma == 0
    assert read(bench)["actualCurrent"] == 0
    bench.step(2)
    assert bench.charger.offered_ma == 8000


def test_remote_asked_again_it_puts_back_the_old_current_over_a_new_one(make):
    bench = make(mode="remote")
    set_current(bench, 16)
    bench.step(62)
    read(bench)
    assert set_current(bench, 6) == GIVEN
    assert bench.charger.offered_ma == 6000
    bench.step(1.1)
    assert bench.charger.offered_ma == 16_000


@pytest.mark.parametrize("mode", ["always", "normal"])
def test_not_remote_it_goes_on_alone(make, mode):
    bench = make(mode=mode)
    bench.charger.active = True
    set_current(bench, 10)
    bench.step(200)
    assert bench.charger.offered_ma == 10_000


def test_one_setting_lets_a_pause_end_in_register_2000(make):
    bench = make(resets=True)
    bench.car.plug_in()
    bench.step(2)
    set_current(bench, 0)
    bench.step(4)
    assert bench.charger.offered_ma == 16_000
