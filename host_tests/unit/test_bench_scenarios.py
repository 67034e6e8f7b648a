# The situations of `tools/amprail bench` are what they are called, and no decision allocates.

import micropython
from bench_scenarios import PARTS, PHASES, SCENARIOS, Scenario, bytes_per_charger

# A scenario keeps two copies of the core beside it.
HEAP = "192K"


def decided(name):
    """The scenario once its decision is made, which allocates nothing and can be repeated."""
    scenario = Scenario(name, 64)
    for part in PARTS:
        prepare, call = scenario.timed(part)
        prepare()
        call()
        first = list(scenario.core.rows.want_ma)
        prepare()
        micropython.heap_lock()
        try:
            call()
        finally:
            micropython.heap_unlock()
        assert list(scenario.core.rows.want_ma) == first, part
    prepare, call = scenario.timed("allocate")
    prepare()
    call()
    return scenario


def on(scenario, values):
    return sum(values[row] > 0 for row in range(scenario.core.rows.count))


def check(name, before, after, switched):
    """How many are on before and after the decision, and how many are switched by it."""
    scenario = decided(name)
    rows = scenario.core.rows
    found = on(scenario, rows.set_ma), on(scenario, rows.want_ma), scenario.switched()
    assert found == (before, after, switched), found
    return rows


def test_all_are_at_their_maximum():
    rows = check("all_on", 64, 64, 0)
    assert set(rows.want_ma) == {16000}


def test_in_the_shortage_all_have_half():
    rows = check("shortage", 64, 64, 0)
    assert set(rows.want_ma) == {8000}


def test_half_are_paused_when_half_of_the_minimums_fit():
    rows = check("budget_halved", 64, 32, 32)
    assert set(rows.want_ma) == {0, 6000}


def test_half_are_waiting():
    rows = check("half_waiting", 32, 32, 0)
    assert set(rows.want_ma) == {0, 6000}


def test_a_turn_ends():
    scenario = decided("turns")
    rows = scenario.core.rows
    stopped = [row for row in range(64) if rows.set_ma[row] and not rows.want_ma[row]]
    assert on(scenario, rows.set_ma) == 32
    assert stopped and on(scenario, rows.want_ma) <= 32


def test_mixed_phases_in_shortage():
    scenario = decided("mixed_phases")
    rows = scenario.core.rows
    assert on(scenario, rows.set_ma) == on(scenario, rows.want_ma) == 64
    assert set(rows.phases) == {1, 2, 3, 4, 5, 6, 7} and len(PHASES) == 10
    for values in (rows.max_ma, rows.weight, rows.priority, rows.want_ma):
        assert len(set(values)) > 2
    got = scenario.on_fullest_phase(rows.want_ma)
    assert scenario.on_fullest_phase(rows.min_ma) < got < scenario.on_fullest_phase(rows.max_ma)


def test_all_are_admitted_at_once():
    check("cold_start", 0, 64, 64)


def test_about_two_thirds_of_the_mixed_are_admitted():
    scenario = decided("cold_start_mixed")
    rows = scenario.core.rows
    admitted = on(scenario, rows.want_ma)
    assert on(scenario, rows.set_ma) == 0 and scenario.switched() == admitted
    assert 38 <= admitted <= 48, admitted


def test_every_scenario_is_tested_here():
    tested = 8
    assert len(SCENARIOS) == tested


def test_the_state_of_a_charger_takes_what_the_design_allows():
    assert 40 < bytes_per_charger() <= 68  # 4 of them count the energy since plug-in
