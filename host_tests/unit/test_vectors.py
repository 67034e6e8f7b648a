# The allocators of others give the same; see data/peers_allocator.json. The name of a test is the
# id of its vector; the others are in vectors.py. Those of a site: test_vectors_of_sites.py.

from allocation import Lone
from balance.rows import STATE_A, STATE_C
from vectors import VECTORS

TOLERANCE_MA = 100


def near(got, expected):
    pairs = zip(got, expected)
    return len(got) == len(expected) and all(abs(a - b) <= TOLERANCE_MA for a, b in pairs)


def given(limits_ma, chargers):
    """What chargers get at last, none of which charged before."""
    lone = Lone(limits_ma)
    for changes in chargers:
        changes = dict(changes)
        car = changes.pop("car", True)
        lone.add(STATE_C if car else STATE_A, **changes)
    first = lone.allocate()
    for _ in range(8):
        lone.obey()
        assert lone.allocate() == first
    return first


def test_all_vectors_of_the_table():
    wrong = []
    for name, limit_ma, chargers, expected in VECTORS:
        got = given((limit_ma, limit_ma, limit_ma), chargers)
        if not near(got, expected):
            wrong.append((name, got, expected))
    assert wrong == []


def test_hl_2_the_worst_phase_decides_for_a_car_on_three():
    assert given((7000 + 5000, 8000 + 5000, 10000 + 5000), [{"max_ma": 16000}]) == [12000]


def test_ow_2_three_cars_on_three_phases_get_what_each_phase_has():
    chargers = [{"phases": phase, "max_ma": 16000} for phase in "123"]
    chargers[0]["min_ma"] = 10000
    assert given((14000, min(30000, 12000), min(31000, 14000)), chargers) == [14000, 12000, 14000]


# The smaller circuit is a phase of its own.
def test_ow_4_two_share_what_their_circuit_has():
    chargers = [{"phases": phase, "max_ma": 16000} for phase in "122"]
    chargers[0].update(min_ma=10000, priority=1)
    assert given((32000, 16000, 16000), chargers) == [16000, 8000, 8000]
