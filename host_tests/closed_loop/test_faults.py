"""Random faults, one after the other: whatever happens, the promises of the design hold.

    AMPRAIL_SEQUENCES=20000 AMPRAIL_SEED=1 tools/amprail test host_tests/closed_loop/test_faults.py

is the long run; without them it is a few hundred sequences, always the same.
"""

import os
import random

import pytest
from balance.cycle import Cycle
from balance.grid import Grid
from balance.ledger import Ledger
from balance.rows import AGE_MAX
from balance.sessions import Sessions
from closed_loop.faults.checks import Broken
from closed_loop.faults.physics import B, Car
from closed_loop.faults.plans import KINDS, plans
from closed_loop.faults.world import World
from hypothesis import HealthCheck, Phase, find, given, seed, settings

SEQUENCES = int(os.environ.get("AMPRAIL_SEQUENCES", "200"))
SEED = os.environ.get("AMPRAIL_SEED")

sequences = settings(
    max_examples=SEQUENCES,
    derandomize=SEED is None,
    database=None,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    report_multiple_bugs=False,
    phases=[Phase.generate, Phase.shrink],
)
a_few = settings(sequences, max_examples=200, derandomize=False, phases=[Phase.generate])


def seeded(test):
    return test if SEED is None else seed(int(SEED))(test)


@seeded
@sequences
@given(plans())
def test_whatever_goes_wrong_the_promises_hold(plan):
    world = World(plan)
    try:
        world.play()
    except Exception as error:
        where = f"AMPRAIL_SEED={SEED or 'not set'}, at {world.now_ms / 1000} s"
        error.add_note("\n".join(["", where, *world.story]))
        raise


# -- the checks find what they are for --

answered = Ledger.answered
confirm = Ledger._confirm
offer = Car.offer
run = Cycle.run


def always_a_car(ledger, index, state):
    answered(ledger, index, max(state, B))


def settles_at_once(ledger, index):
    confirm(ledger, index)
    ledger._rows.settling_ms[index] = AGE_MAX


def tells_half(cycle, index, ma):
    cycle.ledger.tell(index, ma // 2)


def stops_somebody(cycle, now_ms):
    run(cycle, now_ms)
    if cycle.count == 50:
        cycle._tell(0, 0)
        cycle.rows.hold_s[0] = 60


def forgets_phases(sessions, index):
    mask = sessions._rows.phases[index]
    sessions._rows.phases[index] = mask & -mask


def follows_late(car, ma, now_ms):
    car.lag_ms = 9000
    offer(car, ma, now_ms)


# What is broken, in a core that is otherwise as it is, and what brings it to light.
PLANTS = {
    "booked": (Cycle, "_left", lambda *_: 1 << 20, KINDS),
    "draw": (Car, "offer", follows_late, KINDS),
    "hold": (Sessions, "pause_s", lambda *_: 1, ("house", "settings")),
    "ledger": (Ledger, "_confirm", settles_at_once, KINDS),
    "limit": (Cycle, "_release_cuts", lambda *_: None, ("house",)),
    "no car": (Ledger, "answered", always_a_car, KINDS),
    "no reading": (Grid, "recent", property(lambda grid: grid.ever), ("lost", "plug")),
    "phases": (Sessions, "_narrow", forgets_phases, KINDS),
    "range": (Cycle, "_tell", tells_half, KINDS),
    "restart": (Cycle, "run", stops_somebody, ("restart",)),
    "rows": (Sessions, "pause_s", lambda *_: 1000, KINDS),
    "starting": (Cycle, "_free_to_raise", lambda *_: True, KINDS),
    "told": (Grid, "_assess_lost", Grid._keep, ("lost",)),
}


def breaks(plan):
    """The promise that the plan breaks, or None."""
    try:
        World(plan).play()
    except Broken as broken:
        return broken.promise
    return None


@pytest.mark.parametrize("promise", PLANTS)
def test_a_core_that_breaks_a_promise_is_found(promise, monkeypatch):
    *plant, kinds = PLANTS[promise]
    monkeypatch.setattr(*plant)
    find(
        plans(kinds), lambda plan: breaks(plan) == promise, settings=a_few, random=random.Random(1)
    )
