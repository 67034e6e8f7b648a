"""The simulated Trydan beside Home Assistant's recording."""

import json

import pytest
from amprail_tools.sim.charger_trydan import TrydanCharger
from sample_bytes import as_in

DATA = "/RealTimeData"


CHARGER = TrydanCharger  # of the fixtures `make` and `bench`


def read(bench):
    return json.loads(bench.ask("GET", DATA)[1])


def write(bench, what):
    status, body, _ = bench.ask("GET", f"/write/{what}")
    assert status == 200
    return body


def test_its_bytes_are_those_of_the_recording(bench):
    bench.car.plug_in()
    assert write(bench, "Intensity=6") == b"OK"
    bench.step(2)
    _, body, headers = bench.ask("GET", DATA)
    assert headers["Content-Type"] == "text"
    assert as_in(body, "v2c_realtimedata.json", "ID", "ChargePower", "ChargeEnergy", "ChargeTime")


def test_paused_its_state_stays_at_charging(bench):
    def states():
        bench.step(4)
        values = read(bench)
        return values["ChargeState"], values["Paused"], values["ChargePower"] > 0

    assert states() == (0, 0, False)
    bench.car.plug_in()
    assert states() == (2, 0, True)
    assert write(bench, "Paused=1") == b"OK"
    assert states() == (2, 1, False)
    assert bench.charger.grid_ma == [0, 0, 0]
    bench.car.unplug()
    assert states() == (0, 1, False)
    bench.car.plug_in()
    assert states() == (1, 1, False)
    write(bench, "Paused=0")
    assert states() == (2, 0, True)


def test_current_and_pause_are_apart(bench):
    write(bench, "Paused=1")
    write(bench, "Intensity=9")
    assert bench.charger.offered_ma == 0
    assert read(bench)["Intensity"] == 9
    write(bench, "Paused=0")
    assert bench.charger.offered_ma == 9000
    told = [ma for _, ma, _ in bench.charger.writes]
    assert told == [0, 9000, 9000]


@pytest.mark.parametrize(
    "what",
    [
        *("Intensity=5", "Intensity=33", "Intensity=0", "Intensity=9.5", "Intensity=-6"),
        *("Intensity=", "Intensity", "intensity=9", "Paused=2", "Paused=true", "Unknown=1", "="),
        "Intensity=" + "9" * 1000,
    ],
)
def test_what_is_not_valid_is_not_ok(bench, what):
    assert write(bench, what) != b"OK"
    assert bench.charger.offered_ma == 16_000


def test_outside_its_own_limits_a_current_is_ok_and_the_nearest_inside(bench):
    write(bench, "MinIntensity=8")
    write(bench, "MaxIntensity=10")
    for told, offered in ((6, 8000), (32, 10_000)):
        assert write(bench, f"Intensity={told}") == b"OK"
        assert bench.charger.offered_ma == offered
    assert read(bench)["Intensity"] == 10


def test_its_own_control_takes_the_current_back_unless_it_is_paused(make):
    bench = make(dynamic=True)
    write(bench, "Intensity=6")
    bench.step(1)
    assert bench.charger.offered_ma == 16_000
    write(bench, "PauseDynamic=1")
    write(bench, "Intensity=6")
    bench.step(1)
    assert bench.charger.offered_ma == 6000
    assert (read(bench)["Dynamic"], read(bench)["PauseDynamic"]) == (1, 1)


def test_locked_it_offers_nothing(bench):
    write(bench, "Locked=1")
    assert bench.charger.offered_ma == 0
    write(bench, "Locked=0")
    assert bench.charger.offered_ma == 16_000


def test_currents_of_the_phases_exist_from_firmware_2_5_0(make):
    for firmware, known in (("2.1.7", False), ("2.4.9", False), ("2.5.0", True), ("3.0.1", True)):
        bench = make(firmware=firmware, phases="231")
        bench.car.phases = 2
        bench.car.plug_in()
        bench.step(2)
        values = read(bench)
        assert ("IntensityMeasure_L1" in values) is known
        assert bench.charger.has_meter is known
        if known:
            assert [values[f"IntensityMeasure_L{n}"] for n in (1, 2, 3)] == [16, 16, 0]
            assert values["VoltageMeasure_L3"] > 220


def test_one_firmware_forgets_a_comma(make):
    body = make(firmware="1.7.20", uid="XXXXXX").ask("GET", DATA)[1]
    assert body.startswith(b'{"ID":"XXXXXX""ChargeState":0,')
    with pytest.raises(ValueError, match="delimiter"):
        json.loads(body)


def test_one_firmware_says_a_key_twice(make):
    body = make(firmware="2.3.20").ask("GET", DATA)[1]
    assert body.count(b'"FirmwareVersion":"2.3.20"') == 2
    assert json.loads(body)["Intensity"] == 16


def test_one_phase_is_chosen_by_the_charge_mode(make):
    bench = make(firmware="2.5.0")
    bench.car.plug_in()
    write(bench, "ChargeMode=0")
    bench.step(2)
    assert bench.charger.grid_ma == [16_000, 0, 0]
    assert read(bench)["ChargeMode"] == 0
    write(bench, "ChargeMode=1")
    bench.step(2)
    assert bench.charger.grid_ma == [16_000] * 3
    assert read(bench)["ChargeMode"] == 1


def test_a_keyword_can_be_read_alone(bench):
    write(bench, "Intensity=7")
    assert bench.ask("GET", "/read/Intensity")[1] == b"7"
    assert bench.ask("GET", "/read/Nothing")[0] == 404


def test_a_fault_shows_only_in_that_it_does_not_charge(bench):
    bench.car.plug_in()
    bench.step(2)
    bench.charger.break_down(True)
    bench.step(4)
    values = read(bench)
    assert (values["ChargeState"], values["ChargePower"]) == (1, 0)
