"""The simulated go-eCharger as any HTTP client sees it."""

import socket
import threading
import time

import pytest
from amprail_tools.sim.charger_goe import GoeCharger
from charger_bench import same_shape
from samples import data, sample_text

# What a manager asks for; cbl is a key that the PRO lacks.
KEYS = ",".join(data("goe_status_filter_manager"))
STATUS = "/api/status?filter="


CHARGER = GoeCharger  # of the fixtures `make` and `bench`


def status(bench, keys=KEYS):
    return bench.get(STATUS + keys)


def put(bench, **values):
    query = "&".join(f"{key}={value}" for key, value in values.items())
    return bench.ask("GET", f"/api/set?{query}")[:2]


def test_the_status_has_the_shape_of_the_recorded_ones(bench):
    same_shape(status(bench), data("goe_status_filter_manager"))
    bench.charge()
    answer = status(bench)
    recorded = data("goe_status_filter_charging")
    same_shape(answer, recorded)
    for key in ("car", "amp", "ama", "alw", "acu", "frc", "err", "psm", "cbl", "var"):
        assert answer[key] == recorded[key], key
    for mine, real in zip(answer["nrg"], recorded["nrg"], strict=True):
        assert mine == pytest.approx(real, rel=0.05, abs=0.5)


def test_without_a_filter_there_is_everything(bench):
    same_shape(bench.get("/api/status"), data("goe_status_full", "sim"))


def test_answers_are_chunked_and_end_the_connection(bench):
    _, body, headers = bench.ask("GET", "/api/status")
    assert len(body) > 4000
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["Content-Length"] is None
    assert headers["Connection"] == "close"


@pytest.mark.parametrize("separator", [",", "%2C", "%2c"])
def test_the_filter_may_be_encoded(bench, separator):
    assert bench.get(f"{STATUS}amp{separator}frc") == {"amp": 16, "frc": 0}


def test_a_key_that_the_model_lacks_makes_it_400_with_the_others(make):
    pro = make(model="PRO")
    code, answer, _ = pro.ask("GET", STATUS + "amp,cbl,frc")
    assert (code, answer) == (400, b'{"amp":16,"frc":0}')
    assert pro.ask("GET", "/api/status")[0] == 400
    assert pro.ask("GET", STATUS + "amp,frc")[0] == 200
    assert pro.get(STATUS + "typ") == {"typ": "go-eCharger_PRO"}


def test_setpoint_and_refusal_are_byte_for_byte_as_recorded(make):
    bench = make(maximum_ma=32000)
    assert put(bench, amp=16, frc=0) == (200, sample_text("goe_set_ok"))
    assert put(bench, amp=5) == (500, sample_text("goe_set_error_http500"))


@pytest.mark.parametrize("value", ["5", "17", "-6", "16.5", "null", "x", '"16"', ""])
def test_a_current_it_cannot_have_is_http_500_and_changes_nothing(bench, value):
    code, answer = put(bench, amp=value)
    assert code == 500
    assert b"amp: failed" in answer
    assert status(bench, "amp") == {"amp": 16}


def test_current_and_pause_are_seen_at_once_and_follow_within_a_second(bench):
    bench.charge()
    put(bench, amp=10, frc=0)
    assert status(bench, "amp,acu") == {"amp": 10, "acu": 16}
    bench.step(2)
    assert status(bench, "amp,acu,car") == {"amp": 10, "acu": 10, "car": 2}
    assert bench.charger.grid_ma == [10000] * 3
    put(bench, frc=1)
    bench.step(2)
    assert status(bench, "amp,acu,alw,car") == {"amp": 10, "acu": None, "alw": False, "car": 4}
    assert bench.charger.grid_ma == [0] * 3
    assert [entry[1] for entry in bench.charger.writes] == [10000, 0]


def test_the_pause_is_forgotten_when_the_car_leaves(bench):
    bench.charge()
    put(bench, amp=10, frc=1)
    bench.step()
    bench.car.unplug()
    bench.step(0.05)
    assert status(bench, "frc") == {"frc": 1}  # and a word in this second is lost, too
    bench.step()
    assert status(bench, "frc,amp,car") == {"frc": 0, "amp": 10, "car": 1}
    put(bench, frc=1)
    bench.step(3)
    assert status(bench, "frc") == {"frc": 1}


def test_a_reboot_forgets_the_pause_and_counts(bench):
    bench.charge()
    put(bench, amp=8, frc=1)
    before = status(bench, "rbc,rbt")
    bench.charger.reboot_s = 0.1
    assert bench.ask("GET", "/api/status?filter=amp")[0] == 200
    bench.charger.reboot()
    bench.step(2)
    assert bench.charger.grid_ma == [8000] * 3
    time.sleep(0.2)
    after = status(bench, "rbc,rbt,frc,amp")
    assert after["rbc"] == before["rbc"] + 1
    assert after["rbt"] < before["rbt"]
    assert (after["frc"], after["amp"]) == (0, 8)


def test_hurried_writes_are_counted(bench):
    put(bench, amp=10)
    bench.step(5.1)
    put(bench, amp=11)
    assert bench.charger.hurried == 0
    bench.step(4)
    put(bench, amp=12)
    assert bench.charger.hurried == 1
    assert bench.charger.setpoints == 3


def test_a_lock_is_http_500_and_an_api_that_is_off_404(bench):
    bench.charger.locked = 1
    assert bench.ask("GET", STATUS + "amp")[:2] == (500, b"couldn't take api lock")
    assert bench.ask("GET", STATUS + "amp")[0] == 200
    bench.charger.enabled = False
    assert bench.ask("GET", STATUS + "amp")[0] == 404
    assert put(bench, amp=10)[0] == 404


def test_one_connection_at_a_time(bench):
    idle = socket.create_connection(("127.0.0.1", bench.charger.server.port))
    answers = []
    asking = threading.Thread(target=lambda: answers.append(status(bench, "amp")))
    asking.start()
    asking.join(0.2)
    assert not answers
    idle.close()
    asking.join(2)
    assert answers == [{"amp": 16}]


def test_ignored_writes_are_answered_as_if(bench):
    bench.charger.ignore_writes(True)
    assert put(bench, amp=10, frc=1) == (200, b'{"amp":true,"frc":true}')
    assert status(bench, "amp,frc") == {"amp": 16, "frc": 0}
    assert bench.charger.writes[-1][1:] == (0, False)


def test_a_fault_shows_and_phases_can_be_one(bench):
    bench.charge()
    put(bench, psm=1)
    bench.step(2)
    assert bench.charger.grid_ma == [16000, 0, 0]
    bench.charger.break_down(True)
    bench.step(2)
    assert status(bench, "car,err") == {"car": 5, "err": 2}
    assert bench.charger.grid_ma == [0, 0, 0]


def test_its_line_of_settings(bench):
    line = bench.charger.line(3)
    assert (line["id"], line["driver"]) == (3, "goe")
    assert line["fallback_ma"] == 16000
