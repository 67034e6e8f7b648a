"""Answers of real chargers; SOURCES.md says whose."""

import json
from functools import cache
from importlib.resources import files


@cache
def _text(name):
    return files(__name__).joinpath(f"{name}.json").read_text(encoding="utf-8")


def sample(name: str) -> dict:
    """A fresh copy of it."""
    return json.loads(_text(name))
