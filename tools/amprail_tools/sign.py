"""Build this checkout's firmware as one signed file for `ota` and for the upload on the page.

It holds the code for all boards. The key is the one that `keys` made; the bundle is checked, with
the code that the device has for that, before it is written.
"""

import argparse
from pathlib import Path

from amprail_tools import keys, say


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_key(parser)
    parser.add_argument(
        "--output",
        type=Path,
        metavar="FILE",
        help="where the bundle goes (default: amprail-VERSION.bundle)",
    )


def add_key(parser: argparse.ArgumentParser) -> None:
    """The option that names the private key."""
    parser.add_argument(
        "--key",
        type=Path,
        default=keys.PRIVATE,
        metavar="FILE",
        help="your private key (default: %(default)s)",
    )


def main(arguments: argparse.Namespace) -> int:
    content, number = signed(arguments.key)
    path = arguments.output or Path(f"amprail-{number}.bundle")
    path.write_bytes(content)
    say(f"version {number}, {len(content)} bytes: {path}")
    return 0


def signed(path: Path) -> tuple[bytes, str]:
    """The bundle of this checkout, signed by the private key in a file, and its version."""
    from amprail_tools.build import build_device
    from amprail_tools.bundle import bundle_of, check

    key = keys.read_private(path)
    content = bundle_of(build_device() / "a", key)
    return content, check(content, keys.public_of(key))
