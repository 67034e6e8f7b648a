# JSON that people write by hand, and JSON that is meant to hurt.

import gc
import json

from both import raises
from settings import strict


def test_json_is_read_as_it_is_written():
    text = ' {"a":[1,-2.5e3,"\\u00fc\\"\\n",true,false,null,{},[]],"b":0} '
    assert strict.loads(text) == json.loads(text)


def test_what_is_not_json_is_refused():
    for text in (
        "",
        " ",
        "{",
        "{}x",
        "{} {}",
        '{"a" 1}',
        '{"a":1,}',
        '{"a":}',
        "[1,,2]",
        "[1 2]",
        "{1:2}",
        "{a:1}",
        "{'a':1}",
        "NaN",
        "[Infinity]",
        "[-]",
        "[01]",
        "[1.]",
        "[.5]",
        "[1e]",
        "[+1]",
        "[1e999]",
        '{"a":-1.5E+400}',
        '"\\x"',
        '"\\u12g4"',
        '"\\u12',
        '"\\ud83d"',
        '"\\ud83d\\u0041"',
        '"\\udd0b"',
        '"\\udd0b\\ud83d"',
        '"\\ud83d\\\\udd0b"',
        '"a',
        '"a\nb"',
        "tru",
        '{"a":1}}',
        "[1]]",
        "\ufeff{}",
    ):
        raises(ValueError, "column", strict.loads, text)


def test_a_key_for_a_second_time_is_refused():
    raises(ValueError, 'column 8: the key "a"', strict.loads, '{"a":1,"a":2}')
    assert strict.loads('{"a":1,"b":{"a":2}}')


def test_deep_nesting_is_refused_early():
    for text in ("[" * 3000, '{"a":' * 600, "[" * 7 + "]" * 7):
        raises(ValueError, "more than 6 levels", strict.loads, text)
        gc.collect()


def test_the_two_halves_of_a_character_are_one():
    for text, value in (
        ('"\\ud83d\\udd0b"', "\U0001f50b"),
        ('{"a\\uD83D\\uDD0B":"\\u00e4\\ud83d\\udd0b\\udbff\\udfff."}', None),
        ('"\\\\ud83d\\\\udd0b"', "\\ud83d\\udd0b"),
        ('"\\\\\\ud83d\\udd0b"', "\\\U0001f50b"),
        ('"\\\\\\\\ud83d"', "\\\\ud83d"),
    ):
        wanted = {"a\U0001f50b": "\u00e4\U0001f50b\U0010ffff."} if value is None else value
        assert strict.loads(text) == wanted, text
