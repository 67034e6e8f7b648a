"""The views of the page in real Chromium: settings, finding, trouble, Wi-Fi, the first steps."""

import copy

import pytest
from axe_playwright_python.sync_playwright import Axe
from browser.examples import UPDATE, WIFI
from browser.test_page import SECOND, poll, texts, wait_until
from playwright.sync_api import expect

VIEWS = ("live", "settings", "find", "wifi", "update", "device")
FOUND = {
    "what": "chargers",
    "done": 254,
    "of": 254,
    "found": [
        {"driver": "goe", "name": "Garage", "url": "http://192.168.1.77", "locked": False},
        {"driver": "warp", "name": "Bay 1", "url": "http://192.168.1.20", "locked": True},
    ],
    "ended": True,
    "error": None,
}


def with_taps(device):
    for charger in device.status["chargers"]:
        charger.update(paused=False, priority=0, wh=charger["id"] * 3_210)


def open_view(open_page, view, **more):
    page = open_page(**more)
    expect(page.get_by_role("status").first).to_have_text("Live")
    page.locator(f"nav a[href='#{view}']").click()
    expect(page.locator("#" + view)).to_be_visible()
    page.wait_for_timeout(150)
    return page


def confirm(page):
    page.locator("#login [name=password]").fill("the password")
    page.locator("#login [name=send]").click()


# All rules on the phone; in the dark and on a desktop what these change, the colours.
@pytest.mark.parametrize(
    ("width", "scheme", "language", "rules"),
    [(360, "light", "de", None), (1280, "dark", "en", ["color-contrast"])],
)
def test_axe_finds_nothing_in_any_view(open_page, device, width, scheme, language, rules):
    with_taps(device)
    device.wifi = WIFI
    device.update = UPDATE
    device.find.append(FOUND)
    page = open_view(open_page, "live", width=width, scheme=scheme, language=language)
    options = {"resultTypes": ["violations"], **({"runOnly": rules} if rules else {})}
    for view in VIEWS:
        page.locator(f"nav a[href='#{view}']").click()
        expect(page.locator("#" + view)).to_be_visible()
        page.wait_for_timeout(200)
        if view == "settings":
            page.locator("summary").first.click()
        found = Axe().run(page, options=options)
        assert found.violations_count == 0, f"{view}: {found.generate_report()}"
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_settings_stand_in_the_installers_order_with_unit_range_default_and_help(open_page):
    page = open_view(open_page, "settings")
    labels = texts(page, "#site > div > label > b")
    assert labels[:5] == [
        "Name",
        "Main fuse",
        "Largest appliance",
        "Cable to the chargers",
        "Without meter",
    ]
    help_text = texts(page, "#site > div > label > small")[1]
    assert help_text == "What the connection carries per phase. 16 A to 524 A"
    assert "usually 32 A" in texts(page, "#site > div > label > small")[2]
    field = page.get_by_label("Main fuse")
    assert field.input_value() == "63"
    assert page.locator("label:has-text('Main fuse') .entry").inner_text().strip() == "A"


@pytest.mark.parametrize(
    ("typed", "said"),
    [("700", "16 A to 524 A, please."), ("", "Needed."), ("sixty", "16 A to 524 A, please.")],
)
def test_a_wrong_value_is_said_beside_its_field_and_nothing_is_sent(
    open_page, device, typed, said
):
    page = open_view(open_page, "settings")
    field = page.get_by_label("Main fuse")
    field.fill(typed)
    page.locator("#site").get_by_role("button", name="Save").click()
    expect(page.locator("label:has-text('Main fuse') .error")).to_have_text(said)
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    assert device.told == []


def test_what_only_the_device_refuses_is_said_beside_its_field_too(open_page, device):
    page = open_view(open_page, "settings")
    page.watch.failures_expected = True
    page.get_by_label("Largest appliance").fill("70")
    page.locator("#site").get_by_role("button", name="Save").click()
    error = page.locator("label:has-text('Largest appliance') .error")
    expect(error).to_contain_text("Not accepted: 70000 mA is above limit_ma, 63000 mA")
    assert device.site["largest_consumer_ma"] == 39_000


def test_a_device_that_is_short_of_memory_is_asked_again(open_page, device):
    page = open_view(open_page, "settings")
    page.watch.failures_expected = True
    device.refusal = ("/api/site", 503, {"code": "no_memory"})
    page.locator("#site").get_by_role("button", name="Save").click()
    wait_until(page, lambda: device.told)
    device.refusal = None
    page.clock.run_for(3 * SECOND)
    expect(page.locator("#said")).to_have_text("Saved.")
    assert [told[:2] for told in device.told] == [("PUT", "/api/site")] * 2


def test_a_limit_typed_in_amperes_is_kept_in_milliamperes_and_shown_live(open_page, device):
    device.site["unknown"] = "kept"
    page = open_view(open_page, "settings", language="de-DE")
    page.get_by_label("Hauptsicherung").fill("50,5")
    page.get_by_label("Größter Verbraucher").fill("32")
    page.locator("#site").get_by_role("button", name="Speichern").click()
    expect(page.locator("#said")).to_have_text("Gespeichert.")
    assert device.site["limit_ma"] == 50_500
    assert device.site["unknown"] == "kept"
    assert device.site["meter"]["lost_after_s"] == 10
    page.locator("nav a[href='#live']").click()
    expect(page.locator("#mark-limit")).to_have_text(
        "Grenze\u00a050,5\u00a0A".replace("\u00a0", " ", 1)
    )


def test_no_meter_is_null_and_a_charger_is_changed_without_its_secret_being_seen(
    open_page, device
):
    page = open_view(open_page, "settings")
    page.get_by_label("There is a meter").uncheck()
    page.locator("#site").get_by_role("button", name="Save").click()
    expect(page.locator("#said")).to_have_text("Saved.")
    assert device.site["meter"] is None
    page.locator("summary").nth(1).click()
    line = page.locator("#lines li").nth(1)
    assert line.get_by_label("Password").input_value() == ""
    line.get_by_label("Maximum").fill("13.5")
    line.get_by_role("button", name="Save").click()
    wait_until(page, lambda: device.lines[1].get("max_ma") == 13_500)
    assert device.told[-1][2]["password"] is True
    assert device.lines[1]["password"] == "known to the device only"
    assert "known to the device only" not in page.content()


def test_a_charger_is_added_by_hand_and_removed(open_page, device):
    page = open_view(open_page, "settings")
    page.get_by_role("button", name="Add by hand").click()
    line = page.locator("#lines li").last
    line.get_by_label("Make").select_option("goe")
    line.get_by_label("Address").fill("http://192.168.1.99")
    line.get_by_role("button", name="Save").click()
    wait_until(page, lambda: device.lines[-1]["url"] == "http://192.168.1.99")
    assert device.lines[-1]["id"] == 7
    expect(page.locator("summary").last).to_contain_text("goe http://192.168.1.99")
    page.locator("summary").last.click()
    page.locator("#lines li").last.get_by_role("button", name="Remove").click()
    expect(page.locator("#lines li")).to_have_count(6)


def test_a_backup_is_restored_from_a_file(open_page, device, tmp_path):
    page = open_view(open_page, "settings")
    with page.expect_download() as download:
        page.get_by_text("Save backup").click()
    assert download.value.suggested_filename
    file = tmp_path / "backup.json"
    file.write_text('{"site": {"limit_ma": 35000, "supply_ma": 35000}, "chargers": []}')
    page.locator("#restore").set_input_files(file)
    confirm(page)
    wait_until(page, lambda: device.site["limit_ma"] == 35_000)
    expect(page.get_by_label("Main fuse")).to_have_value("35")


def test_what_is_found_is_added_by_a_tap_and_progress_is_said(open_page, device):
    going = {**copy.deepcopy(FOUND), "done": 120, "ended": False}
    page = open_view(open_page, "find")
    device.find.extend([going, FOUND])
    page.locator("#find-chargers").get_by_role("button", name="Search").click()
    expect(page.locator("#find progress")).to_have_attribute("value", "120")
    assert device.told[-1] == ("POST", "/api/find/chargers", {"subnet": "192.168.1"})
    page.clock.fast_forward(2 * SECOND)
    expect(page.get_by_text("Done, found 2")).to_be_visible()
    expect(page.get_by_role("button", name="Added")).to_be_disabled()
    page.get_by_role("button", name="Add", exact=True).click()
    wait_until(page, lambda: len(device.lines) == 7)
    assert device.lines[-1]["driver"] == "goe" and device.lines[-1]["name"] == "Garage"


def test_a_meter_that_was_found_is_taken_over_with_its_line(open_page, device):
    meter = {"baud": 19200, "parity": "E", "stop": 1, "address": 3, "types": ["sunspec", "own"]}
    device.find.append({**FOUND, "what": "meters", "found": [{**meter, "trouble": None}]})
    page = open_view(open_page, "find")
    page.get_by_role("button", name="Use this meter").click()
    wait_until(page, lambda: device.site["meter"]["address"] == 3)
    assert device.site["meter"]["type"] == "sunspec"
    assert device.site["meter"]["parity"] == "E"
    assert device.site["limit_ma"] == 63_000


def test_a_wiring_test_says_what_it_saw_and_offers_to_save_it(open_page, device):
    result = {"id": 1, "code": "told", "phases": "231", "differs": True}
    device.find.append({**FOUND, "what": "wiring", "found": [result]})
    page = open_view(open_page, "find")
    expect(page.get_by_text("On phases 231")).to_be_visible()
    page.get_by_role("button", name="Save phases 231").click()
    wait_until(page, lambda: device.lines[0].get("phases") == "231")


def test_pause_and_priority_go_by_a_tap_and_energy_is_shown(open_page, device):
    with_taps(device)
    page = open_page()
    expect(page.locator(".energy").first).to_contain_text("3.2")
    page.get_by_role("button", name="Pause: Bay 1").click()
    expect(page.get_by_role("button", name="Resume: Bay 1")).to_be_visible()
    page.get_by_role("button", name="Priority: Bay 2").click()
    expect(page.get_by_role("button", name="Priority: Bay 2")).to_have_attribute(
        "aria-pressed", "true"
    )
    assert device.told == [
        ("POST", "/api/chargers/1/pause", {"paused": True}),
        ("POST", "/api/chargers/2/priority", {"priority": 1}),
    ]
    expect(page.get_by_role("button", name="Pause: Delivery van")).to_have_count(0)


def test_a_countdown_runs_between_two_answers(open_page, device):
    page = open_page()
    reason = page.locator(".charger:nth-child(3) .reason")
    expect(reason).to_contain_text("more, so as not to flicker")
    page.watch.failures_expected = True
    device.answer("hang")
    page.clock.run_for(5 * SECOND)
    wait_until(page, lambda: int(reason.inner_text().split()[1]) <= 37)


def test_only_what_changed_is_asked_for_until_settings_change(open_page, device):
    page = open_page()
    expect(page.locator(".charger")).to_have_count(6)
    poll(page, device)
    device.status["chargers"].append({**device.status["chargers"][0], "id": 9, "name": "New"})
    device.settings += 1
    poll(page, device)
    expect(page.locator(".charger")).to_have_count(7)


def test_the_plot_shows_hour_and_day_and_says_them_in_words(open_page, device):
    page = open_page()
    expect(page.get_by_role("img", name="L1: up to 36 A, cars 8 A on average")).to_be_visible()
    assert page.locator("#plots path.cars").first.get_attribute("d").count("M") > 1
    page.get_by_role("button", name="Day").click()
    wait_until(page, lambda: "/api/history?span=day" in device.others)
    expect(page.get_by_text("24 h ago").first).to_be_visible()


def test_trouble_shows_counters_log_and_a_report(open_page, device):
    page = open_view(open_page, "device")
    shown = dict(zip(texts(page, "dt"), texts(page, "dd"), strict=True))
    assert shown["Readings"] == "45,912" and shown["timeout"] == "12"
    assert shown["Running for"] == "3 h 12 min" and shown["Last start"] == "power on"
    assert "charger 6: no answer" in page.locator("#log").inner_text()
    with page.expect_download():
        page.get_by_text("Save report").click()


def test_a_network_is_chosen_and_joined(open_page, device):
    device.wifi = WIFI
    page = open_view(open_page, "wifi")
    expect(page.locator("#wifi-state")).to_contain_text("Connected to House")
    expect(page.locator("#wifi-form input").first).to_have_value("House")
    page.get_by_role("button", name="Neighbour").click()
    page.locator("#wifi-form").get_by_label("Password").fill("a passphrase")
    page.locator("#wifi-form").get_by_role("button", name="Save").click()
    wait_until(page, lambda: device.told)
    assert device.told[-1][2] == {"ssid": "Neighbour", "password": "a passphrase", "fixed": None}


def test_there_is_no_wifi_view_without_wifi(open_page):
    page = open_page()
    expect(page.locator("nav a[href='#settings']")).to_be_visible()
    expect(page.locator("nav a[href='#wifi']")).to_be_hidden()


def test_an_update_is_sent_from_a_file_and_the_page_comes_anew(open_page, device, tmp_path):
    device.update = copy.deepcopy(UPDATE)
    page = open_view(open_page, "update")
    assert texts(page, "#versions dd") == ["1.2.0", "a", "1.1.0", UPDATE["key"]]
    assert texts(page, "#resets li") == [
        "cause power on, slot a, try 1",
        "ended, code 3, after 77 s",
    ]
    bundle = tmp_path / "bundle"
    bundle.write_bytes(bytes(range(256)) * 800)
    page.locator("[name=bundle]").set_input_files(bundle)
    page.get_by_label("Even if it is older").check()
    page.get_by_role("button", name="Install").click()
    page.clock.run_for(2 * SECOND)
    confirm(page)
    wait_until(page, lambda: len(device.told) == 2)
    assert device.told[0][:2] == ("POST", "/api/update")
    assert device.told[1] == ("PUT", "/api/update?older=1", bundle.read_bytes())
    page.clock.run_for(3 * SECOND)
    expect(page.locator("#said")).to_contain_text("is installed")
    device.logged_in = False
    with page.expect_event("load"):
        page.clock.run_for(2 * SECOND)


def test_a_refused_update_says_why_and_the_key_is_replaced(open_page, device, tmp_path):
    device.update = {**UPDATE, "ready": True}
    page = open_view(open_page, "update")
    page.watch.failures_expected = True
    error = {"code": "update_older", "version": "1.0.0", "running": "1.2.0"}
    device.refusal = ("/api/update", 400, error)
    file = tmp_path / "file"
    file.write_text("-----BEGIN PUBLIC KEY-----")
    page.locator("[name=bundle]").set_input_files(file)
    page.get_by_role("button", name="Install").click()
    confirm(page)
    expect(page.locator("#said")).to_have_text("1.0.0 is older than 1.2.0.")
    expect(page.get_by_role("button", name="Install")).to_be_enabled()
    page.locator("#key").set_input_files(file)
    expect(page.locator("#said")).to_have_text("Saved.")
    assert device.told[-1] == ("PUT", "/api/update/key", file.read_bytes())


def unconfigured(device):
    device.site = None
    device.lines = []
    device.status.update(chargers=[], site={"name": "amprail", "limit_ma": 0})
    device.status["grid"].update(ok=False, phase_ma=None)


def test_a_site_that_cannot_be_used_is_said_and_mended(open_page, device):
    unconfigured(device)
    device.why = "site.json: limit_ma: 5 mA is below 16000..524000 mA"
    device.status["warnings"] = [{"code": "bad_site", "error": device.why}]
    page = open_page()
    expect(page.locator("#warning-list")).to_have_text(f"The settings are unusable: {device.why}")
    page.locator("#step-numbers").click()
    expect(page.locator("#trouble")).to_have_text(device.why)
    for label in ("Main fuse", "Largest appliance", "Cable to the chargers"):
        page.get_by_label(label).fill("63")
    page.locator("#site .taps button").click()
    expect(page.locator("#said")).to_have_text("Saved.")
    expect(page.locator("#trouble")).to_be_empty()
    assert device.site["limit_ma"] == 63_000


def test_the_first_steps_lead_from_the_meter_to_the_chargers_by_keyboard_alone(open_page, device):
    unconfigured(device)
    page = open_page()
    expect(page.locator("#steps li")).to_have_count(4)
    assert texts(page, ".is-next")[0].startswith("Find the meter")
    page.locator("#steps a").nth(1).focus()
    page.keyboard.press("Enter")
    fuse = page.get_by_label("Main fuse")
    expect(fuse).to_be_visible()
    fuse.focus()
    for typed in ("63", "39", "63", "10"):
        page.keyboard.press("Control+a")
        page.keyboard.type(typed)
        page.keyboard.press("Tab")
    fuse.press("Enter")
    wait_until(page, lambda: device.site)
    assert device.site["limit_ma"] == 63_000 and device.site["without_meter_ma"] == 10_000
    page.clock.fast_forward(2 * SECOND)
    expect(page.locator("#steps li").nth(1)).to_contain_text("done")
