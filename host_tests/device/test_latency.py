"""How long the cuts of 64 chargers take, measured in a few steps; `bench --latency` has more."""

from amprail_tools.build import build
from amprail_tools.latency import BUDGET_S, Case, measure

# The budget is for a computer that does nothing else. Here three other tests run beside it.
SLACK = 2


def test_cuts_of_64_chargers_of_which_3_are_dead_are_answered_within_twice_their_budget():
    found = measure(Case(64, dead=3), 3, build())
    print(found)
    answered_s, confirmed_s = BUDGET_S[Case(64)]
    assert 0 < found["answered_s"]["worst"] <= SLACK * answered_s
    assert found["answered_s"]["worst"] < found["confirmed_s"]["worst"] <= SLACK * confirmed_s
