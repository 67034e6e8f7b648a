"""Scenarios: a site, its house and its cars as a TOML file, checked strictly."""

import tomllib
from dataclasses import dataclass
from pathlib import Path

from settings.schema import SettingsError, check_charger, check_site

from amprail_tools import UserError

from .charger import FAULTS
from .checks import (
    REQUIRED,
    amps,
    flag,
    number,
    periods,
    sections,
    some,
    span,
    table,
    text,
    three,
    time,
    whole,
    word,
)
from .trace import read_trace

SHIPPED = Path(__file__).resolve().parent.parent / "scenarios"


def _anything(value):
    return value


def _fallback(value):
    return None if value == "unknown" else amps(0, 32)(value)


_DURATIONS = span(number(1, 86400, "s"))

_TOP = {
    "title": ("", text),
    "duration": (REQUIRED, time),
    "seed": (1, whole(0, 2**31)),
    "reaction_s": (6, number(0, 60, "s")),
    "picture": (None, span(time)),
    "site": (REQUIRED, _anything),
    "house": ({}, _anything),
    "pv": (None, _anything),
    "meter": ({}, _anything),
    "load": ([], _anything),
    "charger": (REQUIRED, _anything),
    "car": ([], _anything),
}
_HOUSE = {
    "base_a": ([0, 0, 0], three(amps(0, 2000))),
    "step": ([], _anything),
    "trace": (None, text),
}
_STEP = {"at": (REQUIRED, time), "base_a": (REQUIRED, three(amps(0, 2000)))}
_LOAD = {
    "name": ("", text),
    "a": (REQUIRED, three(amps(0, 2000))),
    "from": ((0, 0), span(time)),
    "to": (None, time),
    "on_s": (None, _DURATIONS),
    "off_s": (None, _DURATIONS),
}
_PV = {
    "peak_a": (REQUIRED, three(amps(0, 2000))),
    "rise": (6 * 3_600_000, time),
    "set": (20 * 3_600_000, time),
    "clouds": (0, number(0, 1)),
}
_METER = {
    "refresh_s": (1, number(0.1, 60, "s")),
    "read_s": (0.25, number(0.05, 10, "s")),
    "noise_a": (300, amps(0, 20)),
    "missed_pct": (0, number(0, 100, "%")),
    "outages": ((), periods),
    "frozen": ((), periods),
}
_CHARGER = {
    "count": (1, whole(1, 64)),
    "phases": (["123"], some(text)),
    "max_a": (16000, amps(6, 32)),
    "min_a": (None, amps(6, 32)),
    "fallback_a": (6000, _fallback),
    "priority": (0, whole(-10, 10)),
    "weight": (1, whole(1, 8)),
    "metered": (True, flag),
    "latency_ms": (50, whole(0, 10000)),
    "poll_s": (None, number(0.5, 600, "s")),
    "step_a": (0, amps(0, 6)),
    "fault": ([], _anything),
}
_FAULT = {
    "kind": (REQUIRED, word(*FAULTS)),
    "charger": (None, whole(1, 64)),
    "from": (REQUIRED, time),
    "to": (None, time),
    "current_a": (32000, amps(0, 32)),
}
_CAR = {
    "count": (1, whole(1, 64)),
    "charger": (None, whole(1, 64)),
    "arrives": ((0, 0), span(time)),
    "leaves": (None, span(time)),
    "phases": (3, whole(1, 3)),
    "max_a": ((16000, 16000), span(amps(1, 80))),
    "min_a": ((6000, 6000), span(amps(6, 32))),
    "energy_kwh": (None, span(number(0.1, 200, "kWh"))),
    "lag_s": ((3, 3), span(number(0, 5, "s"))),
    "ramp_a_s": (4000, amps(0, 100)),
    "start_delay_s": ((0, 0), span(number(0, 600, "s"))),
    "below_a": ((0, 0), span(amps(0, 5))),
    "taper_pct": (5, number(0, 50, "%")),
}


@dataclass
class Scenario:
    """A checked scenario. site: as site.json; lines: of chargers.jsonl, with `groups` saying for
    each which of `chargers` it belongs to; picture_ms: what part of it is drawn; currents in mA,
    times from the start in ms."""

    name: str
    title: str
    seed: int
    duration_ms: int
    reaction_ms: int
    picture_ms: tuple
    site: dict
    house: dict
    loads: list
    pv: dict | None
    meter: dict
    chargers: list
    cars: list
    lines: list
    groups: list
    trace: list


def shipped() -> list[Path]:
    """The scenarios that come with the command."""
    return sorted(SHIPPED.glob("*.toml"))


def find(name: str) -> Path:
    """The file of a scenario: a path, or the name of a shipped one."""
    for path in shipped():
        if path.stem.lower() == name.lower():
            return path
    path = Path(name)
    if not path.is_file():
        names = ", ".join(path.stem for path in shipped())
        raise UserError(f"scenario {name}: no such file, expected a TOML file or one of {names}")
    return path


def load(path: Path) -> Scenario:
    """Reads a scenario; UserError with what is wrong."""
    try:
        given = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read: {error}") from None
    except tomllib.TOMLDecodeError as error:
        raise UserError(f"{path}: not TOML: {error}") from None
    return check(given, path.stem, path.parent, str(path))


def check(given: dict, name: str = "scenario", folder=Path(), where: str = "scenario") -> Scenario:
    """A scenario from what stood in its file; UserError with what is wrong."""
    try:
        return _check(given, name, folder, where)
    except SettingsError as error:
        raise UserError(f"{where}: {error}") from None
    except ValueError as error:
        raise UserError(str(error)) from None


def _check(given, name, folder, where):
    top = table(given, where, _TOP)
    house = table(top["house"], f"{where}: house", _HOUSE)
    house["step"] = sections(house["step"], f"{where}: house.step", _STEP)
    chargers = sections(top["charger"], f"{where}: charger", _CHARGER)
    for n, group in enumerate(chargers, 1):
        group["fault"] = sections(group["fault"], f"{where}: charger {n}: fault", _FAULT)
    lines, groups = _lines(chargers, where)
    scenario = Scenario(
        name=name,
        title=top["title"] or name,
        seed=top["seed"],
        duration_ms=top["duration"],
        reaction_ms=round(1000 * top["reaction_s"]),
        picture_ms=top["picture"] or (0, top["duration"]),
        site=_site(top["site"], where),
        house=house,
        loads=sections(top["load"], f"{where}: load", _LOAD),
        pv=table(top["pv"], f"{where}: pv", _PV) if top["pv"] is not None else None,
        meter=table(top["meter"], f"{where}: meter", _METER),
        chargers=chargers,
        cars=sections(top["car"], f"{where}: car", _CAR),
        lines=lines,
        groups=groups,
        trace=read_trace(folder / house["trace"]) if house["trace"] else [],
    )
    _check_whole(scenario, where)
    return scenario


def _check_whole(scenario, where):
    if scenario.duration_ms < 1000:
        raise ValueError(f"{where}: duration: expected at least 1 s")
    begin, end = scenario.picture_ms
    if not begin < end <= scenario.duration_ms:
        raise ValueError(f"{where}: picture: expected [from, to] within the duration")
    for n, load in enumerate(scenario.loads, 1):
        if (load["on_s"] is None) != (load["off_s"] is None):
            raise ValueError(f"{where}: load {n}: expected both on_s and off_s, or neither")
    for n, group in enumerate(scenario.cars, 1):
        if (group["charger"] or 1) > len(scenario.lines):
            raise ValueError(
                f"{where}: car {n}: charger: {group['charger']}, expected 1..{len(scenario.lines)}"
            )


# "none" stands for JSON's null, which TOML does not have.
def _site(given, where):
    known = check_site({"limit_ma": 63000, "supply_ma": 63000})
    table(given, f"{where}: site", dict.fromkeys(known, (None, _anything)))
    site = dict(given)
    if site.get("meter") == "none":
        site["meter"] = None
    for key in ("meter", "minimum"):
        if isinstance(site.get(key), dict):
            rows = dict.fromkeys(known[key], (None, _anything))
            table(site[key], f"{where}: site.{key}", rows)
    return check_site(site)


def _lines(chargers, where):
    lines, groups = [], []
    for n, group in enumerate(chargers):
        for number_ in range(group["count"]):
            line = {
                "id": len(lines) + 1,
                "driver": "warp",
                "url": "http://192.0.2.1",
                "phases": group["phases"][number_ % len(group["phases"])],
                "max_ma": group["max_a"],
                "min_ma": group["min_a"],
                "fallback_ma": group["fallback_a"],
                "priority": group["priority"],
                "weight": group["weight"],
            }
            if len(lines) == 64:
                raise ValueError(f"{where}: charger: more than 64, expected 1..64 in all")
            lines.append(check_charger(line, f"{where}: charger {n + 1}"))
            groups.append(n)
    if not lines:
        raise ValueError(f"{where}: charger: none, expected 1..64 in all")
    return lines, groups
