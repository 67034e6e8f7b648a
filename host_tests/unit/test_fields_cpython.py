"""Single values of JSON against `json.loads`, and what is left of replies that are too long."""

import asyncio
import json

from chargers.fields import number, raw, squeeze
from hypothesis import given, settings
from hypothesis import strategies as st
from net.http_client import Client, HttpError

SIZE = 1024

keys = st.sampled_from(["a", "b", "c", "state", "l1", "0", "1", "a-b", "ä", 'q"', "\\"])
asked_keys = st.sampled_from(["a", "b", "c", "state", "l1", "0", "1", "2", "a-b"])
scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(10**12), 10**12)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=12)
    | st.sampled_from(["}", '{"a":1}', '"', "\\", "\\\\", ",", "]", ":"])
)
values = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(keys, inner, max_size=5),
    max_leaves=14,
)
layouts = st.sampled_from([(",", ":"), (", ", ": "), (" ,\n", " :\t")])
paths = st.lists(asked_keys, min_size=1, max_size=3).map(".".join)
NOT_THERE = object()


def at_path(value, path):
    for key in path.split("."):
        if isinstance(value, list) and key.isdigit() and int(key) < len(value):
            value = value[int(key)]
        elif isinstance(value, dict) and key in value:
            value = value[key]
        else:
            return NOT_THERE
    return value


@settings(deadline=None, max_examples=1000)
@given(values, layouts, st.booleans(), paths)
def test_a_value_is_found_where_json_says_it_is(value, layout, plain, path):
    text = json.dumps(value, separators=layout, ensure_ascii=plain).encode()
    found = raw(memoryview(text), path)
    right = at_path(value, path)
    assert found == b"" if right is NOT_THERE else json.loads(found) == right


@settings(deadline=None, max_examples=1000)
@given(values, layouts, paths, st.integers(0, 400))
def test_a_text_that_is_cut_off_never_says_something_else(value, layout, path, end):
    text = json.dumps(value, separators=layout).encode()
    found = raw(memoryview(text)[:end], path)
    assert found == b"" or json.loads(found) == at_path(value, path)


whole_numbers = st.integers(0, 10**9 - 1)


@settings(deadline=None, max_examples=1000)
@given(st.lists(whole_numbers | scalars, max_size=5), layouts, st.integers(0, 5), st.data())
def test_a_number_of_a_text_that_is_cut_off_is_no_other_one(numbers, layout, place, data):
    text = json.dumps({"a": numbers}, separators=layout).encode()
    end = data.draw(st.integers(0, len(text)))
    path = "a.%d" % place
    try:
        found = number(memoryview(text)[:end], path, 0, 10**9)
    except ValueError:
        right = at_path({"a": numbers}, path)
        assert end < len(text) or type(right) is not int or not 0 <= right <= 10**9
    else:
        assert found == at_path({"a": numbers}, path)


@settings(deadline=None, max_examples=1000)
@given(values | st.integers(-40, 40) | st.floats(-40, 40), st.sampled_from([1, 10, 1000]))
def test_a_number_is_one_within_its_bounds_or_a_value_error(value, per_unit):
    text = json.dumps({"a": value}).encode()
    fits = isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 32
    if per_unit == 1:
        fits = fits and value == int(value)
    try:
        found = number(memoryview(text), "a", 0, 32, per_unit)
    except ValueError as error:
        assert not fits and "expected 0..32" in str(error)
    else:
        assert fits and abs(found - value * per_unit) <= 0.5


@settings(deadline=None, max_examples=1000)
@given(st.binary(max_size=200), paths)
def test_bytes_that_are_no_json_are_read_without_an_error(body, path):
    assert isinstance(raw(memoryview(body), path), bytes)


# -- replies that are too long --

kept_keys = ("state", "l1", "a-b")
members = st.dictionaries(
    keys | st.text(max_size=8), scalars | st.lists(scalars, max_size=5), max_size=30
)
cuts = st.lists(st.integers(1, 2000), max_size=5)


@settings(deadline=None, max_examples=600)
@given(members, layouts, cuts)
def test_no_cut_at_all_loses_what_is_kept_or_changes_anything(value, layout, cuts):
    text = json.dumps(value, separators=layout).encode()
    view = memoryview(bytearray(len(text) + 1))
    end = taken = 0
    for cut in [*sorted(cuts), len(text)]:
        more = text[taken:cut]
        view[end : end + len(more)] = more
        taken += len(more)
        end = squeeze(view, end + len(more), kept_keys)
    left = json.loads(bytes(view[:end]))
    assert all(value[name] == member for name, member in left.items())
    assert {name for name in kept_keys if name in value} <= set(left)
    assert len(left) <= len(kept_keys) + 1


async def _asked(text, coding, cut):
    head = b"HTTP/1.1 200 OK\r\n"
    if coding == "length":
        head += b"Content-Length: %d\r\n" % len(text)
    if coding == "chunked":
        head += b"Transfer-Encoding: chunked\r\n"
        pieces = [text[at : at + cut] for at in range(0, len(text), cut)]
        text = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in [*pieces, b""])

    async def behave(reader, writer):
        await reader.readuntil(b"\r\n\r\n")
        whole = head + b"\r\n" + text
        for at in range(0, len(whole), 700):
            writer.write(whole[at : at + 700])
            await asyncio.sleep(0)
        writer.close()

    server = await asyncio.start_server(behave, "127.0.0.1", 0)
    client = Client(SIZE, squeeze)
    port = server.sockets[0].getsockname()[1]
    try:
        await client.request("127.0.0.1", port, "GET", "/", timeout_ms=2000, keep=kept_keys)
        return bytes(client.body)
    except HttpError as error:
        return error.kind
    finally:
        server.close()


fillers = st.dictionaries(st.text(min_size=9, max_size=12), scalars, min_size=40, max_size=150)


@settings(deadline=None, max_examples=100)
@given(
    fillers,
    st.dictionaries(st.sampled_from(kept_keys), scalars, max_size=3),
    st.randoms(use_true_random=False),
    st.sampled_from(["length", "chunked", "close"]),
    st.integers(1, 900),
)
def test_of_a_reply_of_up_to_8_kb_the_client_keeps_what_is_kept(filler, kept, random, coding, cut):
    order = list((filler | kept).items())
    random.shuffle(order)
    value = dict(order)
    text = json.dumps(value, separators=(",", ":")).encode()
    found = asyncio.run(_asked(text, coding, cut))
    if len(text) > 8192:
        assert found == "too_long"
        return
    left = json.loads(found)
    assert all(value[name] == member for name, member in left.items())
    assert set(kept) <= set(left)
