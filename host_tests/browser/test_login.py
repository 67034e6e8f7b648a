"""The first visitor, the login and the logout in real Chromium, on the real firmware."""

import json

import pytest
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from browser.conftest import Watch
from device.conftest import free_port
from device.owner import PASSWORD, Owner
from playwright.sync_api import expect

SITE = {"name": "My House", "limit_ma": 63000, "supply_ma": 63000, "meter": None}

__all__ = ["free_port"]


@pytest.fixture
def start(tmp_path, free_port):
    made = []

    def one(files=(), listen="127.0.0.1"):
        for name, text in {"site.json": json.dumps(SITE), **dict(files)}.items():
            (tmp_path / name).write_text(text)
        made.append(Firmware(build(), tmp_path, None, free_port(), log=None, listen=listen))
        made[-1].start()
        made[-1].wait_ready(20)
        return made[-1]

    yield one
    for firmware in made:
        firmware.stop()


@pytest.fixture
def visit(browser):
    """Opens the page of a firmware in a browser of its own: `visit(firmware, language)`."""
    opened = []

    def one(firmware, language="en-GB", width=360):
        url = f"http://127.0.0.1:{firmware.port}/"
        context = browser.new_context(locale=language, viewport={"width": width, "height": 740})
        page = context.new_page()
        page.set_default_timeout(15000)
        page.watch = Watch(page, url)
        page.watch.failures_expected = True  # until all routes that the page asks for are there
        opened.append((context, page.watch))
        page.goto(url)
        return page

    yield one
    for context, _ in opened:
        context.close()
    for _, watch in opened:
        watch.check()


def type_in(page, password, again=None, code=None):
    page.locator("[name=password]").fill(password)
    if again is not None:
        page.locator("[name=again]").fill(again)
    if code is not None:
        page.locator("[name=code]").fill(code)
    page.locator("#login [name=send]").click()


def test_a_device_on_this_computer_is_claimed_from_its_page(start, visit):
    firmware = start()
    page = visit(firmware)
    expect(page.locator("h1")).to_have_text("My House")
    expect(page.locator("#login")).not_to_be_visible()
    page.locator("#account").click()
    expect(page.locator("#login-title")).to_have_text("Set a password")
    expect(page.locator("[name=code]")).not_to_be_visible()
    type_in(page, "short", "short")
    expect(page.locator("#login-error")).to_have_text("At least 10 characters, please.")
    type_in(page, PASSWORD, PASSWORD + "x")
    expect(page.locator("#login-error")).to_have_text("The two passwords differ.")
    type_in(page, PASSWORD, PASSWORD)
    expect(page.locator("#login")).not_to_be_visible()
    expect(page.locator("#account")).to_have_text("Log out")
    expect(page.locator("#connection")).to_have_text("Live")
    assert Owner(firmware.port).log_in(PASSWORD).status == 200  # by Python's PBKDF2 and HMAC
    assert page.evaluate("document.cookie") == ""
    assert page.locator("[name=password]").input_value() == ""


def test_the_page_asks_for_the_password_says_when_it_is_wrong_and_logs_out(start, visit):
    firmware = start()
    password = "pässwörd € 🔌"
    assert Owner(firmware.port).claim(password).status == 200
    page = visit(firmware, language="de-DE")
    page.watch.failures_expected = True  # Chromium itself says that a request was refused
    expect(page.locator("#login-title")).to_have_text("Anmelden")
    expect(page.locator("#main")).not_to_be_visible()
    page.keyboard.press("Escape")
    type_in(page, "not the password")
    expect(page.locator("#login-error")).to_have_text("Dieses Passwort ist falsch.")
    page.locator("[name=password]").press_sequentially(password)
    page.keyboard.press("Enter")
    expect(page.locator("#connection")).to_have_text("Live")
    page.reload()
    expect(page.locator("#connection")).to_have_text("Live")
    page.locator("#account").click()
    expect(page.locator("#login-title")).to_have_text("Anmelden")
    page.reload()
    expect(page.locator("#login-title")).to_have_text("Anmelden")


def test_the_code_on_the_label_is_asked_for(start, visit):
    firmware = start({"claim": "abcd1234efgh5678"}, listen="0.0.0.0")
    page = visit(firmware)
    page.watch.failures_expected = True
    type_in(page, PASSWORD, PASSWORD, "abcd 1234")
    expect(page.locator("#login-error")).to_have_text("This code is wrong.")
    type_in(page, PASSWORD, PASSWORD, "ABCD-1234 efgh-5678")
    expect(page.locator("#account")).to_have_text("Log out")


def test_the_password_is_changed_and_a_session_that_ended_is_asked_for_again(start, visit):
    firmware = start()
    owner = Owner(firmware.port)
    owner.claim()
    page = visit(firmware)
    page.watch.failures_expected = True
    type_in(page, PASSWORD)
    page.get_by_role("button", name="Change password").click()
    expect(page.locator("#login-title")).to_have_text("Your password, please")
    type_in(page, "not the password")
    expect(page.locator("#login-error")).to_have_text("This password is wrong.")
    type_in(page, PASSWORD)
    expect(page.locator("#login-title")).to_have_text("Change password")
    type_in(page, "another password", "another password")
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.locator("#connection")).to_have_text("Live")
    assert owner.log_in(PASSWORD).status == 401
    assert owner.log_in("another password").status == 200
    assert owner.change_password("another password", PASSWORD).status == 200
    expect(page.locator("#login-title")).to_have_text("Log in")
    type_in(page, PASSWORD)
    expect(page.locator("#login")).not_to_be_visible()
