"""The first minutes of a board by phone: its access point, its label's code, the house's Wi-Fi."""

import pytest
from browser.conftest import Watch
from device.conftest import free_port
from device.owner import PASSWORD
from device.test_wifi import ADDRESS, LABEL, Box
from playwright.sync_api import expect

__all__ = ["free_port"]


@pytest.fixture
def box(tmp_path, free_port):
    made = Box(tmp_path, free_port())
    yield made
    made.stop()


def test_a_board_is_claimed_with_its_label_and_brought_into_the_houses_wifi(box, browser):
    box.firmware.start()
    box.firmware.wait_ready(20)
    page = browser.new_page(locale="en-GB", viewport={"width": 360, "height": 740})
    page.set_default_timeout(15_000)
    url = f"http://{ADDRESS}:{box.firmware.port}/"
    watch = Watch(page, url)
    watch.statuses = (401, 403)
    page.goto(url)
    expect(page.locator("#login-title")).to_have_text("Set a password")
    page.locator("[name=code]").fill(LABEL)
    for field in ("password", "again"):
        page.locator(f"#login [name={field}]").fill(PASSWORD)
    page.locator("#login [name=send]").click()

    page.locator("nav a[href='#wifi']").click()
    expect(page.locator("#wifi-state")).to_contain_text("Its own network amprail-3f2a is on.")
    page.locator("#scan").click()
    page.get_by_role("button", name="home").click()
    for password, said in (("wrong pass", "wrong password"), ("password", "Connected to home")):
        page.locator("#wifi-form [type=password]").fill(password)
        page.locator("#wifi-form .taps button").click()
        page.locator("#login [name=password]").fill(PASSWORD)
        page.locator("#login [name=send]").click()
        expect(page.locator("#wifi-state")).to_contain_text(said)
    assert '"password"' in (box.data / "wifi.json").read_text()
    watch.check()
    page.close()
