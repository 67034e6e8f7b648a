# The WARP driver against what the charger's documentation says it says, and against lies.

import json

from both import raises
from chargers.answer import NO_STATE, Answer
from chargers import warp

# As in host_tests/data (SOURCES.md there); test_warp_cpython.py sees to it that they are the same.
CHARGING = (
    b'{"iec61851_state":2,"charger_state":3,"contactor_state":3,"contactor_error":0,'
    b'"allowed_charging_current":32000,"error_state":0,"lock_state":0}'
)
IDS = b"[1,2,3,13,17,21,39,48,57,74,209]"
VALUES = b"[235.84,235.74,233.1,6.03,6.01,6.03,1416,1405,1391,4209,218.47]"


A, B, C, D, E, F = range(6)  # IEC 61851-1

STATE_PATH, IDS_PATH, VALUES_PATH = "/evse/state", "/meters/0/value_ids", "/meters/0/values"


def _warp():
    return warp


def _notes():
    return bytearray(8)


def _read(path, status, body, answer, notes):
    _warp().read(("GET", path, None), status, memoryview(body), answer, notes)


def _state(**changes):
    said = {
        "iec61851_state": 2,
        "charger_state": 3,
        "allowed_charging_current": 16000,
        "error_state": 0,
    }
    said.update(changes)
    return json.dumps(said).encode()


def _confirmed(body, status=200):
    answer = Answer()
    _, path, _ = _warp().confirm(_notes())
    _read(path, status, body, answer, _notes())
    return answer


def _with_meter():
    """The notes of a charger whose values have been found."""
    charger, notes, answer = _warp(), _notes(), Answer()
    assert charger.poll(notes) == ("GET", IDS_PATH, None)
    _read(IDS_PATH, 200, IDS, answer, notes)
    assert charger.poll(notes) == ("GET", VALUES_PATH, None)
    return notes


def _measured(body, status=200):
    answer = Answer()
    _read(VALUES_PATH, status, body, answer, _with_meter())
    return answer


def test_a_current_is_written_in_ma():
    assert _warp().write(16000, _notes(), 0) == (
        "PUT",
        "/evse/external_current",
        b'{"current":16000}',
    )
    assert _warp().write(0, _notes(), 0)[2] == b'{"current":0}'


def test_a_current_that_the_charger_would_ignore_is_the_callers_error():
    for ma in (1, 5999, 32001, -6000, 100000):
        raises(ValueError, "expected 0 or 6000..32000", _warp().write, ma, _notes(), 0)


def test_what_the_charger_says_to_a_write_is_checked():
    charger, answer = _warp(), Answer()
    _, path, _ = charger.write(6000, _notes(), 0)
    _read(path, 200, b"", answer, _notes())
    assert answer.state == NO_STATE and answer.allowed_ma == -1
    for status in (204, 302, 400, 401, 404, 500):
        error = raises(ValueError, path, _read, path, status, b"no", answer, _notes())
        assert "{}, expected 200".format(status) in str(error)


def test_the_state_is_read_with_the_current_allowed():
    answer = _confirmed(CHARGING)
    assert (answer.state, answer.allowed_ma, answer.has_phases) == (C, 32000, False)


def test_each_state_has_its_letter():
    for number, letter in enumerate((A, B, C, D, E)):
        assert _confirmed(_state(iec61851_state=number)).state == letter


def test_a_faulty_charger_is_f():
    assert _confirmed(_state(charger_state=4)).state == F
    for fault in (1, 2, 3, 4, 5):
        assert _confirmed(_state(error_state=fault)).state == F


def test_a_state_that_cannot_be_is_refused():
    for key in ("iec61851_state", "charger_state", "error_state", "allowed_charging_current"):
        for value in (-1, 100000, "2", None, True, 1.5, [1], {}):
            raises(ValueError, key, _confirmed, _state(**{key: value}))
    raises(
        ValueError,
        "allowed_charging_current is missing",
        _confirmed,
        b'{"iec61851_state":2,"charger_state":3,"error_state":0}',
    )


def test_what_is_not_a_json_object_is_refused():
    for body in (
        b"",
        b"<html></html>",
        b"[]",
        b"2",
        b"null",
        b'"x"',
        b"\xff\xfe",
        b'{"a":',
        b"NaN",
    ):
        raises(ValueError, "iec61851_state is missing", _confirmed, body)
    raises(ValueError, "iec61851_state is missing", _confirmed, b"[" * 1500)


def test_a_refused_reply_leaves_nothing_of_the_one_before():
    answer = Answer()
    _read(STATE_PATH, 200, CHARGING, answer, _notes())
    raises(ValueError, "is 500", _read, STATE_PATH, 500, CHARGING, answer, _notes())
    assert answer.state == NO_STATE and answer.allowed_ma == -1


def test_phase_currents_are_read_in_ma():
    answer = _measured(VALUES)
    assert answer.has_phases and list(answer.phase_ma) == [6030, 6010, 6030]
    assert answer.state == NO_STATE and answer.allowed_ma == -1


def test_values_are_found_by_their_ids():
    notes, answer = _notes(), Answer()
    _read(IDS_PATH, 200, b"[21, 5, 13, 17]", answer, notes)
    _read(VALUES_PATH, 200, b"[3, 0, 1, 2.0004]", answer, notes)
    assert list(answer.phase_ma) == [1000, 2000, 3000]


def test_two_chargers_do_not_share_what_was_found():
    charger, one, other, answer = _warp(), _with_meter(), _notes(), Answer()
    _read(IDS_PATH, 404, b"", answer, other)
    assert charger.poll(one)[1] == VALUES_PATH
    assert charger.poll(other)[1] == STATE_PATH


def test_a_null_is_no_measurement():
    for phase in ("null,1,1", "1,null,1", "1,1,null"):
        answer = _measured(b"[1,2,3,%s,1,2,3,4,5]" % phase.encode())
        assert not answer.has_phases and list(answer.phase_ma) == [0, 0, 0]


def test_a_phase_current_that_cannot_be_is_refused():
    for value in (b"-0.1", b"101", b'"6"', b"true", b"[6]", b"{}", b"1e999"):
        error = raises(ValueError, "4 is ", _measured, b"[1,2,3,6,%s,6,0,0]" % value)
        assert "expected 0..100" in str(error)


def test_values_that_are_not_a_list_are_refused():
    for body in (b"{}", b"6", b"null", b"", b"<html>"):
        raises(ValueError, "values is", _measured, body)


def test_ids_are_asked_for_again_when_the_values_do_not_fit_them():
    charger, notes, answer = _warp(), _with_meter(), Answer()
    raises(
        ValueError,
        "values is [1,2], expected a list of more",
        _read,
        VALUES_PATH,
        200,
        b"[1,2]",
        answer,
        notes,
    )
    assert IDS_PATH in [charger.poll(notes)[1] for _ in range(110)]


def test_a_charger_without_a_meter_is_asked_again_after_100_polls():
    for status, body in ((404, b"not found"), (200, b"[74]"), (200, b"[]"), (200, b"[13,17]")):
        charger, notes, answer = _warp(), _notes(), Answer()
        _read(IDS_PATH, status, body, answer, notes)
        paths = [charger.poll(notes)[1] for _ in range(120)]
        assert paths.index(IDS_PATH) == 100
        assert not answer.has_phases


def test_a_meter_that_is_gone_is_no_error():
    answer = _measured(b"not found", 404)
    assert not answer.has_phases


def test_a_meter_that_fails_is_an_error():
    for status in (400, 401, 500):
        raises(ValueError, "is {}".format(status), _measured, b"", status)


def test_only_paths_that_read_are_asked_for():
    charger, notes, answer = _warp(), _notes(), Answer()
    for turn in range(300):
        method, path, body = charger.poll(notes)
        assert method == "GET" and body is None
        assert path in (STATE_PATH, IDS_PATH, VALUES_PATH)
        if turn % 7 == 0:
            raises(ValueError, path, _read, path, 500, b"", answer, notes)
        elif path == STATE_PATH:
            _read(path, 200, CHARGING, answer, notes)
        else:
            body = IDS if path == IDS_PATH else VALUES
            _read(path, 404 if turn % 5 == 0 else 200, body, answer, notes)
