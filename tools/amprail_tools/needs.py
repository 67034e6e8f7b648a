"""What only the system's package manager can give."""

import os
import shutil
import subprocess

from amprail_tools import Failure, UserError, say

BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def find_browser() -> str | None:
    """Path of a browser that can be driven for the page's tests."""
    return next((path for path in map(shutil.which, BROWSERS) if path), None)


def need_browser() -> None:
    """A browser, installed now if that is allowed; UserError otherwise."""
    if not find_browser():
        apt_install("chromium", "the page's tests in host_tests/browser")


def need_mbpoll() -> None:
    """The Modbus master of the tests with peers, likewise; without apt-get they are skipped."""
    if shutil.which("mbpoll"):
        return
    if shutil.which("apt-get"):
        apt_install("mbpoll", "the tests with peers in host_tests/interop")
    else:
        say("mbpoll is missing, and apt-get to install it: interop/test_mbpoll.py is skipped")


def apt_install(package: str, purpose: str) -> None:
    """Installs a Debian package as root; otherwise UserError naming the command to give."""
    if not shutil.which("apt-get"):
        raise UserError(f"{package} is missing, needed for {purpose}: install it")
    if os.geteuid() != 0:
        raise UserError(
            f"{package} is missing, needed for {purpose}: sudo apt-get install {package}"
        )
    say(f"installing {package}, needed for {purpose} ...")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for step in (["update"], ["install", "-y", "--no-install-recommends", package]):
        done = subprocess.run(
            ["apt-get", "-q", *step],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            check=False,
        )
        if done.returncode:
            lines = (done.stdout + done.stderr).strip().splitlines() or ["no message"]
            raise Failure(f"apt-get {step[0]} failed: {lines[-1]}")
