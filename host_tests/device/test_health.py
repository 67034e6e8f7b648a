"""The watch over the tasks, on the Unix port: MicroPython's loop is part of what is tested."""

import subprocess

from amprail_tools.build import build, with_constants
from amprail_tools.launch import micropython_command

BEGIN = """
import sys, asyncio, os
sys.path[:0] = [sys.argv[1] + "/lib", sys.argv[1]]
from app.health import Health, watch_stretches
from clock import sleep_ms
import time
fed = []
health = Health(sys.argv[2], lambda: fed.append(1))
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


def test_a_healthy_start_takes_the_try_away(tmp_path):
    (tmp_path / "tries").write_text("1")
    run(
        tmp_path,
        """
import app.health
async def no_time(ms):
    await asyncio.sleep_ms(0)
app.health.sleep_ms = no_time
async def main():
    health.start("health", health.run, False)
    await sleep_ms(300)
asyncio.run(main())
""",
    )
    assert not (tmp_path / "tries").exists()


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
