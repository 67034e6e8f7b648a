"""Recorded answers, and whether an answer has their very bytes."""

import json
from pathlib import Path

DATA = Path(__file__).parent / "data"


def sample(name: str) -> str:
    """A recorded or documented answer of host_tests/data, as it came."""
    return (DATA / name).read_text().strip()


def shape(value):
    """The keys and types of an answer; int and float are both numbers."""
    if isinstance(value, dict):
        return {key: shape(member) for key, member in value.items()}
    if isinstance(value, list):
        return [shape(member) for member in value]
    kinds = {bool: "bool", int: "number", float: "number", str: "text", type(None): "null"}
    return kinds[type(value)]


def as_in(text: bytes | str, name: str, *differs: str) -> bool:
    """Whether an answer has the very bytes of a sample, but for the values of these keys."""
    ours, theirs = json.loads(text), json.loads(sample(name))
    found = ours["list"][0] if "list" in ours else ours
    wanted = theirs["list"][0] if "list" in theirs else theirs
    assert json.dumps(ours, separators=(",", ":")).encode() == bytes(text)  # our own style
    for key in differs:
        assert shape(found[key]) == shape(wanted[key]), key
        found[key] = wanted[key]
    return json.dumps(ours, separators=(",", ":")) == sample(name)
