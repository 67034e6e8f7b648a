"""Takes a picture of a page: `take_picture.py URL FILE.png [WIDTHxHEIGHT]`.

The height is what is seen; `--whole` takes the whole page. The picture is taken once the page
shows a status of the device.
"""

import argparse

import chromium


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


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("url", help="for instance http://127.0.0.1:8080/")
    parser.add_argument("file", help="the PNG to write")
    parser.add_argument("size", nargs="?", default="1280x800", type=size, help="1280x800")
    parser.add_argument("--dark", action="store_true", help="as with a dark colour scheme")
    parser.add_argument("--language", default="en", help="the browser's language: en, de")
    parser.add_argument("--whole", action="store_true", help="the whole page, not one window")
    found = parser.parse_args()
    scheme = "dark" if found.dark else "light"
    with chromium.started() as browser:
        take_picture(
            browser, found.url, found.file, found.size, scheme, found.language, found.whole
        )


if __name__ == "__main__":
    main()
