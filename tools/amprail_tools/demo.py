"""The firmware on a simulated site: house, meter, chargers and cars.

The firmware is the real one. It reads a meter's bytes from a serial line and sets chargers over
HTTP; house, cars and the time it takes are simulated, in real time. Cars arrive, loads switch, the
fuse is overloaded once, a charger vanishes and comes back; where there are several brands, each
reboots, lies and is gone once within the first 5 minutes. Stderr tells what happens, and the page
at http://127.0.0.1:8080 shows it. The JSON line at the end says whether the fuse held.
"""

import argparse
import signal
import sys
import tempfile
from pathlib import Path

from amprail_tools import options, run, say
from amprail_tools.launch import Firmware, micropython_command

# What a well set up charger starts with when nobody has told it anything yet.
DEFAULTS_MA = 6000

# With several brands, some of which lie, cars get enough that a lie shows: at their minimum most
# chargers could not be cut anyway.
GENEROUS_MA = 10_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--chargers", type=_chargers, default=8, metavar="N", help="1 to 64 (default: 8)"
    )
    options.add_firmware_options(parser)
    parser.add_argument(
        "--seed", type=_seed, default=1, metavar="N", help="another one, other cars (default: 1)"
    )
    parser.add_argument(
        "--latency-ms",
        type=options.latency_ms,
        default=50,
        metavar="MS",
        help="what a charger takes to answer (default: 50)",
    )
    parser.add_argument(
        "--brands",
        type=options.brands,
        metavar="LIST",
        help="as warp,goe: the chargers have these in turn (default: eight brands for 9 to 16 "
        "chargers, else warp)",
    )


def _chargers(text):
    return options.number(text, 1, 64)


def _seed(text):
    return options.number(text, 0, 2**31)


def check(arguments: argparse.Namespace) -> None:
    """UserError if it cannot start, before anything is installed."""
    run.check_port(arguments.port)


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.build import build

    micropython_command(arguments.micropython)
    build_dir = build()
    check(arguments)
    old = signal.signal(signal.SIGTERM, _interrupt)
    try:
        with tempfile.TemporaryDirectory(prefix="amprail-demo-") as data_dir:
            return _run(arguments, build_dir, Path(data_dir))
    finally:
        signal.signal(signal.SIGTERM, old)


def _interrupt(number, frame):
    raise KeyboardInterrupt


def _run(arguments, build_dir, data_dir):
    from amprail_tools.sim.brands import EIGHT
    from amprail_tools.sim.site import Site

    brands = arguments.brands or (EIGHT if 8 < arguments.chargers <= 16 else ("warp",))
    several = len(set(brands)) > 1
    connection = {"limit_ma": max(80_000, GENEROUS_MA * arguments.chargers)} if several else {}
    heap = arguments.heap or options.DEMO_HEAP_KB
    site = Site(
        arguments.chargers,
        arguments.seed,
        script="demo",
        log=sys.stderr,
        latency_ms=arguments.latency_ms,
        defaults_ma=DEFAULTS_MA,
        brands=brands,
        **connection,
    )
    try:
        site.write_settings(data_dir)
        ways = (arguments.port, heap, arguments.micropython)
        firmware = Firmware(build_dir, data_dir, site.serial, *ways)
        limit_a = site.settings["limit_ma"] // 1000
        say(f"{arguments.chargers} chargers on a connection of 3 x {limit_a} A; starting ...")
        # The record begins when it is ready: what cars did before is not its doing.
        status = run.supervise(firmware, arguments.seconds, ready=site.begin)
    finally:
        site.stop()
    return run.finish(firmware, status, **summary(site), seed=arguments.seed)


def summary(site) -> dict:
    """What really happened at the site, for the JSON line: `sim/record.py` says how it counts."""
    record = site.record
    return {
        "simulated_s": round(record.seconds, 1),
        "limit_ma": record.limit_ma,
        "target_ma": record.target_ma,
        "reaction_s": record.reaction_s,
        "seconds_above_limit_beyond_reaction": round(record.seconds_beyond_reaction, 2),
        "seconds_above_limit": round(record.seconds_above_limit, 2),
        "longest_above_limit_s": round(record.longest_s, 2),
        "peak_ma": record.peak_ma,
        "ampere_hours_delivered": round(record.ampere_hours_delivered, 3),
        "ampere_hours_allowed": round(record.ampere_hours_allowed, 3),
        "share": round(record.share, 3),
        "setpoints_received": site.setpoints,
    }
