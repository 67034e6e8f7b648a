# JSON as RFC 8259 has it. MicroPython's parser takes `{"a" 1}`, `[1,,2]` and `01` for good, keeps
# the last of two equal keys and says only "syntax error"; a settings file is written by hand, so
# what is wrong and where has to be said. Depth is bounded: `repr` of 3000 brackets is a crash.

import json

from micropython import const

_DEPTH = const(6)
_SPACE = " \t\r\n"
_HEX = "0123456789abcdefABCDEF"
_HIGH = const(0xD800 >> 10)  # the halves of a character above U+FFFF begin so
_LOW = const(0xDC00 >> 10)
_ESCAPES = '"\\/bfnrt'


def loads(text: str):
    """The value in `text`; ValueError saying what is wrong in which column, from 1."""
    at = _skip(text, _value(text, _skip(text, 0), 0))
    if at < len(text):
        raise _wrong(at, "something follows the value")
    return json.loads(_joined(text) if "\\u" in text else text)


# MicroPython leaves the two halves of a character as two characters, which no UTF-8 has.
def _joined(text: str) -> str:
    at = text.find("\\u")
    while at >= 0:
        code = _code(text, at)
        slashes = len(text[:at]) - len(text[:at].rstrip("\\"))
        if code >> 10 == _HIGH and slashes % 2 == 0:
            code = 0x10000 + ((code & 0x3FF) << 10 | _code(text, at + 6) & 0x3FF)
            text = text[:at] + chr(code) + text[at + 12 :]
        at = text.find("\\u", at + 1)
    return text


# The code of an escape, of which a string may have the backslash escaped: 0 for what is none.
def _code(text: str, at: int) -> int:
    digits = text[at + 2 : at + 6]
    if text[at : at + 2] != "\\u" or len(digits) < 4:
        return 0
    return 0 if [c for c in digits if c not in _HEX] else int(digits, 16)


def _wrong(at: int, what: str) -> ValueError:
    return ValueError("column {}: {}".format(at + 1, what))


def _skip(text: str, at: int) -> int:
    while at < len(text) and text[at] in _SPACE:
        at += 1
    return at


def _value(text: str, at: int, depth: int) -> int:
    start = text[at : at + 1]
    if start == '"':
        return _string(text, at)
    if start and start in "{[":
        if depth == _DEPTH:
            raise _wrong(at, "more than {} levels".format(_DEPTH))
        return _members(text, at, depth + 1)
    for word in ("true", "false", "null"):
        if text[at : at + len(word)] == word:
            return at + len(word)
    return _number(text, at)


def _members(text: str, at: int, depth: int) -> int:
    keyed = text[at] == "{"
    end = "}" if keyed else "]"
    keys = set()
    at = _skip(text, at + 1)
    if text[at : at + 1] == end:
        return at + 1
    while True:
        if keyed:
            at = _key(text, at, keys)
        at = _skip(text, _value(text, at, depth))
        follows = text[at : at + 1]
        if follows == end:
            return at + 1
        if follows != ",":
            raise _wrong(at, "',' or '{}' expected".format(end))
        at = _skip(text, at + 1)


def _key(text: str, at: int, keys: set) -> int:
    if text[at : at + 1] != '"':
        raise _wrong(at, "a key in double quotes expected")
    end = _string(text, at)
    if text[at:end] in keys:
        raise _wrong(at, "the key {} for a second time".format(text[at:end][:40]))
    keys.add(text[at:end])
    at = _skip(text, end)
    if text[at : at + 1] != ":":
        raise _wrong(at, "':' expected")
    return _skip(text, at + 1)


def _string(text: str, start: int) -> int:
    at = start + 1
    while at < len(text):
        char = text[at]
        if char == '"':
            return at + 1
        if char < " ":
            raise _wrong(at, "a control character")
        if "\ud7ff" < char < "\ue000":
            raise _wrong(at, "half a character")
        at += _escape(text, at) if char == "\\" else 1
    raise _wrong(start, "a string without an end")


def _escape(text: str, at: int) -> int:
    kind = text[at + 1 : at + 2]
    if kind and kind in _ESCAPES:
        return 2
    digits = text[at + 2 : at + 6]
    if kind != "u" or len(digits) < 4 or [c for c in digits if c not in _HEX]:
        raise _wrong(at, "an unknown escape")
    half = int(digits, 16) >> 10
    if half not in (_HIGH, _LOW):
        return 6
    if half == _LOW or _code(text, at + 6) >> 10 != _LOW:
        raise _wrong(at, "half a character")
    return 12


def _digits(text: str, at: int) -> int:
    start = at
    while at < len(text) and "0" <= text[at] <= "9":
        at += 1
    if at == start:
        raise _wrong(at, "a value expected")
    return at


def _number(text: str, at: int) -> int:
    begin = at
    if text[at : at + 1] == "-":
        at += 1
    start = at
    at = _digits(text, at)
    whole = at
    if text[start] == "0" and at > start + 1:
        raise _wrong(start, "a number with a leading 0")
    if text[at : at + 1] == ".":
        at = _digits(text, at + 1)
    if text[at : at + 1] in ("e", "E"):
        at += 1
        if text[at : at + 1] in ("+", "-"):
            at += 1
        at = _digits(text, at)
    if at > whole and abs(float(text[begin:at])) == float("inf"):
        raise _wrong(begin, "a number that is too large")
    return at
