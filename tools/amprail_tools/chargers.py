"""Find chargers on the network and print their lines for chargers.jsonl.

Every address is asked, eight at a time, for what chargers answer to: harmless GETs of paths that
read, nothing is switched. Without SUBNET the network of this computer is searched. Whatever is
found needs its `phases` and `fallback_ma` from you, and its password where it has one.
"""

import argparse
import asyncio
import ipaddress
import json
import socket
import sys

from amprail_tools import UserError, options, say, use_device_code

AT_ONCE = 8
MOST = 4096


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "subnet",
        nargs="?",
        metavar="SUBNET",
        type=_network,
        help="as 192.168.1.0/24, or one address; default: the network of this computer",
    )
    parser.add_argument(
        "--port", type=options.port, default=80, help="where chargers listen (default: 80)"
    )
    parser.add_argument("--first-id", type=_id, default=1, metavar="N", help="the first line's id")


def _network(text):
    try:
        network = ipaddress.IPv4Network(text, strict=False)
    except ValueError:
        raise argparse.ArgumentTypeError(
            f"{text!r} is not a network as 192.168.1.0/24 or an IPv4 address"
        ) from None
    if network.num_addresses > MOST:
        raise argparse.ArgumentTypeError(f"{text!r} has more than {MOST} addresses")
    return network


def _id(text):
    return options.number(text, 1, 64)


def main(arguments: argparse.Namespace) -> int:
    """Returns 0 if a charger was found, 1 if none was."""
    use_device_code()
    network = arguments.subnet or _own_network()
    hosts = [str(host) for host in network.hosts()]
    say(f"asking {len(hosts)} addresses in {network} on port {arguments.port} ...")
    found = _search(hosts, arguments.port)
    for number, one in enumerate(found, arguments.first_id):
        print(json.dumps(line(number, one)))
    if not found:
        say("no charger answered. Is its HTTP API switched on, and is this the right network?")
    return 0 if found else 1


def _own_network():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))  # sends nothing; the system picks the way out
            address = probe.getsockname()[0]
        except OSError:
            raise UserError("this computer has no network: give a SUBNET") from None
    return ipaddress.IPv4Network(f"{address}/24", strict=False)


def _search(hosts, port):
    import micropython  # noqa: F401  what MicroPython's asyncio and time have, on CPython
    from chargers.finder import search

    found = []

    def take(one):
        found.append(one)
        _clear()
        say(describe(one))

    def progress(done):
        if sys.stderr.isatty():
            print(f"\r{done} of {len(hosts)} ", end="", file=sys.stderr, flush=True)
        elif done % 64 == 0:
            say(f"{done} of {len(hosts)} asked")

    asyncio.run(search(hosts, port, take, progress, AT_ONCE))
    _clear()
    return sorted(found, key=lambda one: ipaddress.IPv4Address(one.host))


def _clear():
    if sys.stderr.isatty():
        print("\r" + " " * 20 + "\r", end="", file=sys.stderr)


def describe(one) -> str:
    """What was found, for people."""
    what = one.driver or "something that wants a password"
    if one.driver == "generic":
        what = "a charger for the generic driver (see the README for its description)"
    text = f"{one.host}: {what}{' ' + one.name if one.name else ''}"
    wants = one.locked or one.driver == "peblar"
    return text + (" (wants a password or token)" if wants else "")


def line(number: int, one) -> dict:
    """A line of chargers.jsonl; what only the installer knows is left at its careful default."""
    port = "" if one.port == 80 else f":{one.port}"
    about = {"id": number, "name": one.name or f"Charger {number}", "driver": one.driver or "?"}
    about |= {"url": f"http://{one.host}{port}", "phases": "?", "max_ma": 16000}
    if one.locked or one.driver == "peblar":  # its health is open to all
        about |= {"token": "?"} if one.driver == "peblar" else {"user": "?", "password": "?"}
    return about
