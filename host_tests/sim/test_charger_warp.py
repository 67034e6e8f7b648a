"""The simulated WARP charger as any HTTP client sees it."""

import http.client
import socket
import threading
import time

import pytest
from amprail_tools.sim.charger_warp import WarpCharger
from charger_bench import same_shape
from samples import data

# Field sets as documented by docs.warp-charger.com and recorded in evcc's issue 23145.
STATE = {
    "iec61851_state",
    "charger_state",
    "contactor_state",
    "contactor_error",
    "allowed_charging_current",
    "error_state",
    "lock_state",
    "dc_fault_current_state",
}
EXTERNAL = "/evse/external_current"


CHARGER = WarpCharger  # of the fixtures `make` and `bench`


def put(bench, body, path=EXTERNAL, method="PUT"):
    return bench.ask(method, path, body)[:2]


def test_states_have_the_fields_of_the_real_one(bench):
    assert set(bench.get("/evse/state")) == STATE
    same_shape(bench.get("/info/name"), data("warp_info_name"))
    same_shape(bench.get("/evse/external_current"), data("warp_evse_external_current"))
    same_shape(bench.get("/evse/external_defaults"), data("warp_evse_external_defaults"))
    same_shape(bench.get("/evse/low_level_state"), data("warp_evse_low_level_state"))
    same_shape(bench.get("/evse/slots"), data("warp_evse_slots"))
    same_shape(bench.get("/meters/0/values"), data("warp_meters_0_values"))
    same_shape(bench.get("/meter/all_values")[:10], data("warp_meter_all_values")[:10])
    assert bench.get("/evse/external_defaults") == {
        "current": 32000,
        "clear_on_disconnect": False,
    }
    slots = bench.get("/evse/slots")
    assert len(slots) == 18
    assert all(set(slot) == {"max_current", "active", "clear_on_disconnect"} for slot in slots)


@pytest.mark.parametrize("body", ["10000", '{"current":10000}', ' {"current" : 10000} '])
@pytest.mark.parametrize("path", [EXTERNAL, EXTERNAL + "_update"])
@pytest.mark.parametrize("method", ["PUT", "POST"])
def test_a_current_is_taken_in_every_way_of_the_api(bench, body, path, method):
    assert put(bench, body, path, method) == (200, b"")
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 10000}
    assert bench.get(EXTERNAL + "/current") == 10000
    assert bench.get("/evse/state")["allowed_charging_current"] == 10000


@pytest.mark.parametrize("ma", [1, 5999, 32001, 70000])
def test_a_current_out_of_range_is_answered_200_and_ignored(bench, ma):
    put(bench, "8000")
    assert put(bench, str(ma)) == (200, b"")
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 8000}
    assert bench.charger.writes[-1][1:] == (ma, False)


@pytest.mark.parametrize(
    "body",
    [
        *("", "{", "null", '"8000"', "8000.5", "true", "[8000]", "-1", "{}"),
        *('{"current":"8000"}', '{"current":8000,"more":1}', "[" * 4000, b"\xff"),
    ],
)
def test_a_body_that_is_not_a_current_is_refused_in_words(bench, body):
    status, text = put(bench, body)
    assert status == 400
    assert text
    assert bench.charger.told_ma == 32000


def test_what_is_offered_is_the_smallest_slot(make):
    bench = make(maximum_ma=16000)
    put(bench, "20000")
    bench.step()
    assert bench.get("/evse/state")["allowed_charging_current"] == 16000
    slots = bench.get("/evse/slots")
    assert slots[8] == {"max_current": 20000, "active": True, "clear_on_disconnect": False}
    active = [slot["max_current"] for slot in slots if slot["active"]]
    assert min(active) == 16000


def test_a_reading_right_after_a_write_is_still_the_old_one(bench):
    put(bench, "10000")
    assert bench.get(EXTERNAL) == {"current": 32000}
    bench.step(0.3)
    assert bench.get(EXTERNAL) == {"current": 10000}


def test_states_follow_the_car_and_the_pause(bench):
    def states():
        bench.step(2)
        state = bench.get("/evse/state")
        return state["iec61851_state"], state["charger_state"]

    assert states() == (0, 0)
    bench.car.plug_in()
    assert states() == (2, 3)
    put(bench, "0")
    assert states() == (1, 1)
    put(bench, "6000")
    assert states() == (2, 3)
    bench.charger.break_down(True)
    assert states() == (4, 4)
    assert bench.get("/evse/state")["allowed_charging_current"] == 0
    bench.charger.break_down(False)
    bench.car.unplug()
    assert states() == (0, 0)


def test_the_meter_has_the_currents_in_the_chargers_own_order(make):
    bench = make(phases="231")
    bench.car.phases = 2
    bench.car.plug_in()
    put(bench, "10000")
    bench.step(3)
    ids = bench.get("/meters/0/value_ids")
    assert ids == [1, 2, 3, 13, 17, 21, 39, 48, 57, 74, 209]
    values = dict(zip(ids, bench.get("/meters/0/values"), strict=True))
    assert [values[number] for number in (13, 17, 21)] == [10, 10, 0]
    assert bench.charger.grid_ma == [0, 10000, 10000]
    assert len(bench.get("/meter/all_values")) == 85


def test_a_model_without_meter_says_so(make):
    bench = make(has_meter=False)
    features = bench.get("/info/features")
    assert "evse" in features
    assert not [name for name in features if name.startswith("meter")]
    assert bench.ask("GET", "/meters/0/value_ids")[0] == 404
    assert bench.ask("GET", "/meters/0/values")[0] == 404


def test_a_charger_on_one_phase_uses_that_phase(make):
    bench = make(phases="2")
    bench.car.plug_in()
    bench.step(2)
    assert bench.charger.grid_ma == [0, 16000, 0]
    assert bench.charger.could_draw_ma() == [0, 16000, 0]


def test_the_slot_is_cleared_at_unplugging_only_if_asked_to(bench):
    put(bench, "10000")
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 10000}
    assert put(bench, "true", "/evse/external_clear_on_disconnect")[0] == 200
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 0}


def test_unknown_paths_and_methods(bench):
    assert bench.ask("GET", "/nothing")[0] == 404
    assert bench.ask("PUT", "/nothing", "1")[0] == 404
    assert bench.ask("PUT", "/evse/state", "1")[0] == 405
    assert bench.ask("DELETE", EXTERNAL)[0] == 405


def test_a_reply_has_its_length_and_ends_the_connection(bench):
    _, body, headers = bench.ask("GET", "/evse/state")
    assert int(headers["Content-Length"]) == len(body)
    assert headers["Connection"] == "close"


def raw(bench, *parts):
    with socket.create_connection(("127.0.0.1", bench.charger.server.port), 2) as connection:
        for part in parts:
            connection.sendall(part)
            time.sleep(0.01)
        data = b""
        while more := connection.recv(4096):
            data += more
        return data


def test_a_request_in_pieces_is_one_request(bench):
    reply = raw(
        bench, b"PUT /evse/external_current HTTP/1.1\r\nContent-", b"Length: 4\r\n\r\n80", b"00"
    )
    assert reply.startswith(b"HTTP/1.1 200 OK\r\n")
    assert bench.charger.told_ma == 8000


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"hello\r\n\r\n", b"400"),
        (b"PUT /evse/external_current HTTP/1.1\r\nContent-Length: x\r\n\r\n", b"400"),
        (b"PUT /evse/external_current HTTP/1.1\r\nContent-Length: 5000\r\n\r\n", b"413"),
        (b"GET / HTTP/1.1\r\nA: " + b"a" * 5000, b"431"),
    ],
)
def test_requests_that_are_none_are_refused(bench, request_, status):
    assert raw(bench, request_).split(b" ")[1] == status


def test_requests_are_served_one_after_the_other(make):
    bench = make(latency_s=0.05)
    asked = [threading.Thread(target=bench.get, args=("/evse/state",)) for _ in range(4)]
    begin = time.monotonic()
    for one in asked:
        one.start()
    for one in asked:
        one.join()
    assert 0.2 <= time.monotonic() - begin < 0.4


def test_ignored_writes_are_answered_200(bench):
    bench.charger.ignore_writes(True)
    assert put(bench, "6000") == (200, b"")
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 32000}
    bench.charger.ignore_writes(False)
    put(bench, "6000")
    assert bench.charger.told_ma == 6000


def test_gone_its_port_refuses_and_it_comes_back_as_it_was(bench):
    put(bench, "8000")
    port = bench.charger.server.port
    bench.charger.disappear()
    with pytest.raises(ConnectionRefusedError):
        bench.get("/evse/state")
    bench.charger.appear()
    assert bench.charger.server.port == port
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 8000}


def test_mute_it_accepts_and_never_answers(bench):
    bench.charger.disappear(mute=True)
    with pytest.raises(TimeoutError):
        bench.ask("PUT", EXTERNAL, "6000", timeout_s=0.1)
    bench.charger.appear()
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 32000}


def test_a_get_of_reboot_reboots_and_the_defaults_are_back(bench):
    put(
        bench,
        '{"current":12000,"clear_on_disconnect":false}',
        "/evse/external_defaults",
        method="POST",
    )
    put(bench, "6000")
    bench.charger.reboot_s = 0.2
    with pytest.raises((ConnectionError, http.client.HTTPException)):
        bench.ask("GET", "/reboot")
    assert bench.charger.reboots == 1
    assert bench.charger.told_ma == 12000
    with pytest.raises(ConnectionRefusedError):
        bench.get("/evse/state")
    time.sleep(0.3)
    bench.step()
    assert bench.get(EXTERNAL) == {"current": 12000}
