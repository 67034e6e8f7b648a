"""The picture: phases, chargers and reasons over time, scenarios below and managers beside."""

from .report import target_a
from .runs import TITLES

PHASE_COLORS = ("#7b3f00", "#222222", "#8c8c8c")  # as the wires are: brown, black, grey
LIMIT_COLOR, TARGET_COLOR = "#d62728", "#2ca02c"

# Every word of balance.reasons, and of the baselines, by what it means to the person waiting:
# green has what it wants, blue shares, yellow and orange wait, red is trouble, white wants none.
REASON_COLORS = {
    "no_car": "#ffffff",
    "ended": "#eeeeee",
    "maximum": "#2ca02c",
    "charging": "#66bd63",
    "demand": "#b8e186",
    "raising": "#c7e9b4",
    "welcome": "#41b6c4",
    "fair_share": "#74add1",
    "phase_short": "#4575b4",
    "supply_short": "#313695",
    "minimum_raised": "#8073ac",
    "turn": "#fee08b",
    "waiting": "#fdae61",
    "paused": "#f46d43",
    "user_paused": "#d01c8b",
    "starting": "#bbbbbb",
    "no_reading": "#c2a5cf",
    "wiring_test": "#80cdc1",
    "meter_lost": "#762a83",
    "unreachable": "#d73027",
    "not_obeying": "#a50026",
    "charger_error": "#67001f",
    "bad_settings": "#000000",
}
_OTHER_COLORS = ("#8dd3c7", "#bebada", "#fccde5", "#b15928", "#ffff99", "#e7298a")

# Up to this many chargers are told apart by lines, the first the widest, so that equal ones are
# seen beside each other; more are shown as a map.
_LINES = 8

_WIDTH, _HEIGHT = 8.0, 6.2  # of one run, in inches


def draw(path, scenarios) -> None:
    """scenarios: [(scenario, runs with records)]; .png or .svg."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    columns = max(len(runs) for _, runs in scenarios)
    size = (_WIDTH * columns + 1.5, _HEIGHT * len(scenarios) + 0.3)
    figure = pyplot.figure(figsize=size, layout="constrained")
    rows = figure.subfigures(len(scenarios), 1, squeeze=False, hspace=0.02)[:, 0]
    for row, (scenario, runs) in zip(rows, scenarios, strict=True):
        _draw_scenario(row, scenario, runs, columns)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _draw_scenario(row, scenario, runs, columns):
    row.suptitle(f"{scenario.name}: {scenario.title}", fontweight="bold", x=0.01, ha="left")
    heights = {"height_ratios": [3, 2.4, _strip_height(len(scenario.lines))]}
    axes = row.subplots(3, columns, sharex=True, sharey="row", squeeze=False, gridspec_kw=heights)
    for column in range(columns):
        if column < len(runs):
            _draw_run(axes[:, column], scenario, runs[column])
        else:
            for axis in axes[:, column]:
                axis.set_visible(False)
    _limit(axes[:, 0], scenario, runs)
    _label(row, axes, scenario, runs)


# The scales are the same for all managers: with PV the connection also feeds in.
def _limit(axes, scenario, runs):
    currents = [ma for run in runs for row in run.record.phase_ma for ma in row]
    highest = max(*currents, scenario.site["limit_ma"]) / 1000
    axes[0].set_ylim(min(0, *currents) / 1000 * 1.05, highest * 1.05)
    if len(scenario.lines) <= _LINES:
        most = max(line["max_ma"] for line in scenario.lines) / 1000
        axes[1].set_ylim(-0.03 * most, most * 1.06)


def _strip_height(chargers):
    return min(0.6 + 0.15 * chargers, 2.4)


def _draw_run(axes, scenario, run):
    unit, seconds = _unit(run.record.times_s[-1])
    times = [time / seconds for time in run.record.times_s]
    _draw_phases(axes[0], scenario, run, times)
    draw_chargers = _draw_lines if len(scenario.lines) <= _LINES else _draw_map
    draw_chargers(axes[1], scenario, run.record, times)
    _draw_reasons(axes[2], run.record, times)
    axes[2].set_xlabel(f"time [{unit}]")
    axes[0].set_xlim(times[0], times[-1])


def _unit(duration_s):
    if duration_s > 4 * 3600:
        return "h", 3600
    return ("min", 60) if duration_s > 300 else ("s", 1)


def _draw_phases(axis, scenario, run, times):
    limit, target = scenario.site["limit_ma"] / 1000, target_a(scenario)
    for phase in range(3):
        values = [ma[phase] / 1000 for ma in run.record.phase_ma]
        house = [ma[phase] / 1000 for ma in run.record.house_ma]
        color, width = PHASE_COLORS[phase], 3.2 - 1.1 * phase
        axis.step(times, values, where="pre", color=color, lw=width, label=f"L{phase + 1}")
        axis.step(times, house, where="post", color=color, lw=0.7, ls=":", zorder=1)
        above = [value > limit for value in values]
        axis.fill_between(
            times, limit, values, where=above, step="pre", color=LIMIT_COLOR, alpha=0.45, lw=0
        )
    axis.axhline(limit, color=LIMIT_COLOR, lw=1.4, label=f"limit {limit:g} A")
    axis.axhline(target, color=TARGET_COLOR, lw=1.2, ls="--", label=f"target {target:g} A")
    axis.grid(alpha=0.25)
    axis.set_title(_summary(run), fontsize=10)


def _summary(run):
    result = run.result
    share = result["of_bound"]
    parts = [
        f"{max(result['above_s']):.1f} s above the limit, {max(result['above_as']):.0f} A s",
        f"{result['energy_kwh']:.1f} kWh"
        + ("" if share is None else f", {100 * share:.0f} % of the bound"),
        f"{result['pauses']} pauses",
    ]
    return f"{TITLES[run.manager]}\n{'; '.join(parts)}"


def _draw_lines(axis, scenario, record, times):
    from matplotlib import colormaps

    colors = colormaps["tab10"].colors
    count = len(scenario.lines)
    for index in range(count):
        color, width = colors[index], 1.2 + 0.7 * (count - 1 - index)
        allowed = [row[index] / 1000 for row in record.allowed_ma]
        drawn = [row[index] / 1000 for row in record.draw_ma]
        axis.step(times, allowed, where="post", color=color, lw=0.8, ls="--")
        axis.plot(times, drawn, color=color, lw=width, label=f"charger {index + 1}")
    axis.grid(alpha=0.25)


def _draw_map(axis, scenario, record, times):
    from matplotlib import colormaps

    count = len(scenario.lines)
    highest = max(line["max_ma"] for line in scenario.lines) / 1000
    currents = [[row[index] / 1000 for row in record.draw_ma] for index in range(count)]
    colors = colormaps["magma_r"].with_extremes(under="#ffffff")
    axis.image = axis.imshow(
        currents,
        aspect="auto",
        interpolation="nearest",
        extent=(times[0], times[-1], count + 0.5, 0.5),
        cmap=colors,
        vmin=1,
        vmax=highest,
    )


def _draw_reasons(axis, record, times):
    from matplotlib.colors import to_rgb

    colors = reason_colors({word for row in record.reasons for word in row})
    count = len(record.reasons[0])
    pixels = [[to_rgb(colors[row[n]]) for row in record.reasons] for n in range(count)]
    axis.imshow(
        pixels,
        aspect="auto",
        interpolation="nearest",
        extent=(times[0], times[-1], count + 0.5, 0.5),
    )
    if count <= _LINES:
        for line in range(1, count):
            axis.axhline(line + 0.5, color="#ffffff", lw=1)


def reason_colors(words) -> dict:
    """A colour for each word, also for one that is newer than this file."""
    new = sorted(set(words) - set(REASON_COLORS))
    colors = {word: _OTHER_COLORS[n % len(_OTHER_COLORS)] for n, word in enumerate(new)}
    return {word: color for word, color in (REASON_COLORS | colors).items() if word in words}


def _label(row, axes, scenario, runs):
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch
    from matplotlib.ticker import MaxNLocator

    axes[0, 0].set_ylabel("phases [A]\ndotted: house alone")
    last = axes[:, len(runs) - 1]
    beside = {"loc": "upper left", "bbox_to_anchor": (1.005, 1), "fontsize": 8, "frameon": False}
    last[0].legend(**beside)
    if len(scenario.lines) <= _LINES:
        axes[1, 0].set_ylabel("chargers [A]")
        handles = last[1].get_legend_handles_labels()[0]
        handles.append(Line2D([], [], color="#555555", lw=0.8, ls="--", label="allowed"))
        last[1].legend(handles=handles, **beside)
    else:
        axes[1, 0].set_ylabel("charger")
        row.colorbar(last[1].image, ax=last[1], label="drawn [A]", pad=0.01, aspect=12)
    axes[2, 0].set_ylabel("charger")
    for axis in axes[1:, 0] if len(scenario.lines) > _LINES else axes[2:, 0]:
        axis.yaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
    words = {word for run in runs for reasons in run.record.reasons for word in reasons}
    patches = [
        Patch(facecolor=color, edgecolor="#999999", lw=0.5, label=word.replace("_", " "))
        for word, color in reason_colors(words).items()
    ]
    last[2].legend(handles=patches, **beside)
