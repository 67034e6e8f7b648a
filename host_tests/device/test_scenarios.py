"""Scenarios of `tools/amprail sim` with the whole firmware in real time: the same comes of them.

The simulator has the deciding core and a model of everything around it; here are real bytes of
the meter, real requests and the clock of the wall. What the simulator promises counts only if the
firmware keeps up with it.
"""

import pytest
from amprail_tools.virtual import scenario
from device.replay import replayed, shortened, simulated

# The meter refreshes once a second and cars follow 3 s after the setpoint: physics takes 4 s.
REACTION_S = 5

# How well a figure of the simulator has to be met.
CLOSE_S = 1.0

# The load comes at 31 s: the raises of more than half an ampere have been told by 26 s and are
# drawn by 29 s, so that none under way hides a part of the step. Whoever has to stop for it does
# so about 18 s later, when the others have followed and 10 s have shown that it does not go away.
STEP = {"cut_s": 89, "duration_s": 52}

# The cars come from 2 s on. At once they have been raised to what there is before 45 s; those that
# wait for 20 s all draw what they were told by 32 s, and are not raised before 36 s.
AT_ONCE = {"cut_s": 58, "duration_s": 45}
DELAYED = {"cut_s": 58, "duration_s": 35}


def brief(name, **how):
    return shortened(scenario.load(scenario.find(name)), **how)


def figures(device, *scenarios):
    """(of the firmware, of the simulator) for each of the scenarios."""
    pairs = list(zip(replayed(scenarios, device), map(simulated, scenarios), strict=True))
    for one, (real, expected) in zip(scenarios, pairs, strict=True):
        print(f"{one.name}: firmware {real}\n{one.name}: simulator {expected}")
    return pairs


# The peak is the load on top of what the cars had by then. One small raise more or less, of half
# an ampere for each of up to four cars, depends on the noise of the meter.
@pytest.mark.parametrize(("name", "paused"), [("A", 1), ("B", 0), ("C", 0)])
def test_a_load_is_answered_as_fast_as_simulated_and_pauses_only_who_does_not_fit(
    device, name, paused
):
    [(real, expected)] = figures(device, brief(name, **STEP))
    assert real["above_s"] == pytest.approx(expected["above_s"], abs=CLOSE_S)
    assert real["peak_a"] == pytest.approx(expected["peak_a"], abs=2.5)
    assert 0 < real["longest_above_s"] <= REACTION_S
    assert real["pauses"] == expected["pauses"] == paused


# At first the four are told between 65 % and 73 % of the room of 53 A, by whether they are found
# together or one after the other; each of the last raises before the end may be 0.5 A for each.
def test_cars_that_come_together_never_overshoot_whether_they_start_at_once_or_20_s_later(device):
    for real, expected in figures(device, brief("D", **AT_ONCE), brief("D20", **DELAYED)):
        assert real["above_s"] == expected["above_s"] == 0
        assert real["peak_a"] == pytest.approx(expected["peak_a"], abs=6)
        assert real["pauses"] == expected["pauses"] == 0
