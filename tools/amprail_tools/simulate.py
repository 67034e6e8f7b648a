"""The deciding core in closed loop in virtual time: does the fuse hold, and who waits how long?

A scenario is a small TOML file: a site, what its house draws, its chargers and cars. Those that
come with the command are run if none is named. For a site of your own copy one of them, which
explains every key: tools/amprail_tools/scenarios/garage.toml. Equal seeds give equal results.
"""

import argparse
import json
from pathlib import Path

from amprail_tools import Failure, say, use_device_code

PICTURES = (".png", ".svg")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "scenarios",
        nargs="*",
        metavar="SCENARIO",
        help="a TOML file, or the name of a shipped one",
    )
    parser.add_argument("--list", action="store_true", help="show the shipped scenarios")
    parser.add_argument("--json", action="store_true", help="the results as JSON, not as a table")
    parser.add_argument(
        "--plot", type=_picture, metavar="FILE", help="draw what happened (.png or .svg)"
    )
    parser.add_argument(
        "--baseline",
        choices=("static", "round_robin", "all"),
        help="also by a simple rule: a fixed share for everybody that fits the worst case; or one "
        "charger every 30 s takes the headroom or gives up the excess",
    )


def _picture(text):
    path = Path(text).absolute()
    if path.suffix.lower() not in PICTURES:
        raise argparse.ArgumentTypeError(f"{text!r} is no {' or '.join(PICTURES)}")
    if not path.parent.is_dir():
        raise argparse.ArgumentTypeError(f"{text!r}: there is no folder {path.parent}")
    return path


def check(arguments: argparse.Namespace) -> None:
    """UserError if a scenario cannot be run, before anything is installed."""
    _scenarios(arguments)


def main(arguments: argparse.Namespace) -> int:
    scenarios = _scenarios(arguments)
    if arguments.list:
        for scenario in scenarios:
            print(f"{scenario.name:12} {scenario.title}")
        return 0
    done = _run_all(scenarios, _managers(arguments.baseline), arguments)
    if arguments.json:
        _print_json(done)
    else:
        from amprail_tools.virtual.report import EXPLANATION

        print(EXPLANATION)
    if arguments.plot:
        _draw(arguments.plot, done)
    return 0


def _scenarios(arguments):
    use_device_code()
    from amprail_tools.virtual import scenario

    if arguments.list or not arguments.scenarios:
        paths = scenario.shipped()
    else:
        paths = [scenario.find(name) for name in arguments.scenarios]
    return [scenario.load(path) for path in paths]


def _managers(baseline):
    from amprail_tools.virtual.runs import BASELINES

    chosen = {None: (), "all": BASELINES}.get(baseline, (baseline,))
    return ("amprail", *chosen)


def _run_all(scenarios, managers, arguments):
    from amprail_tools.virtual.report import table_of
    from amprail_tools.virtual.runs import run_scenario

    done = []
    for number, scenario in enumerate(scenarios, 1):
        say(f"{scenario.name} ({number} of {len(scenarios)}): {scenario.title} ...")
        runs = run_scenario(scenario, managers, record=arguments.plot is not None)
        done.append((scenario, runs))
        if not arguments.json:
            print(table_of(scenario, runs), flush=True)
    return done


# The speed stands apart, since it is the only thing that differs from run to run.
def _print_json(done):
    from amprail_tools.virtual.report import as_json

    speed = {scenario.name: {run.manager: run.speed for run in runs} for scenario, runs in done}
    print(json.dumps({"scenarios": [as_json(*one) for one in done], "speed": speed}))


def _draw(path, done):
    from amprail_tools.virtual.plot import draw

    say(f"drawing {path} ...")
    try:
        draw(path, done)
    except OSError as error:
        raise Failure(f"{path} could not be written: {error}") from None
