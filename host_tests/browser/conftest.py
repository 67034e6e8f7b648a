"""A real browser on the built page: the fixtures.

`open_page(url)` works with any device's URL: the scripted one here or the real firmware's. When
the test ends, it has looked for errors in the console and for requests to any other host.
"""

import re
from urllib.parse import urlsplit

import pytest
from amprail_tools.build import build
from browser import chromium
from browser.scripted_device import ScriptedDevice
from playwright.sync_api import expect

# A busy machine may take long to show what has come.
expect.set_options(timeout=15_000)


@pytest.fixture(scope="session")
def page_bytes():
    return {path.name[6:8]: path.read_bytes() for path in (build() / "a/page").iterdir()}


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


# What a device need not have: the page asks once, and Chromium says that it was not there.
OPTIONAL = ("/api/wifi", "/api/update")
FAILED = re.compile(r"Failed to load resource: the server responded with a status of (\d+)")


class Watch:
    """Hears the page: errors in the console and requests to other hosts. `statuses`: those that
    the device is expected to refuse something with; `failures_expected`: any."""

    def __init__(self, page, url):
        self.host = urlsplit(url).netloc
        self.errors = []
        self.others = []
        self.failures_expected = False
        self.statuses = ()
        page.on("console", self.on_console)
        page.on("pageerror", lambda error: self.errors.append(str(error)))
        page.on("request", self.on_request)

    def on_console(self, message):
        if message.type in ("error", "warning") and not self.is_expected(message):
            self.errors.append(message.text)

    # Chromium itself says of a request that it failed; no page can prevent that.
    def is_expected(self, message):
        if self.failures_expected and message.text.startswith("Failed to load resource"):
            return True
        failed = FAILED.match(message.text)
        if failed and failed[1] == "404":
            return message.location["url"].endswith(OPTIONAL)
        return failed and int(failed[1]) in self.statuses

    def on_request(self, request):
        if urlsplit(request.url).netloc != self.host and not request.url.startswith("data:"):
            self.others.append(request.url)

    def check(self):
        assert self.errors == []
        assert self.others == []
