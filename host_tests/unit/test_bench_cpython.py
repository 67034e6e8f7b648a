"""`tools/amprail bench`: its JSON and its tables, with few calls."""

import argparse
import json
import sys
from itertools import product

import pytest
from amprail_tools import Failure, bench, bench_cpu, bench_table, cli, instructions, latency
from bench_scenarios import PARTS, SCENARIOS, SIZES

INTERPRETERS = ("micropython", "cpython")
WINDOW = ("cycles", "readings", "requests", "setpoints", "answers", "refused", "p999_us")

# In the place of valgrind. The last two arguments: how many calls with their preparing, and how
# many preparings without; the start takes 1000 instructions, a preparing 100.
COUNTER = """\
#!/bin/sh
for argument; do before=$last; last=$argument; done
echo "==1== I   refs:      $((1000 + 500 * before + 100 * last))" >&2
"""


def measured(**options) -> dict:
    arguments = argparse.Namespace(
        json=True,
        cpu=False,
        latency=None,
        line=None,
        clients=False,
        calls=1,
        count=False,
        **options,
    )
    written = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("builtins.print", lambda text, **_: written.append(text))
        assert bench.main(arguments) == 0
    return json.loads(written[-1])


# One test, as each process of pytest-xdist would measure anew
def test_it_measures_every_call_on_both_interpreters():
    result = measured(runs=1)
    check_rows(result["rows"])
    rows = [row for row in result["rows"] if row["interpreter"] == "micropython"]
    assert all(row["allocated_bytes"] == 0 and row["passes_heap_lock"] for row in rows)
    assert [row["chargers"] for row in rows if "of_target" in row] == [64] * 2 * len(SCENARIOS)
    assert 40 < result["bytes_per_charger"] <= result["heap_bytes_per_charger"] < 100
    text = bench_table.text(result)
    for name in SCENARIOS:
        assert text.count(f"\n{name} ") == len(SIZES) * len(PARTS) * len(INTERPRETERS)


def check_rows(rows: list[dict]) -> None:
    """One row a call, each with its time, the spread of it and the memory."""
    columns = ("scenario", "chargers", "interpreter", "part")
    keys = [tuple(row[column] for column in columns) for row in rows]
    assert sorted(keys) == sorted(product(SCENARIOS, SIZES, INTERPRETERS, PARTS))
    for row in rows:
        assert 0 < row["lowest_us"] <= row["median_us"] <= row["highest_us"]
        assert row["p90_us"] > 0 and row["allocated_bytes"] >= 0
        assert ("growth" in row) == (row["chargers"] != SIZES[0])


def run_of(us: float) -> dict:
    """What one run finds if every call takes so long."""
    row = {"median_us": us, "p90_us": us + 1, "allocated_bytes": 0, "passes_heap_lock": True}
    rows = [{"part": part, **row} for part in PARTS]
    return {"version": "1", "bytes_per_charger": 54, "heap_bytes_per_charger": 60, "rows": rows}


def made_up() -> dict:
    keys = product(("shortage",), (8, 64), INTERPRETERS)
    return bench._result({key: [run_of(5 * key[1] + n) for n in (2, 0, 70)] for key in keys})


def test_the_spread_is_that_of_the_runs():
    row = next(row for row in made_up()["rows"] if row["chargers"] == 64)
    assert (row["lowest_us"], row["median_us"], row["highest_us"]) == (320, 322, 390)
    assert (row["growth"], row["of_target"], row["esp32_ms"]) == (7.67, 1.29, [19.3, 29.0])


def test_a_call_that_needs_heap_is_told():
    result = made_up()
    assert "passes under heap_lock()" in bench_table.text(result)
    result["rows"][1]["passes_heap_lock"] = False
    assert "fails in shortage under heap_lock()" in bench_table.text(result)


def test_instructions_are_told_if_they_were_counted():
    result = made_up()
    assert "WARP's C++" not in bench_table.text(result)
    next(row for row in result["rows"] if row["chargers"] == 64)["instructions"] = 912000
    text = bench_table.text(result)
    assert " 912000\n" in text and "takes 2.0 times the 456,000" in text
    assert max(map(len, text.splitlines())) < 120


def test_the_preparing_is_not_counted(tmp_path, monkeypatch):
    valgrind = tmp_path / "valgrind"
    valgrind.write_text(COUNTER)
    valgrind.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    rows = [row for row in made_up()["rows"] if row["part"] == "cycle"]
    instructions.add(rows, ["micropython"], ["a", "b", "c"], 64)
    assert [row.get("instructions") for row in rows] == [None, 400, None, None]


def test_a_program_that_fails_is_one_line():
    with pytest.raises(Failure, match=r"exit code 3\): no core$"):
        bench.output([sys.executable, "-c", "print('no core'); raise SystemExit(3)"])


@pytest.mark.parametrize("runs", ["0", "x", "1001"])
def test_a_wrong_number_of_runs_is_refused(runs, capsys):
    with pytest.raises(SystemExit) as ended:
        cli._parse(["bench", "--runs", runs])
    assert ended.value.code == 2
    assert f"--runs: {runs}: 1..1000 expected" in capsys.readouterr().err


def test_the_latency_is_told_with_its_median_its_worst_and_its_budget():
    steps = [{"answered_s": s, "confirmed_s": 2 * s} for s in (0.9, 0.7, 1.25)]
    result = latency._result(latency.Case(64), steps)
    assert result["answered_s"] == {"median": 0.9, "worst": 1.25, "budget": 1.5}
    assert result["confirmed_s"] == {"median": 1.8, "worst": 2.5, "budget": 2.5}
    lines = latency.text([result]).splitlines()
    case = ["64", "0", "50", "1", "0", "3"]
    assert lines[2].split() == [*case, "answered", "0.90", "1.25", "budget", "1.5"]
    assert lines[3].split() == [*case, "confirmed", "1.80", "2.50", "budget", "2.5"]


def test_the_cpu_time_is_that_of_the_median_window_and_shown_with_its_spread():
    windows = [dict.fromkeys(WINDOW, 4.0) | {"user_ms": ms} for ms in (9.0, 7.0, 8.0)]
    result = bench_cpu._result(bench_cpu.Case(1), windows)
    assert (result["user_ms"], result["user_ms_spread"]) == (8.0, [7.0, 9.0])
    row = bench_cpu.text([result]).splitlines()[2].split()
    assert row == ["64", "1", "160", "1", *["4.0"] * 7, "8.0", "7.0..9.0"]


@pytest.mark.parametrize(
    ("given", "cases"),
    [
        ([], latency.USUAL),
        (["--dead", "3"], (latency.Case(64, 50, 3),)),
        (
            ["--chargers", "16", "--brands", "warp,goe"],
            (latency.Case(16, 50, 0, ("warp", "goe")),),
        ),
        (["--latency-ms", "500"], (latency.Case(64, 500),)),
    ],
)
def test_the_latency_is_measured_of_what_was_asked_for(given, cases):
    assert bench._cases(cli._parse(["bench", "--latency", *given])) == cases


@pytest.mark.parametrize(
    ("given", "steps"), [([], None), (["--latency"], 20), (["--latency", "3"], 3)]
)
def test_the_latency_is_measured_in_as_many_steps_as_asked_for(given, steps):
    assert cli._parse(["bench", *given]).latency == steps


@pytest.mark.parametrize("steps", ["0", "21", "x"])
def test_more_steps_than_the_cars_have_current_for_are_refused(steps):
    with pytest.raises(SystemExit) as ended:
        cli._parse(["bench", "--latency", steps])
    assert ended.value.code == 2
