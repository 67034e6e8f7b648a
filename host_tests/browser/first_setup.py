"""Sets a site up by the page alone, and counts: `first_setup.py [--chargers 8] [--language de]`.

The device starts with an empty data directory; its site has a meter on a serial line and chargers
at addresses next to each other. What a person does is counted: taps and fields that are filled in.
Says the minutes it takes: the machine's by the clock, the person's at 3 s a tap and 8 s a field.
"""

import argparse
import socket
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "host_tests"), str(ROOT / "tools")]

from amprail_tools.build import build  # noqa: E402
from amprail_tools.launch import Firmware  # noqa: E402
from amprail_tools.sim.bus import Bus  # noqa: E402
from amprail_tools.sim.meter import Meter  # noqa: E402
from amprail_tools.sim.site import Site  # noqa: E402
from browser import chromium  # noqa: E402
from playwright.sync_api import Page, expect  # noqa: E402

PASSWORD = "correct horse battery"
HEAP_KB = 256
TAP_S, FIELD_S = 3, 8
SEARCH_MS = 60_000
FIRST_HOST = 101
# What came, in how many requests, and when there was something to see.
FIRST_PICTURE = """async () => {
    const paint = () => performance.getEntriesByName("first-contentful-paint")[0];
    while (!paint()) await new Promise(requestAnimationFrame);
    const [page] = performance.getEntriesByType("navigation");
    const others = performance.getEntriesByType("resource");
    const parts = others.filter(({ initiatorType }) => initiatorType !== "fetch").length;
    return [page.encodedBodySize, 1 + parts, paint().startTime];
}"""


class NewSite(Site):
    """Its chargers are not known to anybody: at 127.0.0.101 and on, all at one port. Its meter, an
    SDM630, answers only at the speed that it has left the factory with."""

    def __init__(self, chargers: int, port: int, **options):
        self.port = port
        super().__init__(chargers, brands=("warp",), **options)

    async def _open(self):
        for number, charger in enumerate(self.chargers):
            charger.server.host = f"127.0.0.{FIRST_HOST + number}"
            charger.server.port = self.port
        await super()._open()

    def _make_meter(self, **kind):
        self.line = Bus()
        self.meter = Meter(self.line.tap(9600), lambda: self.phase_ma, **kind)

    @property
    def subnet(self) -> str:
        """What somebody types to find them; nothing where they are found without."""
        if self.port == 80:
            return ""
        return f"127.0.0.{FIRST_HOST}-{FIRST_HOST + len(self.chargers) - 1}:{self.port}"


class Hand:
    """Somebody's, on the page; counts."""

    def __init__(self, page: Page):
        self.page = page
        self.taps = self.fields = 0

    def tap(self, locator) -> None:
        locator.click()
        self.taps += 1

    def type(self, locator, text: str) -> None:
        locator.fill(text)
        self.fields += 1

    def password(self, again: bool = False) -> None:
        """What the dialog asks for."""
        dialog = self.page.locator("#login")
        expect(dialog).to_be_visible()
        self.type(dialog.locator("[name=password]"), PASSWORD)
        if again:
            self.type(dialog.locator("[name=again]"), PASSWORD)
        self.tap(dialog.locator("[name=send]"))
        expect(dialog).to_be_hidden()


def set_up(page: Page, site) -> Hand:
    """From the first look at the page until all chargers are in the settings."""
    hand = Hand(page)
    hand.tap(page.locator("#step-meter"))
    hand.password(again=True)
    meters = page.locator("#find-meters")
    hand.tap(meters.locator("button"))
    found = meters.locator("xpath=following-sibling::div[1]")
    expect(found.locator("li button").first).to_be_visible(timeout=SEARCH_MS)
    hand.tap(found.locator("li button").first)
    form = page.locator("#site")
    numbers = {"limit_ma": 80, "largest_consumer_ma": 40, "supply_ma": 80}
    for place, ampere in zip((1, 2, 3), numbers.values(), strict=True):
        hand.type(form.locator("input").nth(place), str(ampere))
    hand.tap(form.locator(".taps button").first)
    hand.password()
    expect(page.locator("#step-meter + span")).not_to_be_empty()
    hand.tap(page.locator("#step-chargers"))
    chargers = page.locator("#find-chargers")
    if site.subnet:
        hand.type(chargers.locator("input"), site.subnet)
    hand.tap(chargers.locator("button"))
    found = chargers.locator("xpath=following-sibling::div[1]")
    expect(found.locator("li")).to_have_count(len(site.chargers), timeout=SEARCH_MS)
    expect(found.locator("progress")).to_be_hidden(timeout=SEARCH_MS)
    hand.tap(found.locator("> button:visible"))
    expect(found.locator("li button:disabled")).to_have_count(len(site.chargers), timeout=30_000)
    hand.tap(page.locator("#step-look"))
    expect(page.locator(".charger")).to_have_count(len(site.chargers))
    expect(page.locator(".state-none")).to_have_count(0, timeout=15_000)
    return hand


def free_port(preferred: int) -> int:
    for port in (preferred, 0):
        try:
            with socket.socket() as probe:
                probe.bind(("127.0.0.1", port))
                return probe.getsockname()[1]
        except OSError:
            pass
    raise OSError("no port is free")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--chargers", type=int, default=8)
    parser.add_argument("--language", default="en", help="en or de")
    parser.add_argument("--heap", type=int, default=HEAP_KB, metavar="KB")
    found = parser.parse_args()
    built = build()
    site = NewSite(found.chargers, free_port(80))
    with tempfile.TemporaryDirectory() as data_dir:
        firmware = Firmware(built, Path(data_dir), site.serial, free_port(8080), found.heap)
        try:
            firmware.start()
            firmware.wait_ready()
            with chromium.started() as browser:
                view = {"width": 360, "height": 740}
                page = browser.new_page(viewport=view, locale=found.language)
                page.set_default_timeout(SEARCH_MS)
                begin = time.monotonic()
                page.goto(f"http://127.0.0.1:{firmware.port}/")
                first = page.evaluate(FIRST_PICTURE)
                hand = set_up(page, site)
                machine_s = time.monotonic() - begin
        finally:
            firmware.stop()
            site.stop()
    person_s = hand.taps * TAP_S + hand.fields * FIELD_S
    print("the page: {} bytes in {} request, first picture after {:.0f} ms".format(*first))
    print(
        f"{found.chargers} chargers managed after {hand.taps} taps and {hand.fields} fields: "
        f"{machine_s:.0f} s of waiting, about {(machine_s + person_s) / 60:.1f} min with the "
        f"person's {person_s} s"
    )


if __name__ == "__main__":
    main()
