"""A real browser on the built page: the fixtures.

`open_page(url)` works with any device's URL: the scripted one here or the real firmware's. When
the test ends, it has looked for errors in the console and for requests to any other host.
"""

from pathlib import Path
from urllib.parse import urlsplit

import pytest
from amprail_tools.page import build_page
from browser import codes as reasons
from browser import chromium
from browser.scripted_device import ScriptedDevice

ROOT = Path(__file__).parents[2]


@pytest.fixture(scope="session")
def page_bytes(tmp_path_factory):
    target = tmp_path_factory.mktemp("page")
    build_page(ROOT / "firmware/page", target, reasons.NEEDED)
    return {path.name[6:8]: path.read_bytes() for path in target.iterdir()}


# Not longer than a module: while it runs, Playwright has an event loop in this thread.
@pytest.fixture(scope="module")
def browser():
    with chromium.started() as running:
        yield running


@pytest.fixture
def device(page_bytes):
    scripted = ScriptedDevice(page_bytes)
    yield scripted
    scripted.close()


@pytest.fixture
def base_url(device):
    return device.url


@pytest.fixture
def open_page(browser, base_url):
    """Return `open(url=base_url, language="en-GB", width=1280, scheme="light")` -> a page."""
    opened = []

    def open_one(url=base_url, language="en-GB", width=1280, scheme="light"):
        context = browser.new_context(
            locale=language, viewport={"width": width, "height": 800}, color_scheme=scheme
        )
        page = context.new_page()
        opened.append((context, Watch(page, url)))
        page.set_default_timeout(8000)
        page.clock.install()
        page.watch = opened[-1][1]
        page.goto(url)
        return page

    yield open_one
    for context, _ in opened:
        context.close()
    for _, watch in opened:
        watch.check()


class Watch:
    """Hears the page: errors in the console and requests to other hosts."""

    def __init__(self, page, url):
        self.host = urlsplit(url).netloc
        self.errors = []
        self.others = []
        self.failures_expected = False
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self.on_request)

    def on_console(self, message):
        # Chromium itself says of a request that it failed; no page can prevent that.
        failed_request = message.text.startswith("Failed to load resource")
        if message.type in ("error", "warning") and not (
            failed_request and self.failures_expected
        ):
            self.errors.append(message.text)

    def on_request(self, request):
        if urlsplit(request.url).netloc != self.host and not request.url.startswith("data:"):
            self.others.append(request.url)

    def check(self):
        assert self.errors == []
        assert self.others == []
