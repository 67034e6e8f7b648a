"""What `tools/amprail` does, one file a subcommand. Importing needs the standard library only."""

import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


class UserError(Exception):
    """The user can put it right: one line naming thing, value and what was expected; exit 2."""


class Failure(Exception):
    """Something failed that is not the user's error: one line; exit 1."""


def say(text: str) -> None:
    """One line of progress on stderr."""
    print(f"amprail: {text}", file=sys.stderr, flush=True)


def use_device_code() -> None:
    """Makes the device code (`import settings.schema`) importable here, on CPython."""
    for folder in ("firmware", "lib", "tools/amprail_tools/cpython"):
        path = str(ROOT / folder)
        if path not in sys.path:
            sys.path.insert(1, path)
