"""The WARP driver against samples and against anything at all."""

import json
from pathlib import Path

import pytest
from chargers.answer import NO_STATE, Answer
from chargers import warp
from hypothesis import given
from hypothesis import strategies as st
from test_warp import (
    B,
    C,
    CHARGING,
    IDS,
    IDS_PATH,
    STATE_PATH,
    VALUES,
    VALUES_PATH,
    _confirmed,
    _notes,
    _state,
    _with_meter,
)

DATA = Path(__file__).parents[1] / "data"

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=12
)
keys = ("iec61851_state", "charger_state", "allowed_charging_current", "error_state", "own")
states = st.dictionaries(st.sampled_from(keys), scalars | st.integers(0, 40000))
lists = st.lists(st.none() | st.floats(0, 120) | scalars, max_size=12)
bodies = st.binary(max_size=300) | (values | states | lists).map(lambda v: json.dumps(v).encode())


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("warp_evse_state.json", CHARGING),
        ("warp_meters_0_value_ids.json", IDS),
        ("warp_meters_0_values.json", VALUES),
    ],
)
def test_the_samples_of_the_tests_are_those_of_the_files(name, raw):
    assert (DATA / name).read_bytes().strip() == raw


def test_a_plugged_in_car_that_waits_is_b_at_0():
    answer = _confirmed((DATA / "warp_evse_state_idle.json").read_bytes())
    assert (answer.state, answer.allowed_ma) == (B, 0)


paths = st.sampled_from([STATE_PATH, IDS_PATH, VALUES_PATH, "/evse/external_current"])


@given(paths, st.sampled_from([200, 204, 401, 404, 500]), bodies, st.booleans())
def test_any_reply_is_read_or_refused(path, status, body, with_meter):
    charger, answer = warp, Answer()
    notes = _with_meter() if with_meter else _notes()
    try:
        charger.read(("GET", path, None), status, memoryview(body), answer, notes)
    except ValueError as error:
        assert len(str(error)) < 250
        assert answer.state == NO_STATE
        assert not answer.has_phases
        return
    assert answer.state in (0, 1, 2, 3, 4, 5, NO_STATE)
    assert answer.allowed_ma == -1 or 0 <= answer.allowed_ma <= 32000
    assert all(0 <= ma <= 100000 for ma in answer.phase_ma)
    assert charger.poll(notes)[1] in (STATE_PATH, IDS_PATH, VALUES_PATH)


def test_thousands_of_brackets_are_refused_before_they_take_memory():
    with pytest.raises(ValueError, match="iec61851_state is missing"):
        _confirmed(b"[" * 100000)
    assert _confirmed(_state(own=[[1], {}])).state == C
