"""Every driver against anything at all: what it says is a ValueError or can be."""

from chargers.answer import AS_SET, NO_STATE, Answer
from drivers import STATES, load, requests
from hypothesis import given, settings
from hypothesis import strategies as st

NAMES = ("warp", *STATES)
DRIVERS = {name: load(name) for name in NAMES}
GOOD = [body for _, body, _ in STATES.values()]
GOOD += [
    b'{"iec61851_state":2,"charger_state":3,"allowed_charging_current":16000,"error_state":0}',
    b"[1,2,3,13,17,21,39,48,57,74,209]",
    b"[230,230,230,9.5,9.4,9.6]",
    b'{"tasks":[{"trigger":[9,null],"action":[3,{"current":6000}],"delay":0}]}',
    b'{"current":16000,"clear_on_disconnect":false}',
    b'{"charge_pause":0,"current_set":16.0,"energy_limit":0,"phase_count":3}',
    b'{"CurrentPhase1":15900,"CurrentPhase2":15800,"CurrentPhase3":16000}',
]
# What stands in the place of a number, or of anything.
WRONG = [b"null", b"NaN", b"-1", b"-0", b'"16"', b"1e999", b"1e-9", b"[]", b"{}", b"true", b"16."]
WRONG += [b"-Infinity", b"9" * 400, b"0x10", b"1_6", b"\xff", b"\x00", b'"\\', b" " * 300]


@st.composite
def spoilt(draw):
    """A good reply of any vendor with a piece of it exchanged, and perhaps cut."""
    body = draw(st.sampled_from(GOOD))
    begin = draw(st.integers(0, len(body)))
    end = begin + draw(st.integers(0, 6))
    body = body[:begin] + draw(st.sampled_from(WRONG) | st.binary(max_size=9)) + body[end:]
    return body[: draw(st.integers(0, len(body)) | st.just(len(body)))]


bodies = spoilt() | st.sampled_from(GOOD) | st.binary(max_size=400)
statuses = st.just(200) | st.integers(100, 599)
any_notes = st.just(bytes(8)) | st.binary(min_size=8, max_size=8)


def asked(driver, notes):
    """Every request that it can make with these notes."""
    for ma in (0, 6000, 16000, 32000):
        yield from requests(driver, ma - ma % driver.STEP_MA, notes)
    yield driver.confirm(notes)
    yield driver.poll(notes)
    yield driver.poll(bytearray(b"\x03\x04\x05") + notes[3:])
    for step in range(driver.ARM_STEPS):
        yield driver.arm(notes, 6000, step)


def check(answer):
    assert 0 <= answer.state <= 5 or answer.state == NO_STATE
    assert -1 <= answer.allowed_ma <= 100_000
    assert -1 <= answer.fallback_ma <= 65_535
    assert -1 <= answer.watchdog_s <= 60 or answer.watchdog_s == AS_SET
    assert all(0 <= ma <= 100_000 for ma in answer.phase_ma)
    assert len(answer.phase_ma) == 3


@settings(deadline=None, max_examples=1500)
@given(st.sampled_from(NAMES), statuses, bodies, any_notes)
def test_any_reply_to_any_request_is_a_value_error_or_an_answer_that_can_be(
    name, status, body, notes
):
    driver, notes, answer = DRIVERS[name], bytearray(notes), Answer()
    for request in asked(driver, notes):
        answer.clear()
        try:
            driver.read(request, status, memoryview(body), answer, notes)
        except ValueError as error:
            assert 10 < len(str(error)) < 200
        else:
            check(answer)


@settings(deadline=None, max_examples=300)
@given(st.sampled_from(NAMES), any_notes)
def test_whatever_a_driver_has_noted_its_requests_are_requests(name, notes):
    for method, path, body in asked(DRIVERS[name], bytearray(notes)):
        assert method in ("GET", "PUT", "POST", "PATCH")
        assert path[0] == "/" and path.isascii() and not set(path) & set(" \r\n")
        assert body is None or isinstance(body, bytes)


def test_no_driver_takes_the_state_of_another_vendors_charger_for_its_own():
    for name in STATES:
        for other in STATES:
            if other == name:
                continue
            answer = Answer()
            try:
                DRIVERS[name].read(
                    ("GET", STATES[name][0], None),
                    200,
                    memoryview(STATES[other][1]),
                    answer,
                    bytearray(8),
                )
            except ValueError as error:
                assert "expected" in str(error)
            else:
                raise AssertionError(f"{name} understands {other}")


def test_a_state_that_is_cut_off_anywhere_is_never_another_current():
    for name, (path, body, (_, allowed_ma, _)) in STATES.items():
        for end in range(len(body)):
            answer = Answer()
            try:
                request = ("GET", path, None)
                cut = memoryview(body)[:end]
                DRIVERS[name].read(request, 200, cut, answer, bytearray(8))
            except ValueError:
                continue
            assert answer.allowed_ma == allowed_ma, (name, end)
