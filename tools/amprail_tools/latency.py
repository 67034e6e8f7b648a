"""How long cuts take: from a reading above target until every charger has answered.

The whole firmware in real time, on a site where each reading above target cuts all chargers at
once, by about an ampere. The clock starts with the last byte of the meter's reply; a cut is
answered when the charger answers to the new current, and confirmed when it reads back no more.
Some of the chargers may be dead: they take connections and never answer. What counts is the rest.
"""

import contextlib
import math
import secrets
import socket
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import NamedTuple

from amprail_tools import Failure, say, streaming
from amprail_tools.launch import Firmware
from amprail_tools.options import FEW_BRANDS, HEAP_KB, HEAP_OF_MANY_BRANDS_KB


class Case(NamedTuple):
    """brands: keys of sim.brands.BRANDS, in turn. update: updates come in all the time."""

    chargers: int
    request_ms: int = 50
    dead: int = 0
    brands: tuple = ("warp",)
    update: bool = False


# s until the last is answered, and confirmed; None: nobody has said. The design, section 6.
BUDGET_S = {
    Case(8): (0.4, 0.8),
    Case(8, update=True): (0.6, 1.0),
    Case(64): (1.5, 2.5),
    Case(64, 50, 3): (1.5, None),
    Case(64, 500, 3): (10.0, None),
}
USUAL = (Case(8), Case(64))

# One phase each, and no meter. A reading by EXCESS_MA above target cuts every car by 0.5 A to 1 A
# (more with 8 chargers), so that from 22 A (32 A) on all are above 6 A after 20 steps.
MOST_STEPS = 20
MOST_MA = 32_000
EXCESS_MA = 300
HOUSE_MA = 40_000
# Most brands know whole amperes: there a cut is larger, so that each of them is written.
EXCESS_MIXED_MA = 1_000

# The house takes what the cars leave, or they would be raised. A step comes when nothing was
# written for so long that all is settled: another cut that is no larger than what the one before
# may still bring waits for that. The rest shifts from step to step, so that each meets the meter
# and the routine questions to the chargers at another moment.
KNOWN_S = 2.0  # to the meter and the chargers, before the firmware asks them
DONE_S = 6.0
QUIET_S = 8.0
SHIFT_S = 0.13
# Slow chargers take as many times longer. The dead are known after three tries.
DONE_REQUESTS = 60

# Times as long, at most, on a computer that does other things as well.
PATIENCE = 5
DEAD_S = 25.0


def measure(case: Case, steps: int, build_dir: Path, log=None) -> dict:
    """The times in s, median and worst; Failure if a step did not cut every living charger."""
    return _result(case, steps_of(case, steps, build_dir, log))


def steps_of(
    case: Case, steps: int, build_dir: Path, log=None, around=contextlib.nullcontext, prepare=None
) -> list[dict]:
    """The times of each step. `prepare(data_dir)` comes before the start; `around(firmware)` is
    entered while a step is measured."""
    site = _site(case)
    few = len(set(case.brands)) <= FEW_BRANDS and not case.update
    heap_kb = HEAP_KB if few else HEAP_OF_MANY_BRANDS_KB
    try:
        below_ma = site.record.target_ma - EXCESS_MA
        _hold(site, below_ma, lambda: _charge(site))
        _hold_for(site, below_ma, KNOWN_S)
        with _place(case, build_dir, around) as (root, data_dir, during):
            site.write_settings(str(data_dir))
            if prepare:
                prepare(data_dir)
            where = (root, data_dir, site.serial, free_port(), heap_kb)
            with Firmware(*where, log=log) as firmware:
                return _measure(site, firmware, case, steps, during)
    finally:
        site.stop()


@contextlib.contextmanager
def _place(case, build_dir, around):
    """The folders of the code and of the data, and what is around each step."""
    if case.update:
        with streaming.board(build_dir) as (root, bundle):
            yield root, root / "data", lambda firmware: streaming.streamed(firmware, bundle)
    else:
        with tempfile.TemporaryDirectory(prefix="amprail-latency-") as data_dir:
            yield build_dir, Path(data_dir), around


def _site(case):
    from amprail_tools.sim.site import Site

    chargers = case.chargers
    of_phase = -(-chargers // 3)
    start_ma = min(484_000 // of_phase, MOST_MA)
    limit_ma = of_phase * start_ma + HOUSE_MA
    site = Site(
        chargers,
        phases=("1", "2", "3"),
        car_phases=(1,),
        has_meter=(False,),
        maximum_ma=MOST_MA,
        defaults_ma=start_ma,
        latency_ms=case.request_ms,
        brands=case.brands,
        lag_s=(0, 0),
        noise_a=0,
        limit_ma=limit_ma,
        largest_consumer_ma=max(limit_ma * 4 // 10, 16_000),  # the target is the limit
    )
    for car in site.cars:
        car.maximum_ma, car.below_ma, car.ramp_ma_s = MOST_MA, 0, math.inf
        car.plug_in()
    return site


def _charge(site):
    return all(max(charger.grid_ma) == charger.told_ma for charger in site.chargers)


# A charger that is found charging at some current is left there: nothing has to settle before.
def _measure(site, firmware, case, steps, around):
    firmware.wait_ready(20)
    target_ma = site.record.target_ma
    excess_ma = EXCESS_MA
    if len(case.brands) > 1:
        excess_ma = EXCESS_MIXED_MA * -(-case.chargers // 3)
    living = site.chargers[case.dead :]
    _lose(site, firmware, case)
    found = []
    for step in range(steps):
        quiet_s = QUIET_S + SHIFT_S * (step % 8)
        _hold(site, target_ma - EXCESS_MA, lambda quiet_s=quiet_s: _quiet_s(living) > quiet_s)
        with around(firmware):
            since = time.monotonic()
            end = since + PATIENCE * (DONE_S + DONE_REQUESTS * (case.request_ms - 50) / 1000)
            _hold(site, target_ma + excess_ma, lambda end=end: _all_done(site, living, since, end))
            found.append(_times(site, living, since))
    return found


# The dead are the first ones, on all three phases.
def _lose(site, firmware, case):
    for charger in site.chargers[: case.dead]:
        charger.disappear(mute=True)
    if case.dead:
        _hold_for(site, site.record.target_ma - EXCESS_MA, DEAD_S + case.request_ms / 50)
        states = [row["state"] for row in firmware.status(timeout_s=5)["chargers"]]
        if states.count("?") != case.dead:
            raise Failure(f"{states.count('?')} chargers are unreachable, expected {case.dead}")


def _hold_for(site, phase_ma, seconds):
    end = time.monotonic() + seconds
    _hold(site, phase_ma, lambda: time.monotonic() > end)


# Only what cars leave is taken: a house that made room for a raised car would be filled again.
def _hold(site, phase_ma, until):
    end = time.monotonic() + 120
    house_ma = [-math.inf] * 3
    while not until():
        free = zip(site.house.phase_ma, site.phase_ma, strict=True)
        free = [house + phase_ma - ma for house, ma in free]
        house_ma = [max(pair) for pair in zip(house_ma, free, strict=True)]
        site.house.set(house_ma)
        if time.monotonic() > end:
            raise Failure("the site was not ready to be measured within 120 s")
        time.sleep(0.02)


def _quiet_s(chargers):
    return time.monotonic() - max(_changed(tuple(charger.writes)) for charger in chargers)


# When it was told something else for the last time: watchdogs are fed with what it was told.
def _changed(writes):
    for at in range(len(writes) - 1, 0, -1):
        if writes[at][1] != writes[at - 1][1]:
            return writes[at][0]
    return writes[0][0] if writes else math.inf


# A busy computer takes longer; what is measured are the times of what came about.
def _all_done(site, living, since, end):
    above = _above(site, since)
    done = above and all(_done(charger, above[0]) for charger in living)
    return done or time.monotonic() > end


def _above(site, since):
    target_ma = site.record.target_ma
    told = tuple(site.meter.told)
    return [at for at, phase_ma in told if at > since and max(phase_ma) > target_ma]


def _times(site, living, since):
    above = _above(site, since)
    if not above:
        raise Failure("the meter told nothing above target")
    done = [_done(charger, above[0]) for charger in living]
    if None in done:
        raise Failure(f"{done.count(None)} chargers were not cut and confirmed")
    answered, confirmed = zip(*done, strict=True)
    return {"answered_s": max(answered) - above[0], "confirmed_s": max(confirmed) - above[0]}


def _done(charger, since):
    """When its first cut was answered, and when it was confirmed; None without."""
    for (_, before, _), (written, told_ma, _) in pairwise(tuple(charger.writes)):
        if written > since and told_ma < before:
            reads = [at for at, ma in tuple(charger.reads) if at > written and ma <= told_ma]
            return (written, reads[0]) if reads else None
    return None


def _result(case, found):
    result = case._asdict() | {"steps": len(found)}
    budgets = BUDGET_S.get(case, (None, None))
    for key, budget_s in zip(("answered_s", "confirmed_s"), budgets, strict=True):
        times = [step[key] for step in found]
        result[key] = {
            "median": round(median(times), 3),
            "worst": round(max(times), 3),
            "budget": budget_s,
        }
    return result


def free_port(host: str = "127.0.0.1") -> int:
    """A port that nobody listens on, and none that the system gives to whoever connects: those
    begin at 32768 (Linux, ip_local_port_range), and one may be taken before it is used."""
    while True:
        port = secrets.randbelow(20000) + 12000
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind((host, port))
            return port


def measure_all(steps: int, cases=USUAL) -> list[dict]:
    from amprail_tools.build import build

    results = []
    for case in cases:
        say(f"{steps} steps with {case.chargers} chargers, {case.dead} of them dead ...")
        results.append(measure(case, steps, build()))
    return results


def text(results: list[dict]) -> str:
    lines = ["s from a reading above target:"]
    heads = ("chargers", "dead", "ms", "brands", "update", "steps")
    lines.append("".join(f"{head:>9}" for head in heads) + f"{'':>12}{'median':>9}{'worst':>9}")
    for result in results:
        for key, title in (("answered_s", "answered"), ("confirmed_s", "confirmed")):
            s = result[key]
            numbers = [result[name] for name in ("chargers", "dead", "request_ms")]
            numbers += [len(set(result["brands"])), int(result["update"]), result["steps"]]
            budget = "" if s["budget"] is None else f"   budget {s['budget']:.1f}"
            lines.append(
                "".join(f"{number:9}" for number in numbers)
                + f"{title:>12}{s['median']:9.2f}{s['worst']:9.2f}{budget}"
            )
    return "\n".join(lines)
