"""Starts Debian's Chromium without a download and without a word to anybody outside.

Playwright drives it: it waits for what is to appear instead of sleeping, hears the console and
every request, and sets language, size and colour scheme; its wheel brings its own driver, and any
Chromium near its version will do. Its temporary user-data directory goes with the browser.
"""

import contextlib
import shutil

from playwright.sync_api import sync_playwright

NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


@contextlib.contextmanager
def started():
    """Yield a running headless browser; FileNotFoundError names the package to install."""
    path = next(filter(None, map(shutil.which, NAMES)), None)
    if path is None:
        raise FileNotFoundError(
            f"no browser of {', '.join(NAMES)} found: apt-get install chromium, for instance"
        )
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path, chromium_sandbox=False, args=list(FLAGS)
        )
        try:
            yield browser
        finally:
            browser.close()
