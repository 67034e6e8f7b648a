# A backup that is taken apart while it comes in, whole, broken and hostile.

from both import raises
from settings.pieces import Pieces
from settings.schema import SettingsError


def taken(text, step=7):
    """The objects of a backup that comes in steps of so many bytes."""
    found = []
    pieces = Pieces(lambda name, raw: found.append((name, raw)))
    for at in range(0, len(text), step):
        pieces.feed(text[at : at + step])
    pieces.end()
    return found


def test_site_and_chargers_come_one_by_one_however_it_is_cut():
    text = (
        b'{ "site": {"a":"}{]\\"","m":{"x":[1,{}]}}, "chargers" : [ {"id":1},\n{"g":[[{}]]} ] }\n'
    )
    wanted = [
        ("site", b'{"a":"}{]\\"","m":{"x":[1,{}]}}'),
        ("chargers", b'{"id":1}'),
        ("chargers", b'{"g":[[{}]]}'),
    ]
    for step in range(1, 30):
        assert taken(text, step) == wanted


def test_no_chargers_are_none():
    assert taken(b'{"site":{},"chargers":[]}') == [("site", b"{}")]


def test_what_is_no_backup_is_refused_at_its_end():
    for text in (
        b"",
        b"{}",
        b"[]",
        b'{"site":{}}',
        b'{"site":0,"chargers":[]}',
        b'{"site":{},"chargers":[0]}',
        b'{"site":{},"chargers":{}}',
        b'{"chargers":[],"site":{}}',
        b'{"site":{},"site":{},"chargers":[]}',
        b'{"site":{},"chargers":[{}{}]}',
        b'{"site":{},"chargers":[{}]}{}',
        b'{"site":{},"chargers":[{}',
        b'{"site":{},"chargers":[[{}]]}',
        b'{"site":{},"chargers":[],"more":1}',
        b'"site"',
        b"\x00" * 20,
    ):
        raises(SettingsError, "backup", taken, text)


def test_what_never_ends_is_refused_before_it_fills_the_memory():
    for begin in (b"[", b'{"', b"{", b'{"site":{"', b'{"site":{},"chargers":[{"', b" 0"):
        found = []
        pieces = Pieces(lambda name, raw: found.append(raw))
        pieces.feed(begin)
        fed = 0
        try:
            while fed < 20000:
                pieces.feed(b"[" if begin == b"[" else b"a" * 50)
                fed += 50
        except SettingsError:
            continue
        raise AssertionError(begin)
