"""Answers of real chargers: data/SOURCES.md and the simulator's samples/SOURCES.md say whose."""

import json

from amprail_tools import ROOT

FOLDERS = {
    "data": ROOT / "host_tests" / "data",
    "sim": ROOT / "tools" / "amprail_tools" / "sim" / "samples",
}


def sample_text(name: str, folder: str = "data") -> bytes:
    """The bytes of an answer as they came over the wire."""
    return (FOLDERS[folder] / f"{name}.json").read_bytes().strip()


def data(name: str, folder: str = "data"):
    return json.loads(sample_text(name, folder))
