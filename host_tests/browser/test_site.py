"""The page on the real firmware at a simulated site: meter on a serial line, chargers, cars."""

import json
import time

import pytest
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from axe_playwright_python.sync_playwright import Axe
from browser.conftest import Watch
from browser.first_setup import HEAP_KB, PASSWORD, NewSite, set_up
from device.conftest import free_port
from device.owner import Owner
from playwright.sync_api import expect

__all__ = ["free_port"]


@pytest.fixture
def at_site(browser, tmp_path, free_port):
    """Makes a site with its device and a page: `at_site(chargers, settings, language, width)`."""
    made = []

    def one(chargers, known=True, language="en-GB", width=1280):
        site = NewSite(chargers, free_port(), lag_s=(0.1, 0.5))
        made.append(site.stop)
        if known:
            site.write_settings(str(tmp_path))
        firmware = Firmware(build(), tmp_path, site.serial, free_port(), HEAP_KB)
        made.append(firmware.stop)
        firmware.start()
        firmware.wait_ready(20)
        context = browser.new_context(locale=language, viewport={"width": width, "height": 740})
        made.append(context.close)
        page = context.new_page()
        page.set_default_timeout(20_000)
        page.watch = Watch(page, f"http://127.0.0.1:{firmware.port}/")
        page.watch.statuses = (400, 401, 403)
        return site, firmware, page

    yield one
    for stop in reversed(made):
        stop()


def wait_until(condition, seconds, what):
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.05)


def told_ma(site):
    return [charger.told_ma for charger in site.chargers]


def confirm(page, password=PASSWORD):
    page.locator("#login [name=password]").fill(password)
    page.locator("#login [name=send]").click()


def remove(page, line):
    line.locator("summary").click()
    line.get_by_role("button", name="Remove").click()
    confirm(page)


def show(page, view):
    page.locator(f"nav a[href='#{view}']").click()
    expect(page.locator("#" + view)).to_be_visible()


def has_no_findings(page):
    found = Axe().run(page, options={"resultTypes": ["violations"]})
    assert found.violations_count == 0, found.generate_report()


def test_eight_chargers_are_set_up_by_the_page_alone_and_follow_a_lower_limit(at_site):
    site, firmware, page = at_site(8, known=False, language="de-DE", width=360)
    page.goto(f"http://127.0.0.1:{firmware.port}/")
    hand = set_up(page, site)
    assert hand.taps <= 10 and hand.fields <= 7
    assert json.loads((firmware.data_dir / "site.json").read_text())["limit_ma"] == 80_000
    for car in site.cars[:2]:
        car.plug_in()
    wait_until(lambda: min(site.phase_ma) > 28_000, 40, "two cars draw much")
    expect(page.locator(".charger .word").first).to_have_text("Lädt")
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    show(page, "settings")
    for label, ampere in (("Hauptsicherung", "25"), ("Größter Verbraucher", "16")):
        page.get_by_label(label).fill(ampere)
    page.get_by_label("Zuleitung").fill("25")
    page.locator("#site .taps button").click()
    confirm(page, "not the password")
    expect(page.locator("#login-error")).to_have_text("Dieses Passwort ist falsch.")
    assert min(told_ma(site)[:2]) > 12_000
    confirm(page)
    expect(page.locator("#said")).to_have_text("Gespeichert.")
    wait_until(lambda: max(told_ma(site)) < 10_000, 15, "both cars are cut")
    assert min(told_ma(site)[:2]) >= 6_000
    has_no_findings(page)
    page.watch.check()


def test_settings_errors_backup_pause_and_report_on_a_device_that_has_an_owner(at_site, tmp_path):
    site, firmware, page = at_site(2)
    Owner(firmware.port).claim()
    site.cars[0].plug_in()
    page.goto(f"http://127.0.0.1:{firmware.port}/")
    expect(page.locator("#main")).to_be_hidden()
    confirm(page, "not the password")
    expect(page.locator("#login-error")).to_have_text("This password is wrong.")
    confirm(page)
    expect(page.locator(".charger")).to_have_count(2)

    show(page, "settings")
    page.get_by_label("Largest appliance").fill("70")
    page.locator("#site .taps button").click()
    error = page.locator("label:has-text('Largest appliance') .error")
    expect(error).to_contain_text("70000 mA is above limit_ma")
    page.get_by_label("Largest appliance").fill("16")
    page.locator("#site").get_by_label("Name").fill("Mill Lane 4")
    page.locator("#site .taps button").click()
    confirm(page)
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.locator("h1")).to_have_text("Mill Lane 4")

    with page.expect_download() as download:
        page.get_by_text("Save backup").click()
    backup = tmp_path / "backup.json"
    download.value.save_as(backup)
    remove(page, page.locator("#lines li").nth(1))
    expect(page.locator("#lines li")).to_have_count(1)
    page.locator("#restore").set_input_files(backup)
    confirm(page)
    expect(page.locator("#lines li")).to_have_count(2)
    backup.write_text(backup.read_text().replace('"warp"', '"wrap"'))
    page.locator("#restore").set_input_files(backup)
    confirm(page)
    expect(page.locator("#said")).to_contain_text("'wrap' is not known")
    expect(page.locator("#lines li")).to_have_count(2)

    show(page, "live")
    wait_until(lambda: told_ma(site)[0] > 6_000, 30, "its car charges")
    page.locator(".pause").first.click()
    wait_until(lambda: told_ma(site)[0] == 0, 5, "it is paused")
    expect(page.locator(".reason").first).to_contain_text("Paused by hand")
    page.locator(".pause").first.click()
    wait_until(lambda: told_ma(site)[0] >= 6_000, 10, "it goes on")

    show(page, "device")
    expect(page.locator("#log")).to_contain_text("claimed by an owner")
    with page.expect_download() as download:
        page.get_by_text("Save report").click()
    report = json.loads(download.value.path().read_text())
    assert report["site"]["name"] == "Mill Lane 4" and "key" not in json.dumps(report["site"])
    page.watch.check()
