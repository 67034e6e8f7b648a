"""What the settings do with anything at all, and what needs more memory than 64 KB."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from settings import strict
from settings.schema import SettingsError, check_charger, check_site
from settings.url import split_url
from settings.store import LINE_SIZE, read_chargers, read_site
from settings.writer import write_chargers, write_site

SITE = {"limit_ma": 63000, "supply_ma": 50000}
CHARGER = {"id": 1, "driver": "warp", "url": "http://192.168.1.21"}
SITE_KEYS = [*check_site(SITE), "own"]
CHARGER_KEYS = [*check_charger(CHARGER), "user", "password", "token", "own"]

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text()
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
lines = st.binary(max_size=2000) | st.builds(lambda value: json.dumps(value).encode(), values)


def objects(whole, keys):
    """Objects that are right but for a few keys."""
    changes = st.dictionaries(st.sampled_from(keys), values | st.integers(0, 70000), max_size=3)
    return changes.map(lambda change: {**whole, **change}) | values


def one_line(error):
    text = str(error)
    return len(text) < 300 and "\n" not in text and "\r" not in text


@given(objects(SITE, SITE_KEYS))
def test_a_site_is_checked_or_refused(site):
    try:
        checked = check_site(site)
    except SettingsError as error:
        assert one_line(error)
        return
    assert set(site) <= set(checked)
    assert 16000 <= checked["largest_consumer_ma"] <= checked["limit_ma"] <= 524000
    assert 0 <= checked["without_meter_ma"] <= checked["supply_ma"] <= 2048000
    assert check_site(checked) == checked


@given(objects(CHARGER, CHARGER_KEYS))
def test_a_charger_is_checked_or_refused(charger):
    try:
        checked = check_charger(charger)
    except SettingsError as error:
        assert one_line(error)
        return
    assert 1 <= checked["id"] <= 64
    assert (checked["min_ma"] or 6000) <= checked["max_ma"] <= 32000
    assert split_url(checked["url"])
    assert check_charger(checked) == checked


@given(st.text() | values.map(json.dumps))
def test_json_is_read_as_the_standard_library_reads_it_or_refused(text):
    try:
        read = strict.loads(text)
    except ValueError:
        return
    again = json.loads(text)
    assert read == again or math.isnan(read)


plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@given(plain, st.sampled_from([None, 2]), st.booleans())
def test_all_json_of_a_few_levels_is_taken(value, indent, escaped):
    text = json.dumps(value, indent=indent, ensure_ascii=escaped)
    try:
        assert strict.loads(text) == value
    except ValueError as error:
        assert "levels" in str(error)


@given(st.lists(lines, max_size=8))
def test_any_list_of_chargers_is_read_to_its_end(tmp_path_factory, raw):
    folder = tmp_path_factory.mktemp("data", numbered=True)
    (folder / "chargers.jsonl").write_bytes(b"\n".join(raw))
    for number, charger, error in read_chargers(str(folder)):
        assert number >= 1 and (charger is None) != (error is None)
        assert error is None or one_line(error)


@given(st.binary(max_size=3000) | objects(SITE, SITE_KEYS).map(lambda v: json.dumps(v).encode()))
def test_any_site_is_read_or_refused(tmp_path_factory, raw):
    folder = tmp_path_factory.mktemp("data", numbered=True)
    (folder / "site.json").write_bytes(raw)
    try:
        assert read_site(str(folder))["limit_ma"] >= 16000
    except SettingsError as error:
        assert one_line(error)


def test_a_site_too_long_to_be_read_is_not_written(tmp_path):
    with pytest.raises(SettingsError, match="longer than 8192 bytes"):
        write_site(str(tmp_path), {**SITE, "own": "y" * 9000})
    assert not list(tmp_path.iterdir())


def test_the_longest_line_that_is_written_can_be_read(tmp_path):
    room = LINE_SIZE - len(json.dumps({**CHARGER, "own": ""}))
    write_chargers(str(tmp_path), [{**CHARGER, "own": "y" * room}, {**CHARGER, "id": 2}])
    read = list(read_chargers(str(tmp_path)))
    assert [error for _, _, error in read] == [None, None]
    with pytest.raises(SettingsError, match="longer than 1024 bytes"):
        write_chargers(str(tmp_path), [{**CHARGER, "own": "y" * (room + 1)}])


def test_64_chargers_with_the_longest_lines_fit_the_file(tmp_path):
    room = LINE_SIZE - len(json.dumps({**CHARGER, "id": 64, "own": ""}))
    chargers = [{**CHARGER, "id": number, "own": "y" * room} for number in range(1, 65)]
    write_chargers(str(tmp_path), chargers)
    assert sum(error is None for _, _, error in read_chargers(str(tmp_path))) == 64


def test_files_that_are_folders_or_closed_are_errors(tmp_path):
    (tmp_path / "site.json").mkdir()
    (tmp_path / "chargers.jsonl").mkdir()
    with pytest.raises(SettingsError, match="cannot be read"):
        read_site(str(tmp_path))
    [(_, charger, error)] = read_chargers(str(tmp_path))
    assert charger is None and "cannot be read" in error
