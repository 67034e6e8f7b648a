# Every driver but WARP's, which has a file of its own: what it sends, what it reads, what it
# refuses.

from both import raises
from chargers.answer import AS_SET, NO_STATE, Answer
from drivers import ANSWERS, STATES, WRITES, A, B, C, F, load, read, requests

# What a charger says instead of JSON that makes sense, with any status.
NONSENSE = (
    b"",
    b"<html><body>login</body></html>",
    b"[]",
    b"null",
    b"{",
    b'{"',
    b"{}}",
    b"\xff\xfe",
)
NONSENSE += (b"[" * 1000, b'{"a":' * 200, b"1e999", b'"', b"{}" * 500)


def said(name, body, status=200, path=None, notes=None):
    answer = Answer()
    driver = load(name)
    read(driver, path or STATES[name][0], status, body, answer, notes or bytearray(8))
    return answer


def changed(name, *pairs):
    body = STATES[name][1]
    for old, new in pairs:
        assert old in body, (name, old)
        body = body.replace(old, new)
    return body


def test_every_driver_says_what_its_charger_says():
    for name in STATES:
        _, body, (state, allowed_ma, phase_ma) = STATES[name]
        answer = said(name, body)
        assert (answer.state, answer.allowed_ma) == (state, allowed_ma), name
        assert answer.has_phases == (phase_ma is not None), name
        assert list(answer.phase_ma) == (phase_ma or [0, 0, 0]), name


def test_every_driver_sends_what_its_charger_expects():
    for name in WRITES:
        driver = load(name)
        to_set, to_pause = WRITES[name]
        told = 12345 - 12345 % driver.STEP_MA
        assert requests(driver, told, bytearray(8)) == to_set, name
        assert requests(driver, 0, bytearray(8)) == to_pause, name


def test_every_driver_knows_a_refusal_from_a_promise():
    for name in ANSWERS:
        driver = load(name)
        for status, body, good in ANSWERS[name]:
            notes = bytearray(8)
            request = driver.write(12000, notes, 0)
            answer = Answer()
            if good:
                read(driver, request, status, body, answer, notes)
                assert answer.allowed_ma == -1 and answer.state == NO_STATE, name
            else:
                raises(ValueError, "expected", read, driver, request, status, body, answer, notes)


def test_no_driver_takes_nonsense_for_a_state():
    for name in STATES:
        for body in NONSENSE:
            raises(ValueError, "expected", said, name, body)


def test_no_driver_takes_a_wrong_status():
    for name in STATES:
        for status in (204, 301, 401, 403, 404, 429, 500, 503):
            raises(ValueError, "expected", said, name, STATES[name][1], status)


def test_no_driver_says_a_current_that_cannot_be():
    for name in STATES:
        body = STATES[name][1]
        for wrong in (b"-1", b"null", b'"16"', b"1e9", b"[16]", b"true", b"NaN"):
            for right in CURRENTS[name]:
                assert right in body
                text = changed(name, (right, right.split(b":")[0] + b":" + wrong))
                raises(ValueError, "expected", said, name, text)


# How the allowed current stands in each reply.
CURRENTS = {
    "goe": (b'"amp":16',),
    "openevse": (b'"pilot":16',),
    "smartevse": (b'"override_current":160', b'"current_max":16'),
    "nrgkick": (),
    "openwb_pro": (b'"offered_current":6',),
    "peblar": (b'"ChargeCurrentLimitActual":6000',),
    "lektrico": (b'"dynamic_current":10',),
    "generic": (b'"actualCurrentMA":1000',),
}


def test_no_request_is_made_below_what_a_charger_can_offer():
    for name in WRITES:
        driver = load(name)
        for ma in (6000, 6999, 16000, 32000):
            for _, path, body in requests(driver, ma - ma % driver.STEP_MA, bytearray(8)):
                assert path[0] == "/" and " " not in path
                assert body is None or isinstance(body, bytes)


def test_only_what_a_driver_asks_for_changes_nothing():
    for name in STATES:
        driver, notes = load(name), bytearray(8)
        for ask in (driver.confirm, driver.poll, driver.confirm):
            method, _, body = ask(notes)
            assert method == "GET" and body is None


# -- the peculiarities of each --


def test_a_goe_says_400_and_all_the_same_its_state():
    assert said("goe", STATES["goe"][1], 400).state == C


def test_a_goe_that_is_paused_allows_nothing():
    assert said("goe", changed("goe", (b'"frc":0', b'"frc":1'))).allowed_ma == 0


def test_a_goe_has_its_own_numbers_for_states():
    for number, state in ((0, F), (1, A), (2, C), (3, B), (4, B), (5, F)):
        assert said("goe", changed("goe", (b'"car":2', b'"car":%d' % number))).state == state
    assert said("goe", changed("goe", (b'"err":0', b'"err":8'))).state == F
    raises(ValueError, "car", said, "goe", changed("goe", (b'"car":2', b'"car":6')))


def test_a_goe_without_values_of_its_meter_has_no_phases():
    body = changed("goe", (b"15.9,15.8,16.04", b"null,null,null"))
    assert not said("goe", body).has_phases


def test_an_openevse_that_sleeps_allows_nothing_and_tells_a_car():
    for number in (b"254", b"255"):
        body = changed("openevse", (b'"state":3', b'"state":' + number))
        assert (said("openevse", body).state, said("openevse", body).allowed_ma) == (B, 0)
        body = body.replace(b'"vehicle":1', b'"vehicle":0')
        assert said("openevse", body).state == A


def test_an_openevse_with_a_fault_is_f():
    for number in (0, 5, 6, 11, 100):
        body = changed("openevse", (b'"state":3', b'"state":%d' % number))
        assert said("openevse", body).state == F


def test_an_openevse_with_a_shaper_is_fed_and_has_a_watchdog():
    driver, notes = load("openevse"), bytearray(8)
    answer = Answer()
    read(
        driver, "/status", 200, changed("openevse", (b'"shaper":0', b'"shaper":1')), answer, notes
    )
    assert answer.watchdog_s == AS_SET
    feeding = ("POST", "/status", b'{"shaper_live_pwr":0}')
    assert requests(driver, 6000, notes)[1:] == [feeding]
    assert requests(driver, 0, notes)[1:] == [feeding]
    read(driver, "/status", 200, STATES["openevse"][1], answer, notes)
    assert answer.watchdog_s == 0 and len(requests(driver, 6000, notes)) == 1


def test_a_smartevse_is_paused_and_resumed_by_its_mode_and_only_when_that_changes():
    driver, notes, answer = load("smartevse"), bytearray(8), Answer()
    read(driver, "/settings", 200, STATES["smartevse"][1], answer, notes)
    assert requests(driver, 0, notes) == [("POST", "/settings?mode=4", b"")]
    paused = changed("smartevse", (b'"mode_id":1', b'"mode_id":4'))
    read(driver, "/settings", 200, paused, answer, notes)
    assert answer.allowed_ma == 0
    assert requests(driver, 0, notes) == []
    assert [path for _, path, _ in requests(driver, 9900, notes)] == [
        "/settings?override_current=99",
        "/settings?mode=1",
    ]


def test_a_smartevse_goes_back_to_smart_where_it_was_smart():
    driver, notes, answer = load("smartevse"), bytearray(8), Answer()
    for mode in (b"3", b"4"):
        body = changed("smartevse", (b'"mode_id":1', b'"mode_id":' + mode))
        read(driver, "/settings", 200, body, answer, notes)
    assert requests(driver, 6000, notes)[1][1] == "/settings?mode=3"


def test_a_smartevse_without_an_override_allows_all():
    body = changed("smartevse", (b'"override_current":160', b'"override_current":0'))
    assert said("smartevse", body).allowed_ma == 16000


def test_a_smartevse_that_takes_us_for_its_mains_meter_is_fed_and_has_a_watchdog():
    driver, notes, answer = load("smartevse"), bytearray(8), Answer()
    body = changed("smartevse", (b"Disabled", b"API"), (b'"mode_id":1', b'"mode_id":3'))
    read(driver, "/settings", 200, body, answer, notes)
    assert answer.watchdog_s == 11
    assert requests(driver, 6000, notes)[-1] == ("POST", "/currents?L1=0&L2=0&L3=0", b"")
    read(driver, "/settings", 200, body.replace(b'"mode_id":3', b'"mode_id":1'), answer, notes)
    assert answer.watchdog_s == 0


def test_a_smartevse_without_a_meter_at_the_car_has_no_phases():
    for old, new in ((b"Eastron3P", b"Disabled"), (b'"currents":{', b'"none":{')):
        assert not said("smartevse", changed("smartevse", (old, new))).has_phases


def test_a_smartevse_tells_its_states():
    for number, state in ((0, B), (1, B), (2, C), (3, C), (6, C), (7, C), (9, B), (10, C)):
        body = changed("smartevse", (b'"state_id":2', b'"state_id":%d' % number))
        assert said("smartevse", body).state == state
    assert said("smartevse", changed("smartevse", (b"true", b"false"))).state == A
    assert said("smartevse", changed("smartevse", (b'"error_id":0', b'"error_id":2'))).state == F
    assert said("smartevse", changed("smartevse", (b'"error_id":0', b'"error_id":1'))).state == C


def test_an_nrgkick_is_asked_what_it_is_set_to_first_after_each_write():
    driver, notes = load("nrgkick"), bytearray(8)
    for _ in range(2):
        driver.confirm(notes)
        driver.write(6000, notes, 0)
        assert driver.confirm(notes)[1] == "/control"
        assert driver.confirm(notes)[1] == "/values?general=1&powerflow=1"


def test_an_nrgkick_tells_what_it_is_set_to():
    for body, allowed_ma in (
        (b'{"current_set":6.5,"charge_pause":0,"energy_limit":0,"phase_count":3}', 6500),
        (b'{"current_set":16,"charge_pause":1}', 0),
    ):
        assert said("nrgkick", body, path="/control").allowed_ma == allowed_ma
    raises(ValueError, "charge_pause", said, "nrgkick", b'{"current_set":16}', 200, "/control")


def test_an_nrgkick_in_a_state_nobody_knows_is_f():
    for word in (b"ERROR", b"UNKNOWN", b"NEW"):
        assert said("nrgkick", changed("nrgkick", (b"CHARGING", word))).state == F


def test_an_openwb_pro_without_a_car_allows_nothing_whatever_it_shows():
    body = changed("openwb_pro", (b'"plug_state":true', b'"plug_state":false'))
    body = body.replace(b'"charge_state":true', b'"charge_state":false')
    answer = said("openwb_pro", body)
    assert (answer.state, answer.allowed_ma) == (A, 0)


def test_a_peblar_below_6_a_allows_nothing():
    body = changed(
        "peblar", (b'"ChargeCurrentLimitActual":6000', b'"ChargeCurrentLimitActual":5999')
    )
    assert said("peblar", body).allowed_ma == 0


def test_a_peblar_tells_its_states():
    for letter, state in ((b"A", A), (b"B", B), (b"F", F), (b"Invalid", F), (b"", F), (b"AB", F)):
        body = changed("peblar", (b"State C", b"State " + letter))
        assert said("peblar", body).state == state


def test_a_peblar_of_one_phase_has_no_phase_currents_but_is_read():
    body = b'{"CurrentPhase1":5900,"CurrentPhase2":null,"CurrentPhase3":null}'
    assert not said("peblar", body, path="/api/wlac/v1/meter").has_phases
    body = b'{"CurrentPhase1":5900,"CurrentPhase2":1,"CurrentPhase3":6010}'
    assert list(said("peblar", body, path="/api/wlac/v1/meter").phase_ma) == [5900, 1, 6010]


def test_a_lektrico_tells_its_states():
    for word, state in ((b"A", A), (b"B_AUTH", B), (b"B_PAUSE", B), (b"F", F), (b"LOCKED", F)):
        assert said("lektrico", changed("lektrico", (b'"C"', b'"' + word + b'"'))).state == state
    body = changed("lektrico", (b'"has_active_errors":false', b'"has_active_errors":true'))
    assert said("lektrico", body).state == F


def test_a_generic_charger_says_what_its_description_makes_of_it():
    assert (
        said("generic", changed("generic", (b'"vehicleState":3', b'"vehicleState":2'))).state == B
    )
    assert (
        said("generic", changed("generic", (b'"vehicleState":3', b'"vehicleState":9'))).state == F
    )
    raises(ValueError, "generic", __import__("chargers.generic").generic.driver, {"id": 1})
