"""The vectors of others as data are those that are replayed."""

import json
from pathlib import Path

import test_vectors
import test_vectors_of_sites
from vectors import VECTORS

DATA = Path(__file__).parent.parent / "data" / "peers_allocator.json"
LIMITS = ("root_limit_A", "chain_limits_A", "budget_A", "limit_W")
PHASES = {3: "123", 1: "1"}

# Currents are two bytes: no charger of ours has more (the settings allow 32 A).
LARGEST_MA = 65000


def vectors() -> list[dict]:
    return json.loads(DATA.read_text())["vectors"]


def ma(ampere) -> int:
    return int(round(ampere * 1000, 3))


def limit_ma(given: dict) -> int:
    """One circuit: the smallest limit on the way. No limit at all is 0 A."""
    key = next(key for key in LIMITS if key in given)
    value = given[key]
    if key == "limit_W":
        value = value / given["V"] / 3
    return ma(min(value) if isinstance(value, list) else value or 0)


def charger(peer: dict) -> dict:
    """What differs from a charger with 32 A, three phases and a car. All have at least 6 A
    or 0; a maximum of 0 is a charger without a car."""
    assert peer["min"] in (0, 6)
    ours = {} if peer["max"] else {"car": False}
    if peer["max"] not in (0, 32):
        ours["max_ma"] = min(ma(peer["max"]), LARGEST_MA)
    if PHASES[peer["phases"]] != "123":
        ours["phases"] = PHASES[peer["phases"]]
    if peer.get("prio"):
        ours["priority"] = -peer["prio"]
    return ours


def translated(vector: dict) -> tuple:
    peers = vector["given"]["chargers"]
    expected = tuple(ma(vector["expect"][peer["id"]]) for peer in peers)
    return vector["id"], limit_ma(vector["given"]), tuple(map(charger, peers)), expected


def name_of_test(vector: dict) -> str:
    return "test_" + vector["id"].lower().replace("-", "_").replace(".", "_") + "_"


def with_a_test_of_its_own(vector: dict) -> bool:
    names = dir(test_vectors) + dir(test_vectors_of_sites)
    return any(name.startswith(name_of_test(vector)) for name in names)


def test_the_table_of_vectors_is_the_data():
    assert [translated(v) for v in vectors() if not with_a_test_of_its_own(v)] == list(VECTORS)


def test_every_vector_has_its_source():
    assert all(vector["source"] for vector in vectors())
