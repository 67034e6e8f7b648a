"""Every test: of the parts, of the whole firmware on this computer, of the page in a browser.

Arguments are pytest's, for example: amprail test -x host_tests/unit -k meter
"""

import argparse
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from amprail_tools import ROOT, UserError, say
from amprail_tools.needs import need_browser, need_mbpoll

# pytest's exit codes: 0 passed, 1 failed, 2 interrupted, 3 internal error, 4 usage, 5 no tests
USERS = (4, 5)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.usage = "amprail test [-h] [pytest arguments]"


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.build import build
    from amprail_tools.environment import make_typings

    given = [_from_here(argument) for argument in arguments.pytest_arguments]
    paths = [argument for argument in given if Path(argument.partition("::")[0]).exists()]
    if not paths or any("browser" in path or path == str(ROOT) for path in paths):
        need_browser()
    if not paths or any("interop" in path or path == str(ROOT) for path in paths):
        need_mbpoll()
    with ThreadPoolExecutor() as pool:
        typings = pool.submit(make_typings)
        build()
        typings.result()
    if not any(argument.startswith(("-n", "--numprocesses")) for argument in given):
        # Five that wait, as tests of the whole firmware do for up to a minute each, and one that
        # calculates keep two cores busy: host_tests/conftest.py has who begins with what
        given = ["-n", "6", "--dist", "worksteal", *given]
    return _pytest(given)


def _from_here(argument: str) -> str:
    """A path from where the command was started, as pytest itself runs in the checkout."""
    path, colons, test = argument.partition("::")
    return str(Path(path).resolve()) + colons + test if path and Path(path).exists() else argument


def _pytest(arguments: list[str]) -> int:
    process = subprocess.Popen([sys.executable, "-m", "pytest", *arguments], cwd=ROOT)
    while True:
        try:
            code = process.wait()
            break
        except KeyboardInterrupt:  # pytest got it, too, and is cleaning up
            say("ending ...")
    if code in USERS:
        raise UserError("pytest could not use these arguments (see above)")
    return 1 if code else 0
