"""Runs of a scenario: by whom it is managed, what came out, how fast it went."""

import time
from dataclasses import dataclass

from amprail_tools import say

from .build import world_of
from .recorder import Recorder
from .result import result_of, with_bound

# The name of a baseline in the options and in JSON -> in tables and pictures.
TITLES = {
    "amprail": "Amprail",
    "static": "static worst case",
    "round_robin": "every 30 s, one at a time",
}
BASELINES = ("static", "round_robin")

_TELL_AFTER_S = 10
_PARTS = 200


@dataclass
class Run:
    """speed: simulated seconds in a real one; record: None unless asked for."""

    manager: str
    result: dict
    speed: float
    record: Recorder | None = None


def run_scenario(scenario, managers, record: bool = False) -> list[Run]:
    """Runs it by each of the managers; the results have their share of the bounds."""
    bound = _run(scenario, "all_knowing").result
    at_will = _run(scenario, "pausing_at_will").result
    runs = [_run(scenario, manager, record) for manager in managers]
    for run in runs:
        run.result = with_bound(run.result, bound, at_will)
    return runs


def _run(scenario, manager, record=False) -> Run:
    world = world_of(scenario, manager)
    recorder = Recorder(world, *scenario.picture_ms) if record else None
    begin = told = time.monotonic()
    for part in range(1, _PARTS + 1):
        world.run_until(scenario.duration_ms * part // _PARTS)
        if time.monotonic() - told > _TELL_AFTER_S:
            told = time.monotonic()
            say(f"{scenario.name}: {manager}, {100 * part // _PARTS} % ...")
    world.finish()
    spent_s = max(time.monotonic() - begin, 1e-6)
    speed = scenario.duration_ms / 1000 / spent_s
    return Run(manager, result_of(world), round(speed), recorder)
