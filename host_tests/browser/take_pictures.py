"""Takes the pictures of every view: `take_pictures.py [FOLDER] [--minutes 2]`.

They show the real firmware at a simulated site with eight cars, which runs for so many minutes
first, on a phone (in German) and on a desktop. What the firmware under test has no route for (the
Wi-Fi on a computer) is answered with an example.
"""

import argparse
import io
import json
import sys
import tempfile
import time
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / place) for place in ("host_tests", "tools", "lib")]

from amprail_tools.build import build  # noqa: E402
from amprail_tools.launch import Firmware  # noqa: E402
from browser import chromium  # noqa: E402
from browser.examples import UPDATE, WIFI  # noqa: E402
from browser.first_setup import HEAP_KB, PASSWORD, NewSite, free_port  # noqa: E402
from device.owner import Owner  # noqa: E402
from PIL import Image  # noqa: E402

VIEWS = ("settings", "find", "wifi", "update", "device")
PHONE = {"viewport": {"width": 360, "height": 740}, "locale": "de", "device_scale_factor": 2}
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "locale": "en", "device_scale_factor": 1.5}
COLOURS = 256
LIMIT_A = 80
DEFAULT_MA = 6_000


# Cars come home one by one while people cook.
def evening(site, random):
    for number, car in enumerate(site.cars[:8]):
        yield 20 * number, car.plug_in
        loads = [random.randrange(3_000, 24_000, 500) for _ in range(3)]
        yield 20 * number + 10, lambda loads=loads: site.house.set(loads)
    for minute in range(4, 600):
        loads = [random.randrange(3_000, 24_000, 500) for _ in range(3)]
        yield 60 * minute, lambda loads=loads: site.house.set(loads)


def take_picture(page, file: Path) -> None:
    """Write what is seen of the page as a PNG with few colours."""
    shot = Image.open(io.BytesIO(page.screenshot())).convert("RGB")
    shot.quantize(COLOURS, dither=Image.Dither.NONE).save(file, optimize=True)


def log_in(page) -> None:
    page.locator("#login [name=password]").fill(PASSWORD)
    page.locator("#login [name=send]").click()
    page.wait_for_selector("nav:not([hidden])")


def search(page, site) -> None:
    """Finds the chargers, of which one is not known yet."""
    page.locator("#find-chargers input").fill(site.subnet)
    page.locator("#find-chargers button").click()
    page.wait_for_selector("#find-chargers + div progress")
    page.wait_for_selector("#find-chargers + div progress", state="hidden")
    page.wait_for_selector("#find-chargers + div li button:enabled")
    page.locator("#find-chargers").evaluate("node => node.parentNode.scrollIntoView()")


def take_pictures(browser, url: str, folder: Path, site) -> None:
    """Write FOLDER/VIEW_SCREEN.png for all views, and the live view in the dark."""
    for screen, look in (("phone", PHONE), ("desktop", DESKTOP)):
        context = browser.new_context(color_scheme="light", **look)
        for path, example in (("api/wifi", WIFI), ("api/update", UPDATE)):
            context.route("**/" + path, answer(example))
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("#login[open]")
        take_picture(page, folder / f"login_{screen}.png")
        log_in(page)
        page.wait_for_selector("#plots path.cars[d]", state="attached")
        page.wait_for_timeout(1500)
        take_picture(page, folder / f"live_{screen}.png")
        page.emulate_media(color_scheme="dark")
        take_picture(page, folder / f"live_dark_{screen}.png")
        page.emulate_media(color_scheme="light")
        for view in VIEWS:
            page.locator(f"nav a[href='#{view}']").click()
            page.wait_for_timeout(1500)
            if view == "find":
                search(page, site)
            take_picture(page, folder / f"{view}_{screen}.png")
        context.close()


def answer(example: dict):
    """What the device says, or the example where it has no such route."""

    def whichever(route):
        found = route.fetch()
        if found.status == 404:
            route.fulfill(json=example)
        else:
            route.fulfill(response=found)

    return whichever


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "docs" / "pictures")
    parser.add_argument("--minutes", type=float, default=2, help="that the site runs first")
    found = parser.parse_args()
    found.folder.mkdir(parents=True, exist_ok=True)
    built = build()
    site = NewSite(
        9,
        free_port(0),
        script=evening,
        limit_ma=LIMIT_A * 1000,
        defaults_ma=DEFAULT_MA,
        name="Mill Lane 4",
    )
    with tempfile.TemporaryDirectory() as data_dir:
        data = Path(data_dir)
        site.write_settings(data_dir)
        lines = (data / "chargers.jsonl").read_text().splitlines(keepends=True)
        (data / "chargers.jsonl").write_text("".join(named(line) for line in lines[:8]))
        firmware = Firmware(built, data, site.serial, free_port(8080), HEAP_KB, log=None)
        try:
            firmware.start()
            firmware.wait_ready()
            Owner(firmware.port).claim()
            site.begin()
            time.sleep(60 * found.minutes)
            with chromium.started() as browser:
                take_pictures(browser, f"http://127.0.0.1:{firmware.port}/", found.folder, site)
        finally:
            firmware.stop()
            site.stop()


def named(line: str) -> str:
    """A charger's line with a name as people give it."""
    charger = json.loads(line)
    return json.dumps({**charger, "name": f"Bay {charger['id']}"}) + "\n"


if __name__ == "__main__":
    main()
