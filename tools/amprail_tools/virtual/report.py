"""The results of scenarios as a table for people and as JSON for programs."""

from .runs import TITLES, Run

_MISSING = "-"


def as_json(scenario, runs: list[Run]) -> dict:
    """Of one scenario. Equal for equal seeds: the speed is not in it."""
    return {
        "name": scenario.name,
        "title": scenario.title,
        "seed": scenario.seed,
        "duration_s": scenario.duration_ms // 1000,
        "limit_a": scenario.site["limit_ma"] / 1000,
        "target_a": target_a(scenario),
        "chargers": len(scenario.lines),
        "managers": {run.manager: run.result for run in runs},
    }


def target_a(scenario) -> float:
    from balance.grid import target_ma

    return target_ma(scenario.site) / 1000


def table_of(scenario, runs: list[Run]) -> str:
    """A few lines of text."""
    titles = [title.partition("\n") for title in COLUMNS]
    rows = [[title[0] for title in titles], [title[2] for title in titles]] + [
        [cell(run) if cell else TITLES[run.manager] for cell in COLUMNS.values()] for run in runs
    ]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    lines = [_line(row, widths) for row in rows]
    return "\n".join([_heading(scenario), *lines, ""])


def _line(row, widths):
    first, *others = [(text, width) for text, width in zip(row, widths, strict=True)]
    cells = [first[0].ljust(first[1])] + [text.rjust(width) for text, width in others]
    return "  " + "  ".join(cells).rstrip()


def _heading(scenario):
    limit = scenario.site["limit_ma"] / 1000
    hours, rest = divmod(scenario.duration_ms // 1000, 3600)
    time = f"{hours}:{rest // 60:02}:{rest % 60:02}"
    count = len(scenario.lines)
    return (
        f"{scenario.name}: {scenario.title}\n"
        f"  limit {limit:g} A, target {target_a(scenario):g} A, {count} chargers, {time}, "
        f"seed {scenario.seed}"
    )


# One number if it is the same on L1, L2 and L3.
def _phases(key, digits):
    def cell(run):
        texts = [f"{value:.{digits}f}" for value in run.result[key]]
        return texts[0] if len(set(texts)) == 1 else " ".join(texts)

    return cell


def _number(key, digits):
    return lambda run: f"{run.result[key]:.{digits}f}"


def _share(key):
    def cell(run):
        share = run.result[key]
        return _MISSING if share is None else f"{100 * share:.1f} %"

    return cell


def _jain(run):
    index = run.result["jain"]
    return _MISSING if index is None else f"{index:.3f}"


def _setpoints(run):
    setpoints = run.result["setpoints"]
    return f"{setpoints['mean']:.0f} {setpoints['max']}"


def _waits(run):
    waits = run.result["waiting_s"]
    return " ".join(f"{waits[key]:.0f}" for key in ("mean", "p95", "max"))


def _back(run):
    back = run.result["back_s"]
    if not back:
        return _MISSING
    return "never" if None in back else f"{max(back):.0f}"


# Title of a column, in two lines -> its cell of a run; None is the manager's name.
COLUMNS = {
    "": None,
    "s above\nL1 L2 L3": _phases("above_s", 1),
    "A s above\nL1 L2 L3": _phases("above_as", 0),
    "longest\ns": _number("longest_above_s", 1),
    "peak A\nL1 L2 L3": _phases("peak_a", 1),
    "energy\nkWh": _number("energy_kwh", 1),
    "\nA h": _number("charge_ah", 1),
    "of the\nbound": _share("of_bound"),
    "of that\nat will": _share("of_pausing_at_will"),
    "\npauses": lambda run: str(run.result["pauses"]),
    "setpoints\nmean max": _setpoints,
    "waits, s\nmean p95 max": _waits,
    "\nJain": _jain,
    "95 %\nback s": _back,
    "times\nreal": lambda run: f"{run.speed:.0f}",
}

EXPLANATION = """\
s above, A s above, longest: seconds, ampere seconds and the longest stretch above the limit; one
  number if it is the same on all phases.
bound: the energy that somebody who knows all at every moment could have given with the same
  target, minimums, holds of 60 s and start delays of cars; at will: the same without the holds.
pauses: a charging car was told 0 though it wanted to charge. waits: how long a car that wants to
  charge is told 0, each time. setpoints: per charger. Jain: 1 is the same energy per connected
  hour for all. 95 % back: until the cars have again what they had before a load came and went.
times real: simulated seconds in a second."""
