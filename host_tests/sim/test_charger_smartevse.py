"""The simulated SmartEVSE as any HTTP client sees it."""

import json
import socket

import pytest
from amprail_tools.sim.charger_smartevse import SmartevseCharger
from charger_bench import same_shape
from samples import data, sample_text


CHARGER = SmartevseCharger  # of the fixtures `make` and `bench`


def post(bench, query, path="/settings"):
    status, body, headers = bench.ask("POST", f"{path}?{query}", headers={"Content-Length": "0"})
    assert headers["Transfer-Encoding"] == "chunked"
    return status, body


def feed(bench, *deci):
    lines = "&".join(f"L{line}={ma}" for line, ma in enumerate(deci, 1))
    return post(bench, lines, "/currents")


def shown(bench):
    bench.step(2)
    settings = bench.get("/settings")
    evse = settings["evse"]
    return settings["mode_id"], evse["state_id"], evse["error_id"]


def test_settings_are_chunked_and_of_the_shape_and_size_of_the_sample(bench):
    bench.charge()
    post(bench, "override_current=160")
    _, body, headers = bench.ask("GET", "/settings")
    assert headers["Transfer-Encoding"] == "chunked"
    assert headers["Content-Length"] is None
    answer, real = json.loads(body), data("smartevse_settings", "sim")
    same_shape(answer, real)
    assert len(body) == pytest.approx(len(sample_text("smartevse_settings", "sim")), rel=0.05)
    for part in ("mode", "mode_id", "car_connected"):
        assert answer[part] == real[part]
    assert answer["evse"] == real["evse"]
    for key in ("charge_current", "override_current", "current_min", "current_max"):
        assert answer["settings"][key] == real["settings"][key]
    assert answer["ev_meter"]["currents"]["L1"] == pytest.approx(159, abs=2)


def test_a_paused_one_without_a_car_shows_what_a_real_one_showed(make):
    bench = make(defaults_ma=0, maximum_ma=14000, phases="1", has_meter=False)
    bench.charger.override_da = 79
    answer, real = bench.get("/settings"), data("smartevse_settings_v3102_paused")
    assert {key: answer[key] for key in ("mode", "mode_id")} == {"mode": "PAUSE", "mode_id": 4}
    assert answer["evse"] == real["evse"]
    for key in ("charge_current", "override_current", "current_min", "current_max"):
        assert answer["settings"][key] == real["settings"][key]
    assert answer["ev_meter"]["description"] == real["ev_meter"]["description"]
    assert answer["ev_meter"]["currents"] == real["ev_meter"]["currents"]


def test_answers_to_writes_are_byte_for_byte_those_of_the_samples(make):
    bench = make(mains_a=25)
    ok, refused = "smartevse_post_override_ok", "smartevse_post_override_refused_http200"
    assert post(bench, "override_current=83") == (200, sample_text(ok))
    assert post(bench, "override_current=59") == (200, sample_text(refused))
    assert post(bench, "mode=4") == (200, sample_text("smartevse_post_mode"))
    assert feed(bench, 100, 50, 30) == (200, sample_text("smartevse_post_currents"))


@pytest.mark.parametrize("deci", ["1", "59", "161", "-60"])
def test_a_refusal_is_http_200_and_changes_nothing(bench, deci):
    post(bench, "override_current=80")
    status, body = post(bench, f"override_current={deci}")
    assert (status, json.loads(body)) == (200, {"override_current": "Value not allowed!"})
    assert bench.get("/settings")["settings"]["override_current"] == 80
    assert bench.charger.writes[-1][2] is False


@pytest.mark.parametrize("nothing", ["0", "", "x"])
def test_zero_or_what_is_no_number_is_full_current(bench, nothing):
    bench.charge()
    post(bench, "override_current=80")
    bench.step(2)
    assert bench.charger.grid_ma == [8000] * 3
    assert post(bench, f"override_current={nothing}") == (200, b'{"override_current":0}')
    bench.step(2)
    assert bench.charger.grid_ma == [16000] * 3
    assert bench.charger.writes[-1][1:] == (16000, True)


def test_pause_and_resume_keep_the_override_and_wear_the_flash(bench):
    bench.charge()
    post(bench, "override_current=80")
    assert bench.charger.flash_writes == 0
    assert post(bench, "mode=4") == (200, b'{"mode":"4"}')
    assert bench.get("/settings")["evse"]["state_id"] == 10
    assert shown(bench) == (4, 9, 0)
    assert bench.charger.grid_ma == [0] * 3
    post(bench, "mode=4")
    assert bench.charger.flash_writes == 1
    post(bench, "override_current=100")
    assert shown(bench) == (4, 9, 0)
    post(bench, "mode=1")
    assert shown(bench) == (1, 2, 0)
    assert bench.charger.grid_ma == [10000] * 3
    assert bench.charger.flash_writes == 2


def test_solar_drops_the_override_and_leaves_its_key_out(make):
    bench = make(mains_a=25)
    post(bench, "override_current=80")
    post(bench, "mode=2")
    assert post(bench, "override_current=80") == (200, b"{}")
    assert bench.get("/settings")["settings"]["override_current"] == 0
    post(bench, "mode=3")
    assert bench.charger.told_ma == 16000


def test_without_a_mains_meter_there_is_no_smart_mode(bench):
    assert post(bench, "mode=3") == (200, b'{"mode":"Value not allowed!"}')
    assert shown(bench)[0] == 1


def test_a_reboot_forgets_the_override_but_not_the_pause(bench):
    bench.charge()
    post(bench, "override_current=60")
    bench.charger.reboot()
    bench.step(2)
    assert bench.charger.grid_ma == [16000] * 3
    assert bench.charger.fallback_ma == 16000
    bench.charger.told_ma = 0
    bench.charger.reboot()
    assert bench.charger.told_ma == 0


def test_without_the_feed_it_stops_with_a_communication_error(make):
    bench = make(mains_a=25)
    bench.charge()
    feed(bench, 0, 0, 0)
    bench.step(10)
    assert bench.charger.grid_ma == [16000] * 3
    bench.step(2)
    assert shown(bench) == (3, 9, 2)
    assert bench.get("/settings")["evse"]["error"] == "Communication Error"
    assert bench.charger.grid_ma == [0] * 3
    feed(bench, 0, 0, 0)
    assert shown(bench) == (3, 2, 0)


def test_it_keeps_the_mains_below_their_current_itself(make):
    bench = make(mains_a=25)
    bench.charge()
    feed(bench, 310, 200, 200)
    bench.step(2)
    assert bench.charger.grid_ma == [10000] * 3
    feed(bench, 310, 200, 200)
    assert shown(bench) == (3, 9, 1)


def test_a_post_without_a_length_is_never_answered(bench):
    with socket.create_connection(("127.0.0.1", bench.charger.server.port), 0.2) as connection:
        connection.sendall(b"POST /settings?mode=4 HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(10)
    assert bench.charger.told_ma == 16000


def test_unknown_paths_and_methods(bench):
    assert bench.ask("GET", "/nothing")[0] == 404
    assert bench.ask("DELETE", "/settings")[0] == 404


def test_a_fault_shows_and_ignored_writes_are_answered_as_if(bench):
    bench.charger.ignore_writes(True)
    assert post(bench, "override_current=80") == (200, b'{"override_current":80}')
    assert bench.charger.told_ma == 16000
    bench.charger.break_down(True)
    bench.car.plug_in()
    assert shown(bench) == (1, 9, 5)
