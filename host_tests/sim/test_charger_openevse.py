"""The simulated OpenEVSE as any HTTP client sees it."""

import base64
import socket

import pytest
from amprail_tools.sim.charger_openevse import OpenevseCharger
from charger_bench import same_shape
from samples import data, sample_text


CHARGER = OpenevseCharger  # of the fixtures `make` and `bench`


def override(bench, **properties):
    return bench.json("POST", "/override", properties)


def shown(bench):
    bench.step(2)
    status = bench.get("/status")
    return status["state"], status["vehicle"], status["status"], status["pilot"]


def test_answers_have_the_shape_of_the_recorded_ones(bench):
    bench.charge()
    status = bench.get("/status")
    same_shape(status, data("openevse_status", "sim"))
    same_shape(bench.get("/config"), data("openevse_config", "sim"))
    assert status["amp"] == 16000  # mA
    assert status["voltage"] == pytest.approx(220, abs=20)
    claims = bench.get("/claims")
    assert set(claims[0]) <= set(data("openevse_claims")[1])
    assert set(bench.get("/claims/target")) == set(data("openevse_claims_target"))


def test_an_override_is_taken_and_seen_as_in_the_samples(bench):
    wanted = data("openevse_override")
    status, body, _ = bench.ask(
        "POST", "/override", b'{"state":"active","charge_current":16,"auto_release":true}'
    )
    assert (status, body) == (201, sample_text("openevse_post_override_201"))
    assert bench.get("/override") | {} == wanted
    assert bench.get("/status")["manual_override"] == 1
    assert bench.json("DELETE", "/override") == (200, {"msg": "Deleted"})
    assert bench.get("/override") == {}
    assert bench.ask("DELETE", "/override")[0] == 500


def test_zero_does_not_pause_but_is_raised_to_6_and_only_disabled_pauses(bench):
    bench.charge()
    override(bench, state="active", charge_current=0)
    assert shown(bench) == (3, 1, "active", 6)
    override(bench, state="active", charge_current=5)
    assert shown(bench) == (3, 1, "active", 6)
    assert bench.charger.grid_ma == [6000] * 3
    override(bench, state="disabled", charge_current=12, auto_release=False)
    assert shown(bench) == (254, 1, "disabled", 12)
    assert bench.charger.grid_ma == [0] * 3
    bench.car.unplug()
    assert shown(bench)[:2] == (254, 0)
    assert [entry[1] for entry in bench.charger.writes] == [0, 5000, 0]


def test_an_override_replaces_the_whole_override(bench):
    override(bench, state="disabled", charge_current=8)
    override(bench, charge_current=10)
    assert bench.get("/override") == {"charge_current": 10, "auto_release": True}
    assert bench.charger.told_ma == 10000


def test_max_current_in_an_override_does_nothing(bench):
    override(bench, state="active", max_current=8)
    assert bench.charger.told_ma == 16000


def test_the_higher_priority_wins_property_by_property(bench):
    claim = {"state": "active", "max_current": 10}
    assert bench.json("POST", "/claims/20", claim) == (200, {"msg": "done"})
    assert bench.get("/claims/20") == claim | {"auto_release": False}
    assert bench.charger.told_ma == 10000
    override(bench, state="disabled")
    assert bench.charger.told_ma == 0
    target = bench.get("/claims/target")
    assert target["properties"] == {"state": "disabled", "max_current": 10, "auto_release": False}
    assert target["claims"] == {"state": 0x10001, "max_current": 20}
    assert [row["priority"] for row in bench.get("/claims")] == [10, 500, 1000]
    bench.ask("DELETE", "/override")
    assert bench.json("DELETE", "/claims/20") == (200, {"msg": "done"})
    assert bench.ask("DELETE", "/claims/20")[0] == 404
    assert bench.ask("GET", "/claims/20")[0] == 404
    assert bench.charger.told_ma == 16000


def test_there_are_ten_clients_at_most(bench):
    for client in range(1, 10):
        assert bench.json("POST", f"/claims/{client}", {"max_current": 10})[0] == 200
    assert bench.json("POST", "/claims/11", {"max_current": 10})[0] == 400
    assert bench.json("POST", "/claims/9", {"max_current": 9})[0] == 200


def test_what_releases_itself_is_gone_when_the_car_leaves(bench):
    bench.charge()
    override(bench, state="active", charge_current=8)
    bench.json("POST", "/claims/20", {"max_current": 10})
    bench.car.unplug()
    bench.step()
    assert bench.get("/override") == {}
    assert bench.charger.told_ma == 10000
    bench.car.plug_in()
    override(bench, charge_current=8, auto_release=False)
    bench.step()
    bench.car.unplug()
    bench.step()
    assert bench.get("/override")["charge_current"] == 8


def test_a_reboot_forgets_claims_and_it_charges_with_all(bench):
    override(bench, state="disabled", auto_release=False)
    bench.charger.reboot()
    assert bench.charger.told_ma == 16000
    assert bench.charger.fallback_ma == 16000


def test_default_state_disabled_is_a_start_without_current(make):
    bench = make(defaults_ma=0)
    assert bench.charger.told_ma == bench.charger.fallback_ma == 0
    override(bench, state="active", charge_current=8)
    assert bench.charger.told_ma == 8000
    bench.charger.reboot()
    assert bench.charger.told_ma == 0


def test_the_shaper_pauses_without_news_and_lets_go_with_news(make):
    bench = make(shaper_w=30000, shaper_data_s=30)
    bench.charge()
    assert bench.charger.grid_ma == [0] * 3  # nobody has told it anything yet
    assert bench.charger.fallback_ma == 0
    status, answer = bench.json("POST", "/status", {"shaper_live_pwr": 5000})
    assert (status, answer) == (200, {"shaper_live_pwr": 5000})
    bench.step(20)
    assert bench.charger.grid_ma == [16000] * 3
    assert bench.get("/status")["shaper_updated"] is True
    bench.json("POST", "/status", {"shaper_live_pwr": 5000})
    bench.step(29)
    assert bench.charger.grid_ma == [16000] * 3
    bench.step(3)
    assert bench.charger.grid_ma == [0] * 3
    assert bench.get("/status")["shaper_updated"] is False
    assert bench.get("/claims/target")["claims"]["state"] == 0x1000B


def test_the_shaper_keeps_the_house_below_its_power(make):
    bench = make(shaper_w=11000)
    bench.charge()
    bench.json("POST", "/status", {"shaper_live_pwr": 4100})
    assert bench.get("/status")["shaper_cur"] == 10
    assert bench.charger.told_ma == 10000
    bench.json("POST", "/status", {"shaper_live_pwr": 10500})
    assert bench.charger.told_ma == 0


def test_the_shaper_is_set_in_the_configuration_which_is_stored(bench):
    wanted = {"current_shaper_enabled": True, "current_shaper_max_pwr": 22000}
    wanted["current_shaper_data_maxinterval"] = 60
    status, answer = bench.json("POST", "/config", wanted)
    assert (status, answer["msg"]) == (200, "done")
    assert bench.charger.flash_writes == 1
    assert bench.json("POST", "/config", wanted)[1]["msg"] == "no change"
    assert bench.charger.flash_writes == 1
    config = bench.get("/config")
    assert {key: config[key] for key in wanted} == wanted
    assert bench.charger.shaper.enabled


def login(password):
    return {"Authorization": "Basic " + base64.b64encode(f"me:{password}".encode()).decode()}


def test_wrong_credentials_are_401_and_then_429_and_right_ones_never(make):
    bench = make(user="me", password="test-only")
    status, _, headers = bench.ask("GET", "/status")
    assert status == 401
    assert headers["WWW-Authenticate"].startswith("Basic ")
    seen = {bench.ask("GET", "/status", headers=login("wrong"))[0] for _ in range(10)}
    assert seen == {401, 429}
    status, answer = bench.ask("GET", "/status", headers=login("wrong"))[:2]
    assert (status, answer) == (429, b'{"msg":"locked"}')
    assert bench.get("/status", headers=login("test-only"))
    assert bench.charger.line(1)["password"] == "test-only"


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b"null", b'{"state":"on"}', b'{"charge_current":"8"}', b"[" * 4000]
)
def test_a_body_that_is_no_override_is_refused_in_words(bench, body):
    status, text, _ = bench.ask("POST", "/override", body)
    assert status == 400
    assert b"parse" in text
    assert bench.charger.setpoints == 0


def test_unknown_paths_and_methods(bench):
    assert bench.ask("GET", "/nothing")[0] == 404
    assert bench.ask("PUT", "/override", b"{}")[0] == 405
    assert bench.ask("POST", "/claims", b"{}")[0] == 405


def test_a_post_without_a_length_is_never_answered(bench):
    with socket.create_connection(("127.0.0.1", bench.charger.server.port), 0.2) as connection:
        connection.sendall(b"POST /override HTTP/1.1\r\n\r\n")
        with pytest.raises(TimeoutError):
            connection.recv(10)


def test_a_fault_shows_and_ignored_writes_are_answered_as_if(bench):
    bench.charger.ignore_writes(True)
    assert override(bench, state="disabled")[0] == 201
    assert bench.charger.told_ma == 16000
    bench.charger.break_down(True)
    assert shown(bench)[0] == 6
