"""What a person sees on the page, in real Chromium."""

import copy

import pytest
from browser import codes as reasons
from browser.scripted_device import STATUS
from browser.take_pictures import take_picture
from PIL import Image
from playwright.sync_api import expect

SECOND = 1000


def poll(page, device):
    """Let the page's time jump to its next poll, and wait until the answer is shown."""
    asked = device.asked
    page.clock.fast_forward(9 * SECOND)
    wait_until(page, lambda: device.asked > asked)
    page.wait_for_timeout(50)


def wait_until(page, condition):
    for _ in range(400):
        if condition():
            return
        page.wait_for_timeout(10)
    raise AssertionError("the page did not ask again")


def texts(page, selector):
    return [
        text.replace("\u00a0", " ").strip() for text in page.locator(selector).all_inner_texts()
    ]


def box(page, selector):
    return page.locator(selector).first.bounding_box()


@pytest.mark.parametrize(
    ("language", "meter", "short", "states"),
    [
        (
            "en-GB",
            "Meter: last reading 0.2 s ago",
            "L1 is full: 3.2 A missing to its maximum",
            ["Charging", "Charging", "Car connected", "Charging", "No car", "Does not answer"],
        ),
        (
            "de-DE",
            "Zähler: letzter Messwert vor 0,2 s",
            "L1 ist voll: 3,2 A fehlen bis zum Maximum",
            ["Lädt", "Lädt", "Auto verbunden", "Lädt", "Kein Auto", "Antwortet nicht"],
        ),
    ],
)
def test_phases_states_and_reasons_are_said_in_the_browsers_language(
    open_page, language, meter, short, states
):
    page = open_page(language=language)
    expect(page.locator("h1")).to_have_text("Mill Lane 4")
    point = "." if language == "en-GB" else ","
    assert texts(page, "#meter") == [meter]
    assert texts(page, ".figure b") == [f"{a} A".replace(".", point) for a in (46.9, 38.2, 21.4)]
    assert texts(page, ".charger .word") == states
    assert texts(page, ".reason")[0] == short
    assert page.locator("html").get_attribute("lang") == language[:2]


def test_bars_have_one_true_scale_with_house_cars_target_and_limit(open_page):
    page = open_page()
    expect(page.locator(".needle")).to_have_count(3)
    page.clock.fast_forward(SECOND)
    page.wait_for_timeout(600)
    track = box(page, ".track")
    pixels_per_ampere = (box(page, ".track .limit")["x"] + 1 - track["x"]) / 63
    cars = box(page, ".track .cars")
    target = box(page, ".track .target")
    assert cars["x"] - track["x"] == pytest.approx(34.2 * pixels_per_ampere, abs=3)
    assert cars["width"] == pytest.approx(12.7 * pixels_per_ampere, abs=3)
    assert target["x"] - track["x"] == pytest.approx(49 * pixels_per_ampere, abs=3)
    assert texts(page, ".detail .house")[0] == "House 34.2 A"
    assert texts(page, ".detail .cars")[0] == "Cars 12.7 of 35.6 A"
    assert texts(page, ".jump")[0] == "Largest jump 14.1 A"
    assert texts(page, "#mark-target, #mark-limit") == ["target 49 A, aim 48.4 A", "limit 63 A"]


def test_export_lies_left_of_zero_and_overload_is_said_in_words(open_page, device):
    device.status["grid"]["phase_ma"] = [-12_000, 66_000, 52_000]
    page = open_page()
    expect(page.locator(".verdict").first).to_have_text("feeding in")
    assert texts(page, ".verdict") == ["feeding in", "above limit", "above target"]
    assert texts(page, ".figure b")[0] == "\u221212.0 A"
    assert texts(page, ".detail .house")[0] == "Surplus 24.7 A"
    zero = box(page, ".track .zero")["x"]
    assert box(page, ".needle")["x"] < zero < box(page, ".phase:nth-child(2) .needle")["x"]


def test_changes_are_shown_without_a_reload(open_page, device):
    page = open_page()
    expect(page.locator(".figure b").first).to_contain_text("46.9")
    page.evaluate("window.kept = true")
    device.status["grid"]["phase_ma"] = [20_000, 20_100, 20_200]
    device.status["chargers"][0].update(set_ma=16_000, reason={"code": "maximum"})
    expect(page.locator(".figure b").first).to_contain_text("20.0", timeout=2500)
    assert texts(page, ".set b")[0] == "16.0 A"
    assert texts(page, ".reason")[0] == "Has its full current"
    assert page.evaluate("window.kept")


NO_READING = (
    (
        {"ok": False, "age_ms": 12_300, "phase_ma": None, "target_ma": None},
        [0, 0, 0],
        "No reading for 12 s: the chargers share 0 A per phase until the meter answers.",
    ),
    (
        {"ok": False, "age_ms": 5_100},
        None,
        "No reading for 5 s. Nothing is raised until the meter answers.",
    ),
    (
        {"ok": False, "age_ms": None, "phase_ma": None},
        [0, 0, 0],
        "The meter has not answered yet: nothing is raised.",
    ),
    (None, [32_000] * 3, "No meter: the chargers share a fixed 32 A per phase."),
)


def test_a_missing_meter_is_said_with_its_consequence(open_page, device):
    page = open_page()
    expect(page.locator("#meter")).to_contain_text("last reading")
    for grid, budget_ma, said in NO_READING:
        device.status.update(grid=grid, budget_ma=budget_ma)
        poll(page, device)
        expect(page.locator("#meter")).to_have_text(said)
        assert texts(page, ".figure b") == ["\u2013"] * 3


def test_a_meter_that_repeats_its_values_is_hinted_at_only_while_current_flows(open_page, device):
    device.knows_changes = False
    page = open_page()
    page.watch.failures_expected = True
    device.status["meter"]["unchanged_s"] = 299
    poll(page, device)
    expect(page.locator("#meter")).to_have_text("Meter: last reading 0.2 s ago")
    device.status["meter"]["unchanged_s"] = 300
    expect(page.locator("#meter")).to_contain_text("same values for 5 min although current flows")
    device.status["grid"]["phase_ma"] = [400, -300, 0]
    expect(page.locator("#meter")).to_have_text("Meter: last reading 0.2 s ago")


@pytest.mark.parametrize(
    ("mode", "said"),
    [
        ("drop", "No answer from the device."),
        ("hang", "No answer from the device."),
        ("busy", "The device answers with error 503."),
        ("garbage", "The device sent something unreadable."),
    ],
)
def test_a_device_that_does_not_answer_is_said_and_recovery_comes_by_itself(
    open_page, device, mode, said
):
    page = open_page()
    connection = page.get_by_role("status")
    expect(connection).to_have_text("Live")
    page.watch.failures_expected = True
    device.answer(mode)
    poll(page, device)
    page.clock.fast_forward(6 * SECOND)
    expect(connection).to_contain_text(said)
    expect(page.locator("#silence")).to_contain_text("old")
    assert texts(page, ".figure b")[0] == "46.9 A"
    device.status["grid"]["phase_ma"] = [1_000, 2_000, 3_000]
    device.answer()
    page.clock.fast_forward(9 * SECOND)
    expect(connection).to_have_text("Live")
    expect(page.locator(".figure b").first).to_contain_text("1.0")
    expect(page.locator("#silence")).to_have_text("")


def test_a_device_that_fails_is_asked_less_often(open_page, device):
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("Live")
    page.watch.failures_expected = True
    device.answer("busy")
    asked = device.asked
    for _ in range(40):
        page.clock.fast_forward(SECOND)
        page.wait_for_timeout(15)
    assert 3 <= device.asked - asked <= 9


def test_there_are_never_two_requests_at_once(open_page, device):
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("Live")
    page.watch.failures_expected = True
    device.answer("hang")
    poll(page, device)
    asked = device.asked
    page.evaluate("for (let n = 0; n < 5; n++) window.dispatchEvent(new Event('online'))")
    page.clock.fast_forward(4 * SECOND)
    page.wait_for_timeout(200)
    assert device.asked == asked


def test_nothing_is_asked_while_nobody_looks(open_page, device):
    page = open_page()
    expect(page.get_by_role("status")).to_have_text("Live")
    page.wait_for_timeout(100)
    page.evaluate("Object.defineProperty(document, 'hidden', {value: true, writable: true})")
    asked = device.asked
    page.clock.fast_forward(60 * SECOND)
    page.wait_for_timeout(200)
    assert device.asked == asked
    page.evaluate("document.hidden = false; document.dispatchEvent(new Event('visibilitychange'))")
    wait_until(page, lambda: device.asked == asked + 1)


HOSTILE = (
    "<img src=x onerror='window.hacked=1'>",
    "</script><script>window.hacked=1</script>",
    "{missing_ma} $& \u202eegrahc",
    "__proto__",
    "W" * 5000,
)


def test_whatever_the_device_sends_is_shown_as_text(open_page, device):
    for index, name in enumerate(HOSTILE):
        device.status["chargers"][index].update(name=name, reason={"code": name})
    device.status["site"]["name"] = HOSTILE[0]
    device.status["warnings"] = [
        {"code": "bad_charger", "line": 3, "error": HOSTILE[1]},
        {"code": HOSTILE[0]},
    ]
    page = open_page(width=360)
    expect(page.locator("h1")).to_have_text(HOSTILE[0])
    names = page.locator(".charger h3").all_text_contents()
    assert names[:4] == list(HOSTILE[:4])
    assert names[4].startswith("WWW") and len(names[4]) <= 200
    assert HOSTILE[1] in page.locator("#warning-list").inner_text()
    assert page.locator("img, .charger script").count() == 0
    assert page.evaluate("window.hacked") is None
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


ODD = (
    {},
    {"grid": None, "chargers": None, "warnings": None, "site": None, "budget_ma": None},
    {"grid": 7, "chargers": "none", "warnings": {}, "site": [], "budget_ma": "?", "readings": 1},
    {"chargers": [None, 5, "x", [], {}, {"state": "constructor"}, {"state": None, "reason": []}]},
    {"chargers": [{"id": None, "name": 7, "state": "?", "set_ma": "?", "phase_ma": ["?", None]}]},
    {"grid": {"ok": 1, "age_ms": "?", "phase_ma": [1, None], "target_ma": "?"}, "chargers": [{}]},
    {"grid": {"ok": True, "age_ms": 1e300, "phase_ma": [1e300, -1e300, 0], "target_ma": -5}},
    {"site": {"limit_ma": 0}, "grid": {"ok": True, "age_ms": 1, "phase_ma": [0, 0, 0]}},
    {"chargers": [{"reason": {"code": "waiting"}}, {"reason": {"code": "toString", "phase": {}}}]},
)


def test_missing_and_odd_values_break_nothing(open_page, device):
    device.knows_changes = False
    page = open_page()
    page.watch.failures_expected = True
    for status in ODD:
        device.status = status
        poll(page, device)
        expect(page.get_by_role("status")).to_have_text("Live")
        expect(page.locator(".charger")).to_have_count(len(list_of(status)))
        assert set(texts(page, ".charger .word")) <= {"Does not answer"}
    device.status = copy.deepcopy(STATUS)
    poll(page, device)
    expect(page.locator(".figure b").first).to_contain_text("46.9")


def list_of(status):
    chargers = status.get("chargers")
    return chargers if isinstance(chargers, list) else []


@pytest.mark.parametrize("language", ["en", "de"])
def test_every_reason_and_warning_is_a_sentence_with_its_numbers(open_page, device, language):
    values = {"phase": 2, "missing_ma": 3_250, "left_s": 4_230, "booked_ma": 6_000, "age_s": 4_210}
    values |= {"most_ma": 13_500, "minimum_ma": 9_000}
    device.status["chargers"] = [
        {"id": index + 1, "state": "B", "reason": {"code": code, **pick(values, numbers)}}
        for index, (code, *numbers) in enumerate(reasons.CODES)
    ]
    page = open_page(language=language)
    expect(page.locator(".charger")).to_have_count(len(reasons.CODES))
    for (code, *numbers), said in zip(reasons.CODES, texts(page, ".reason"), strict=True):
        assert said != code and len(said) > 8
        shown = {"phase": "L2", "missing_ma": "3.3 A", "left_s": "70 min", "booked_ma": "6 A"}
        shown |= {"most_ma": "13.5 A", "minimum_ma": "9 A"}
        for number in filter(None, numbers):
            wanted = shown.get(number, "70 min")
            assert wanted.replace(".", "." if language == "en" else ",") in said
        assert "{" not in said and "\u2013" not in said


def pick(values, numbers):
    return {name: values[name] for name in numbers if name}


def crowd(device):
    device.status["chargers"] = [
        {**device.status["chargers"][index % 6], "id": index + 1, "name": f"Bay {64 - index}"}
        for index in range(64)
    ]
    device.status["warnings"] = [
        {"code": "target_below_minimum", "target_ma": 4_200, "minimum_ma": 6_000},
        {"code": "fallbacks_above_target", "phase": 1, "sum_ma": 90_000, "target_ma": 49_000},
    ]


def test_64_chargers_keep_their_order_and_an_unchanged_status_touches_nothing(open_page, device):
    crowd(device)
    for charger in device.status["chargers"][2::6]:
        charger["reason"] = {"code": "raising"}  # nothing that counts down
    device.history["rows"] = []  # a plot is drawn anew once half a minute
    page = open_page()
    expect(page.locator(".charger")).to_have_count(64)
    page.clock.fast_forward(SECOND)
    page.wait_for_timeout(100)
    assert texts(page, ".charger h3") == [f"Bay {64 - index}" for index in range(64)]
    page.evaluate(
        """() => {
            window.touched = 0;
            const count = (changes) => { window.touched += changes.length; };
            new MutationObserver(count).observe(document.documentElement,
                {subtree: true, childList: true, characterData: true, attributes: true});
        }"""
    )
    poll(page, device)
    assert page.evaluate("window.touched") == 0
    device.status["chargers"][63]["set_ma"] = 7_000
    poll(page, device)
    assert 1 <= page.evaluate("window.touched") <= 4


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_phone_of_360_pixels_needs_no_sideways_scrolling(open_page, device, language):
    crowd(device)
    device.status["grid"]["phase_ma"] = [-12_000, 66_000, 52_000]
    page = open_page(language=language, width=360)
    expect(page.locator(".charger")).to_have_count(64)
    assert page.evaluate("document.documentElement.scrollWidth") == 360
    outside = page.evaluate(
        "[...document.querySelectorAll('body *')].filter((node) => node.checkVisibility()"
        " && !node.closest('.unseen, small') && node.getBoundingClientRect().right > 361)"
        ".map((node) => node.outerHTML)"
    )
    assert outside == []


def test_the_language_is_switched_by_keyboard_and_remembered(open_page):
    page = open_page()
    expect(page.locator("h2:visible").first).to_have_text("Grid connection")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    expect(page.locator("h2:visible").first).to_have_text("Netzanschluss")
    expect(page.get_by_role("button", name="Deutsch")).to_have_attribute("aria-pressed", "true")
    page.reload()
    expect(page.locator("h2:visible").first).to_have_text("Netzanschluss")
    assert page.locator("html").get_attribute("lang") == "de"


def test_a_screen_reader_hears_only_the_connection_and_finds_headings_and_lists(open_page):
    page = open_page()
    expect(page.get_by_role("listitem")).to_have_count(3 + 6 + 3)
    assert page.locator("[role=status]:visible, [aria-live]").count() == 1
    assert page.get_by_role("heading", level=3).all_inner_texts()[:4] == [
        "L1",
        "L2",
        "L3",
        "Bay 1",
    ]
    heard = page.locator("main").aria_snapshot()
    for words in (
        "target 49 A, aim 48.4 A, limit 63 A",
        "House 34.2 A",
        "Set to 12.8 A of 16 A",
        "L2 12.6 A",
    ):
        assert words in heard.replace("\u00a0", " ")


def test_the_page_follows_the_readers_dark_scheme(open_page):
    page = open_page(scheme="light")
    ground = "getComputedStyle(document.body).backgroundColor"
    assert page.evaluate(ground) == "rgb(238, 238, 238)"
    page.emulate_media(color_scheme="dark")
    assert page.evaluate(ground) == "rgb(17, 17, 17)"


def test_the_picture_tool_writes_a_small_picture_of_what_is_seen(open_page, tmp_path):
    take_picture(open_page(width=360), tmp_path / "page.png")
    with Image.open(tmp_path / "page.png") as picture:
        assert picture.size == (360, 800) and picture.mode == "P"
