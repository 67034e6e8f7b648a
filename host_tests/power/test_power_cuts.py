"""A cut of the power at every step of whatever writes to flash, and pairs of cuts."""

import pytest
from amprail_tools import power
from amprail_tools.build import build

PAIRS = 25


@pytest.mark.parametrize("name", power.OPERATIONS)
def test_after_every_cut_it_runs_the_old_or_the_new_whole(name):
    result = power.cut(build(), name, PAIRS, seed=1)
    assert result["errors"] == []
    rows = {row["operation"]: row for row in result["rows"]}
    assert all(row["broken"] == 0 and row["cuts"] > 0 for row in rows.values()), rows
    steps = result["programs"] + result["erases"]
    last = list(rows.values())[-2]
    first = next(iter(rows.values()))
    assert last["new"] > 0 and (first["old"] > 0 or name == "going back"), rows
    cuts = sum(row["cuts"] for row in rows.values())
    assert cuts == 2 * steps + 1 + PAIRS, "every step was cut before it, in it and after it"


@pytest.mark.parametrize("name", power.UNSAFE)
def test_what_is_not_safe_is_found_by_the_cuts(name):
    result = power.cut(build(), name, 0, seed=1)
    assert result["rows"][0]["broken"] > 0


def test_what_writes_wears_little():
    erased = power.wear(build())
    assert erased["saving site.json"] < 2 and erased["saving chargers.jsonl, 20"] < 3, erased
    assert erased["start"] < 0.5 and erased["start and mark"] < 0.5, erased
    assert erased["update"] < 1.5 * erased["blocks"] + 100, erased
