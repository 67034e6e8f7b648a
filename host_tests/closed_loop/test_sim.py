"""`tools/amprail sim`: scenarios, results, the command, the picture."""

import copy
import json

import pytest
from amprail_tools import UserError, cli, simulate
from amprail_tools.virtual import scenario
from amprail_tools.virtual.build import MANAGERS, world_of
from amprail_tools.virtual.house import House
from amprail_tools.virtual.plot import REASON_COLORS, draw
from amprail_tools.virtual.report import as_json, table_of
from amprail_tools.virtual.result import result_of
from amprail_tools.virtual.runs import BASELINES, run_scenario
from balance.reasons import CODES

SITE = {"limit_ma": 40000, "largest_consumer_ma": 16000, "supply_ma": 40000}
SMALL = {
    "duration": 90,
    "site": SITE,
    "house": {"base_a": [5, 4, 3]},
    "load": [{"a": 15, "from": 30, "to": 60}],
    "charger": [{"count": 2}, {"phases": ["2", "3"], "metered": False}],
    "car": [
        {"count": 2, "arrives": [2, 5], "start_delay_s": [0, 4], "energy_kwh": [0.1, 50]},
        {"phases": 1, "lag_s": 1},
    ],
}


def small(**changes):
    return scenario.check(copy.deepcopy(SMALL) | changes)


def results(checked, managers=("amprail",)):
    return as_json(checked, run_scenario(checked, managers))


# -- results --


def test_two_runs_of_a_seed_give_equal_json_and_another_seed_does_not():
    first = json.dumps(results(small(), ("amprail", *BASELINES)))
    assert json.dumps(results(small(), ("amprail", *BASELINES))) == first
    assert json.dumps(results(small(seed=2), ("amprail", *BASELINES))) != first


@pytest.mark.parametrize("path", scenario.shipped(), ids=lambda path: path.stem)
def test_shipped_scenarios_run(path):
    shipped = scenario.load(path)
    for manager in MANAGERS:
        world = world_of(shipped, manager)
        world.run_until(100_000 if manager == "amprail" else 1_000_000)
        world.finish()
        assert max(world.connection.longest_ms) < 6000 or manager == "round_robin"


def test_the_table_of_the_issue_is_there():
    names = {path.stem for path in scenario.shipped()}
    assert names >= {"A", "B", "C", "D", "D20", "E", "E2_oven", "E2_heater", "F", "G"}


# 10 A of house, from 10 s on 15 A more, on one phase of 20 A; a car that takes 8 A from the start
# to 20 s, and a charger that nobody manages: 33 A for 10 s is 13 A and 130 A s above.
def test_the_figures_of_a_case_that_can_be_worked_out_by_hand():
    checked = scenario.check(
        {
            "duration": 30,
            "site": {"limit_ma": 20000, "largest_consumer_ma": 16000, "supply_ma": 40000},
            "house": {"base_a": [10, 0, 0]},
            "load": [{"a": [15, 0, 0], "from": 10}],
            "charger": [{"phases": "1"}],
            "car": [{"phases": 1, "max_a": 8, "lag_s": 0, "ramp_a_s": 0, "leaves": 20}],
        }
    )
    world = world_of(checked, "round_robin")  # whose first tick is at 30 s
    world.run_until(0)
    world.chargers[0].allow(16000)
    world.run_until(checked.duration_ms)
    world.finish()
    result = result_of(world)
    assert result["above_s"] == [20, 0, 0]
    assert result["above_as"] == [10 * 13 + 10 * 5, 0, 0]
    assert result["longest_above_s"] == 20
    assert result["beyond_reaction_s"] == 14
    assert result["peak_a"] == [33, 0, 0]
    assert result["charge_ah"] == round(8 * 20 / 3600, 3)
    assert result["energy_kwh"] == round(8 * 20 / 3600 * 0.230, 3)
    assert result["pauses"] == 0
    assert result["jain"] == 1


def test_pauses_waits_and_setpoints_are_counted():
    world = world_of(small(load=[]), "round_robin")
    world.run_until(10_000)
    charger = world.chargers[0]
    charger.write(10000)
    world.run(12)
    charger.write(0)
    world.run(5)
    world.finish()
    result = result_of(world)
    assert result["pauses"] == 1
    assert result["setpoints"] == {"mean": 0.7, "max": 2}
    assert result["waiting_s"]["max"] == 27  # of the one-phase car, from the start


def test_a_share_of_the_bound_is_near_1_where_there_is_enough_for_all():
    plenty = SITE | {"limit_ma": 200000, "supply_ma": 200000}
    result = results(small(site=plenty, duration=600))["managers"]["amprail"]
    assert 0.95 < result["of_bound"] <= 1.0
    assert result["of_pausing_at_will"] <= 1.0


def test_recovery_is_counted_for_loads_that_come_and_go_once():
    long = small(duration=120, car=[{"count": 2}])
    assert 0 < results(long)["managers"]["amprail"]["back_s"][0] < 60
    again = small(load=[{"a": 15, "from": 10, "on_s": 10, "off_s": 10}])
    assert results(again)["managers"]["amprail"]["back_s"] == []


def test_the_table_has_a_row_for_each_manager():
    checked = small()
    table = table_of(checked, run_scenario(checked, ("amprail", *BASELINES)))
    assert len(table.splitlines()) == 4 + 3
    assert max(len(line) for line in table.splitlines()) < 200


# -- scenarios --


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"colour": 1}, "scenario: colour: no such key, expected one of title, duration"),
        ({"duration": "1:70"}, "scenario: duration: '1:70', expected a time: seconds"),
        ({"site": {"limit_ma": 1, "supply_ma": 6000}}, "site.json: limit_ma: 1 mA is below"),
        ({"site": SITE | {"fuse": 1}}, "scenario: site: fuse: no such key"),
        ({"site": SITE | {"meter": {"bauds": 1}}}, "scenario: site.meter: bauds: no such key"),
        ({"site": 5}, "scenario: site: 5, expected a section"),
        ({"house": {"base_a": [1, 2]}}, "house: base_a: [1, 2], expected one value, or three"),
        ({"house": {"trace": "none.csv"}}, "none.csv: cannot be read"),
        ({"load": [{"a": "x"}]}, "scenario: load 1: a: 'x', expected a number 0..2000 A"),
        ({"load": [{}]}, "scenario: load 1: a: is missing"),
        ({"load": [{"a": 1, "on_s": 5}]}, "load 1: expected both on_s and off_s"),
        ({"charger": []}, "scenario: charger: none, expected 1..64 in all"),
        ({"charger": [{"count": 40}, {"count": 25}]}, "more than 64, expected 1..64 in all"),
        ({"charger": [{"phases": "4"}]}, "charger 1: phases: '4' is not one to three"),
        ({"charger": [{"max_a": 40}]}, "charger 1: max_a: 40, expected a number 6..32 A"),
        ({"charger": [{"metered": 1}]}, "charger 1: metered: 1, expected true or false"),
        ({"charger": [{"fault": [{"kind": "bad"}]}]}, "fault 1: kind: 'bad', expected one of"),
        ({"car": [{"energy_kwh": [9, 5]}]}, "energy_kwh: [9, 5], expected the lower one first"),
        ({"car": [{"charger": 9}]}, "scenario: car 1: charger: 9, expected 1..3"),
        ({"car": [{"lag_s": float("nan")}]}, "car 1: lag_s: nan, expected a number 0..5 s"),
        ({"pv": {}}, "scenario: pv: peak_a: is missing"),
        ({"meter": {"outages": [5]}}, "meter: outages: [5], expected"),
        ({"picture": [5, 1000]}, "picture: expected [from, to] within the duration"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(changes, message):
    with pytest.raises(UserError) as caught:
        small(**changes)
    assert message in str(caught.value)
    assert "\n" not in str(caught.value)


def test_two_cars_cannot_be_at_one_charger():
    with pytest.raises(
        UserError, match=r"car 2: charger 1 is still taken at 50 s by one of car 1"
    ):
        world_of(small(car=[{"leaves": 60}, {"charger": 1, "arrives": 50}]))


def test_a_house_may_be_a_trace(tmp_path):
    (tmp_path / "house.csv").write_text("time_s,l1_a,l2_a,l3_a\n0,1,2,3\n10.5,4,-5,6\n")
    given = copy.deepcopy(SMALL) | {"house": {"base_a": 1, "trace": "house.csv"}, "load": []}
    house = House(scenario.check(given, folder=tmp_path))
    assert house.changes == [(0, [2000, 3000, 4000]), (10500, [5000, -4000, 7000])]
    assert house.highest_ma == [5000, 3000, 7000]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "line 1: expected time_s,l1_a,l2_a,l3_a"),
        ("time_s,l1_a,l2_a,l3_a\n0,1,2\n", "line 2: ['0', '1', '2'], expected four numbers"),
        ("time_s,l1_a,l2_a,l3_a\n0,1,2,x\n", "line 2: ['0', '1', '2', 'x'], expected four"),
        ("time_s,l1_a,l2_a,l3_a\n5,1,2,3\n5,1,2,3\n", "time_s: expected each later"),
    ],
)
def test_a_bad_trace_is_refused(tmp_path, text, message):
    (tmp_path / "house.csv").write_text(text)
    given = copy.deepcopy(SMALL) | {"house": {"trace": "house.csv"}}
    with pytest.raises(UserError) as caught:
        scenario.check(given, folder=tmp_path)
    assert message in str(caught.value)


def test_loads_switch_when_they_should():
    load = {"a": [1, 0, 0], "from": 10, "to": 60, "on_s": 20, "off_s": 10}
    house = House(small(house={}, load=[load]))
    on = [(ms // 1000, ma[0]) for ms, ma in house.changes]
    assert on == [(0, 0), (10, 1000), (30, 0), (40, 1000), (60, 0)]


def test_the_sun_takes_off_and_clouds_take_a_share_of_that():
    pv = {"peak_a": 10, "rise": "0:00", "set": "2:00", "clouds": 0.5}
    house = House(small(duration="3:00", house={}, load=[], pv=pv))
    lowest = min(ma[0] for _, ma in house.changes)
    assert -10000 <= lowest < -4900
    assert house.changes[-1][1] == [0, 0, 0]
    assert all(ma[0] <= 0 for _, ma in house.changes)


# -- the command --


def test_the_command_refuses_what_it_cannot_run(capsys, tmp_path):
    bad = tmp_path / "bad.toml"
    bad.write_text("duration = \n")
    for name, message in (("nothing", "scenario nothing: no such file"), (str(bad), "not TOML")):
        assert cli.main(["sim", name]) == 2
        said = capsys.readouterr().err
        assert message in said and said.count("\n") == 1
    with pytest.raises(SystemExit) as ended:
        cli.main(["sim", "A", "--plot", "a.jpeg"])
    assert ended.value.code == 2


def parsed(*arguments):
    return cli._parse(["sim", *arguments])


def test_json_is_one_document(capsys, tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text("duration = 60\n[site]\nlimit_ma = 35000\nsupply_ma = 35000\n[[charger]]\n")
    assert simulate.main(parsed(str(path), "--json", "--baseline", "all")) == 0
    document = json.loads(capsys.readouterr().out)
    assert set(document["scenarios"][0]["managers"]) == {"amprail", *BASELINES}
    assert document["speed"]["mine"]["amprail"] > 0


def test_the_list_names_every_shipped_scenario(capsys):
    assert simulate.main(parsed("--list")) == 0
    assert len(capsys.readouterr().out.splitlines()) == len(scenario.shipped())


# -- the picture --


def test_every_reason_has_a_colour_of_its_own():
    words = [code.split()[0] for code in CODES.split("|")]
    assert set(words) <= set(REASON_COLORS)
    assert len(set(REASON_COLORS.values())) == len(REASON_COLORS)


@pytest.mark.parametrize(("suffix", "start"), [(".png", b"\x89PNG"), (".svg", b"<?xml")])
def test_the_picture_is_drawn(tmp_path, suffix, start):
    path = tmp_path / f"picture{suffix}"
    many = small(charger=[{"count": 12}])
    draw(
        path,
        [(one, run_scenario(one, ("amprail", "static"), record=True)) for one in (small(), many)],
    )
    assert path.read_bytes().startswith(start)
