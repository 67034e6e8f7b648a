"""An update by the page, from its file input to the new version, on the real firmware."""

import shutil
from types import SimpleNamespace

import pytest
from amprail_tools import keys
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from amprail_tools.sim.site import Site
from browser.conftest import Watch
from browser.test_site import confirm, show
from device.conftest import free_port
from device.owner import PASSWORD
from device.test_update import QUIET, SITE, Board, bundle, claimed
from playwright.sync_api import expect

__all__ = ["free_port"]

# Too little for an update beside the page: it starts again first, without one. With 160 KB there
# is too little without one, too.
HEAP_KB = 168

# Notes each value of the bar, also where the page goes before anybody could ask for it.
WATCH_BAR = """() => {
    const bar = document.getElementById("sent");
    const note = () => bar.hidden || noted(bar.value);
    new MutationObserver(note).observe(bar, { attributes: true });
}"""


@pytest.fixture
def board(tmp_path, free_port):
    """A board with an owner and the owner's key, whose version has shown that it works."""
    site = Site(chargers=1, **{**SITE, "phases": ["123"], "car_phases": [3]})
    site.house.set(QUIET)
    site.write_settings(str(tmp_path / "data"))
    keys.make(tmp_path / "keys" / "key.pem")
    keys.make(tmp_path / "keys" / "other.pem")
    key = keys.public_path(tmp_path / "keys" / "key.pem")
    shutil.copy(key, tmp_path / "data" / "update_key.pem")
    firmware = Firmware(build(), tmp_path / "data", site.serial, free_port())
    made = Board(SimpleNamespace(site=site, firmware=firmware), tmp_path / "root", HEAP_KB)
    try:
        made.wait(lambda: claimed(made.one.firmware), "it can be claimed")
        made.healthy()
        yield made
    finally:
        made.stop()
        site.stop()


@pytest.fixture
def page(browser, board):
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    url = f"http://127.0.0.1:{board.one.firmware.port}/"
    page.set_default_timeout(20_000)
    page.watch = Watch(page, url)
    page.watch.failures_expected = True  # while it starts nobody answers
    page.goto(url)
    yield page
    context.close()
    page.watch.check()


def install(page, path, content):
    path.write_bytes(content)
    page.locator("[name=bundle]").set_input_files(path)
    page.locator("#install [name=send]").click()


def test_a_bundle_goes_from_the_file_to_the_new_version_and_a_foreign_one_is_refused(
    page, board, tmp_path
):
    shown = []
    page.expose_binding("noted", lambda _, value: shown.append(value))
    confirm(page, PASSWORD)
    expect(page.locator("#connection")).to_have_text("Live")
    show(page, "update")
    versions = page.locator("#versions dd")
    key = keys.fingerprint((board.root / "data" / "update_key.pem").read_bytes())
    expect(versions).to_have_text(["0.1.0", "a", "\u2013", key])
    page.evaluate(WATCH_BAR)

    install(page, tmp_path / "bundle", bundle(tmp_path / "keys" / "other.pem", "0.2.0"))
    confirm(page, PASSWORD)
    expect(page.locator("#said")).to_have_text("Not signed with your key.")
    expect(page.locator("#install [name=send]")).to_be_enabled()
    # With little memory it was started again without its page for that
    starts = board.starts
    assert (starts, board.data("slot")) in ((1, "a"), (2, "a1"))

    del shown[:]
    install(page, tmp_path / "bundle", bundle(tmp_path / "keys" / "key.pem", "0.2.0"))
    confirm(page, PASSWORD)
    expect(page.locator("#said")).to_have_text("0.2.0 is installed and starts …")
    assert (shown[0], shown[-1], shown) == (0, 1, sorted(shown))
    expect(page.locator("#login-title")).to_have_text("Log in")
    confirm(page, PASSWORD)
    expect(versions).to_have_text(["0.2.0", "b", "0.1.0", key])
    expect(page.locator("#trial")).to_have_text("On trial: it goes back unless all works.")
    expect(page.locator("#resets li").last).to_contain_text("slot b")
    expect(page.locator("#connection")).to_have_text("Live")
    board.healthy()
    show(page, "live")
    show(page, "update")
    expect(page.locator("#trial")).to_be_empty()
    assert board.starts - starts in (1, 2)
