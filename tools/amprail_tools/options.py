"""What several subcommands take, and how their arguments are read."""

import argparse
import ipaddress
import os
from pathlib import Path


def add_firmware_options(parser: argparse.ArgumentParser) -> None:
    """The options of every command that runs the firmware."""
    parser.add_argument(
        "--seconds",
        type=seconds,
        metavar="S",
        help="end after S seconds (default: run until Ctrl-C)",
    )
    parser.add_argument(
        "--port",
        type=port,
        default=8080,
        help="port of the page, http://127.0.0.1:PORT (default: %(default)s)",
    )
    parser.add_argument(
        "--heap",
        type=heap,
        metavar="KB",
        help="memory of the firmware in KB; an ESP32 has about what 160 are here (default: 256, "
        "and 192 for the demo)",
    )
    parser.add_argument(
        "--micropython",
        type=program,
        metavar="PATH",
        help="a Unix port of MicroPython 1.28 or newer (default: the one this command installs)",
    )


HEAP_KB = 160
# With this the page can do all but restore a backup; a computer has more.
DEMO_HEAP_KB = 192
COMPUTER_HEAP_KB = 256
# So many brands fit into that; each driver is 2 to 4.5 KB.
FEW_BRANDS = 2
HEAP_OF_MANY_BRANDS_KB = 192


def brands(text: str) -> tuple:
    """An argparse type: brands of simulated chargers, as warp,goe; "eight" are eight."""
    from amprail_tools.sim.brands import BRANDS, EIGHT

    if text == "eight":
        return EIGHT
    wanted = tuple(text.split(","))
    for brand in wanted:
        if brand not in BRANDS:
            raise argparse.ArgumentTypeError(f"{brand!r} is none of {', '.join(BRANDS)}")
    return wanted


def latency_ms(text: str) -> int:
    """An argparse type: what a simulated charger takes to answer."""
    return number(text, 0, 10_000)


def port(text: str) -> int:
    """An argparse type: a TCP port."""
    return number(text, 1, 65535)


def address(text: str) -> str:
    """An argparse type: an IPv4 address."""
    try:
        return str(ipaddress.IPv4Address(text))
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is not an IPv4 address") from None


def heap(text: str) -> int:
    """An argparse type: a heap in KB. With less the firmware does not even start."""
    return number(text, 64, 1024 * 1024)


def number(text: str, least: int, most: int) -> int:
    """`text` as a whole number within the range; ArgumentTypeError otherwise."""
    try:
        value = int(text)
    except ValueError:
        value = least - 1
    if not least <= value <= most:
        raise argparse.ArgumentTypeError(f"{text!r} is not a whole number {least}..{most}")
    return value


def seconds(text: str) -> float:
    """An argparse type: a running time of up to a year."""
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.1 <= value <= 366 * 86400:
        raise argparse.ArgumentTypeError(f"{text!r} is not a number of seconds from 0.1")
    return value


def program(text: str) -> Path:
    """An argparse type: a file that can be started."""
    path = Path(text)
    if not (path.is_file() and os.access(path, os.X_OK)):
        raise argparse.ArgumentTypeError(f"{text!r} is not a program, expected a MicroPython")
    return path.absolute()
