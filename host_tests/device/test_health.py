"""The watch over the tasks, on the Unix port: MicroPython's loop is part of what is tested."""

import subprocess

import pytest
from amprail_tools.build import build, with_constants
from amprail_tools.launch import micropython_command

BEGIN = """
import sys, asyncio, os
sys.path[:0] = [sys.argv[1] + "/lib", sys.argv[1]]
from app.health import Health, watch_stretches
from clock import sleep_ms
import time
fed = []
health = Health(lambda: fed.append(1))
"""


def run(tmp_path, script):
    """What the script prints, after the beginning above."""
    slot = build() / "modules"
    command = [*micropython_command(), "-X", "heapsize=160K", "-c"]
    command += [with_constants(BEGIN + script)]
    command += [str(slot), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_a_task_that_dies_is_logged_and_started_again(tmp_path):
    said = run(
        tmp_path,
        """
starts = []
async def dies_once():
    starts.append(1)
    if len(starts) == 1:
        raise ValueError("on purpose")
    await sleep_ms(10000)
async def main():
    health.start("meter", dies_once, False)
    await sleep_ms(900)
    print("starts", len(starts), "restarts", health.restarts, "ended", health.ended.is_set())
asyncio.run(main())
""",
    )
    assert "task meter died: ValueError('on purpose',)" in said
    assert "starts 2 restarts 1 ended False" in said


def test_a_task_that_keeps_dying_ends_the_program_with_1(tmp_path):
    said = run(
        tmp_path,
        """
async def dies():
    raise MemoryError
async def main():
    health.start("web", dies, False)
    await health.ended.wait()
    print("code", health.code, "restarts", health.restarts)
asyncio.run(main())
""",
    )
    assert "task web keeps dying: the program ends" in said
    assert "code 1 restarts 5" in said


def test_a_task_that_returns_is_started_again(tmp_path):
    said = run(
        tmp_path,
        """
async def returns():
    pass
async def main():
    health.start("x", returns, False)
    await sleep_ms(700)
    print("restarts", health.restarts)
asyncio.run(main())
""",
    )
    assert "task x returned" in said and "restarts 2" in said


def test_a_task_that_hangs_ends_the_program_and_the_watchdog_is_fed_no_more(tmp_path):
    said = run(
        tmp_path,
        """
import app.health, clock
late = [0]
app.health.now_ms = lambda: clock.now_ms() + late[0]
async def hangs():
    await sleep_ms(100000)
async def main():
    health.start("control", hangs)
    health.start("health", health.run, False)
    await sleep_ms(100)
    before = len(fed)
    late[0] = 31000
    await health.ended.wait()
    print("code", health.code, "fed", before, len(fed))
asyncio.run(main())
""",
    )
    assert "task control hangs: the program ends" in said
    assert "code 1 fed 1 1" in said


TRIAL = """
import app.health, os
class It:
    pass
async def no_time(ms):
    await asyncio.sleep_ms(0)
app.health.sleep_ms = no_time
data = sys.argv[2]
def write(name, text):
    with open(data + "/" + name, "w") as file:
        file.write(text)
def read(name):
    try:
        with open(data + "/" + name) as file:
            return file.read()
    except OSError:
        return None
web, cycle = It(), It()
web.guard, cycle.grid, cycle.rows = It(), It(), It()
web.guard.listener = It()
web.guard.listener.socket = True
cycle.grid.ok, cycle.grid.static, cycle.grid.limit_ma = True, False, 63000
def chargers(*failures):
    cycle.rows.count = len(failures)
    cycle.rows.flags = [1] * len(failures)
    cycle.rows.failures = failures
chargers(0, 0, 0)
write("slot", "b1")
def trial(steps, slot="b", web=web):
    async def main():
        health.state = [0, 0, 0, data, slot, web, cycle]
        health.start("health", health.run, False)
        for _ in range(steps):
            await asyncio.sleep_ms(0)
    asyncio.run(main())
    kept = [read(name) for name in ("slot", "good", "answered")]
    print("ended", health.ended.is_set(), health.code, *kept)
"""


def trial(tmp_path, script):
    return run(tmp_path, TRIAL + script).splitlines()[-1]


def test_a_start_that_works_for_two_minutes_is_marked_with_what_answered(tmp_path):
    assert trial(tmp_path, "trial(110)") == "ended False 0 b1 None None"
    assert trial(tmp_path, "trial(130)") == "ended False 0 b b 1 3 chargers 63000 mA"


def test_without_memory_to_look_whether_it_works_it_looks_the_next_time(tmp_path):
    full = """
import app, sys
class Full:
    def run(*_):
        raise MemoryError
sys.modules["app.trial"] = app.trial = Full
"""
    assert trial(tmp_path, full + "trial(170)") == "ended False 0 b b 1 3 chargers 63000 mA"


@pytest.mark.parametrize(
    ("broken", "why"),
    [
        ("web.guard.listener.socket = None", "the page is not served"),
        ("cycle.grid.ok = False", "the meter does not answer"),
        ("chargers(0, 0, 3)", "fewer chargers answer than before"),
        ("cycle.grid.limit_ma, cycle.grid.static = 0, True", "site.json cannot be used"),
    ],
)
def test_a_new_version_without_what_answered_before_ends_within_five_minutes(
    tmp_path, broken, why
):
    (tmp_path / "answered").write_text("1 3 chargers 63000 mA")
    said = run(tmp_path, TRIAL + broken + "\ntrial(310)")
    assert "not healthy: " + why in said
    assert said.splitlines()[-1] == "ended True 1 b1 None 1 3 chargers 63000 mA"


def test_of_a_version_that_was_healthy_before_a_broken_charger_says_nothing(tmp_path):
    script = 'write("good", "b")\nwrite("answered", "1 3 chargers")\nchargers(0, 0, 3)\ntrial(130)'
    assert trial(tmp_path, script) == "ended False 0 b b 1 2 chargers 63000 mA"


def test_chargers_that_are_no_longer_in_the_settings_are_not_missed(tmp_path):
    script = 'write("answered", "1 9 chargers")\ntrial(130)'
    assert trial(tmp_path, script) == "ended False 0 b b 1 3 chargers 63000 mA"


def test_a_meter_that_never_answered_is_not_missed(tmp_path):
    script = 'write("answered", "0 3 chargers")\ncycle.grid.ok = False\ntrial(130)'
    assert trial(tmp_path, script) == "ended False 0 b b 0 3 chargers 63000 mA"


def test_settings_that_could_not_be_used_before_either_are_not_missed(tmp_path):
    for before in ("1 3 chargers", "0 3 chargers 0 mA"):
        script = f'write("answered", "{before}")\n'
        script += "cycle.grid.limit_ma, cycle.grid.static = 0, True\ntrial(130)"
        assert trial(tmp_path, script) == "ended False 0 b b 0 3 chargers 0 mA"
        (tmp_path / "good").unlink()


def test_tasks_that_die_make_the_two_minutes_begin_anew(tmp_path):
    script = """
async def main():
    health.state = [0, 0, 0, data, "b", web, cycle]
    health.start("health", health.run, False)
    for step in range(200):
        await asyncio.sleep_ms(0)
        if step == 100:
            health.restarts += 1
    print(read("slot"))
asyncio.run(main())
"""
    assert trial(tmp_path, script) == "b1"


def test_control_only_is_no_mark_for_the_slot_but_ends_the_row_of_tries(tmp_path):
    script = 'write("slot", "a7")\nwrite("good", "b")\ntrial(130, "a", None)'
    assert trial(tmp_path, script) == "ended False 0 a b None"


def test_stretches_are_measured_between_two_awaits(tmp_path):
    said = run(
        tmp_path,
        """
stretches = watch_stretches()
async def main():
    for _ in range(200):
        await sleep_ms(0)
    before = stretches.longest_us
    time.sleep_ms(30)
    await sleep_ms(1)
    print(before < 20000, stretches.longest_us >= 29000, stretches.p999_us() > 100)
asyncio.run(main())
""",
    )
    assert said.split() == ["True"] * 3
