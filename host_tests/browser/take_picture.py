"""Takes a picture of a page: `take_picture.py URL FILE.png [WIDTHxHEIGHT]`.

The height is what is seen; `--whole` takes the whole page. The picture is taken once the page
shows a status of the device. `take_picture.py URL FOLDER --views` takes all views that there are,
in the order of the page, on a phone and on a desktop.
"""

import argparse
from pathlib import Path

import chromium

DESKTOP = {"width": 1100, "height": 760}


def size(text: str) -> dict:
    width, _, height = text.partition("x")
    return {"width": int(width), "height": int(height)}


def take_picture(browser, url, file, viewport, scheme="light", language="en", whole=False):
    """Write a PNG of `url`; `viewport` is {"width", "height"} in CSS pixels, two dots to each."""
    context = browser.new_context(
        viewport=viewport, color_scheme=scheme, locale=language, device_scale_factor=2
    )
    try:
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector(".charger, .phase")
        page.wait_for_timeout(700)
        page.screenshot(path=str(file), full_page=whole)
    finally:
        context.close()


VIEWS = ("live", "settings", "find", "wifi", "device")
SCREENS = {"phone": ({"width": 360, "height": 720}, "de"), "desktop": (DESKTOP, "en")}


def take_views(browser, url, folder) -> None:
    """Write FOLDER/page_VIEW_SCREEN.png, the phone's in German."""
    for screen, (viewport, language) in SCREENS.items():
        context = browser.new_context(viewport=viewport, locale=language)
        page = context.new_page()
        page.goto(url)
        page.wait_for_selector("nav:not([hidden])")
        for view in VIEWS:
            link = page.locator(f"nav a[href='#{view}']")
            if link.is_visible():
                link.click()
                page.wait_for_timeout(700)
                page.screenshot(path=str(Path(folder) / f"page_{view}_{screen}.png"))
        context.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="for instance http://127.0.0.1:8080/")
    parser.add_argument("file", help="the PNG to write")
    parser.add_argument("size", nargs="?", default="1280x800", type=size, help="1280x800")
    parser.add_argument("--dark", action="store_true", help="as with a dark colour scheme")
    parser.add_argument("--language", default="en", help="the browser's language: en, de")
    parser.add_argument("--views", action="store_true", help="all views into the folder FILE")
    parser.add_argument("--whole", action="store_true", help="the whole page, not one window")
    found = parser.parse_args()
    scheme = "dark" if found.dark else "light"
    with chromium.started() as browser:
        if found.views:
            return take_views(browser, found.url, found.file)
        take_picture(
            browser, found.url, found.file, found.size, scheme, found.language, found.whole
        )


if __name__ == "__main__":
    main()
