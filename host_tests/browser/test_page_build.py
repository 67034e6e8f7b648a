"""The build of the page: nothing without words, never too large, always the same bytes."""

import gzip
import json
import random
import re
import shutil
import string
from pathlib import Path

import pytest
from amprail_tools.build import build as build_device
from amprail_tools.page import LARGEST, PageError, build_page, in_order, small
from browser import codes as reasons

SOURCE = Path(__file__).parents[2] / "firmware/page"


@pytest.fixture
def source(tmp_path):
    return shutil.copytree(SOURCE, tmp_path / "page")


def build(source, **more):
    needed = {kind: [*names, *more.get(kind, ())] for kind, names in reasons.NEEDED.items()}
    return build_page(source, source.parent / "built", needed)


def change(path, edit):
    words = json.loads(path.read_text("utf-8"))
    edit(words)
    path.write_text(json.dumps(words), "utf-8")


def built(source):
    return gzip.decompress((source.parent / "built/index.en.html.gz").read_bytes()).decode()


def test_the_page_is_one_file_a_language_within_its_budget_and_always_the_same_bytes(source):
    size = build(source)
    page = built(source)
    pages = {path.name: path.read_bytes() for path in (source.parent / "built").iterdir()}
    assert len(pages) == 2 and size == max(map(len, pages.values())) <= LARGEST
    outside = r"<link rel=.?stylesheet|<script src|@import|https?://(?!www\.w3\.org| and)"
    assert not re.search(outside, page)
    assert "/*" not in page and "<!--" not in page and "\n " not in page
    assert not re.search(r"^//", page, re.MULTILINE)
    assert "<html lang=en>" in page and "Netzanschluss" not in page
    before = {path.name: path.read_bytes() for path in (build_device() / "a/page").iterdir()}
    assert pages == before and all(one[4:8] == bytes(4) for one in pages.values())


@pytest.mark.parametrize("kind", ["reasons", "warnings", "wiring", "fields", "errors|login|"])
def test_a_code_without_words_fails_the_build_by_name(source, kind):
    with pytest.raises(PageError, match=r"'moon_in_the_way' in language 'en'"):
        build(source, **{kind: ["moon_in_the_way"]})


def test_every_code_that_the_sources_send_is_looked_for():
    assert {"http_"} & set(reasons.NEEDED["errors|login|"]) == set()
    assert {"limit_ma", "watchdog_s", "baud"} <= set(reasons.NEEDED["fields"])
    assert {"told", "not_seen"} <= set(reasons.NEEDED["wiring"])


@pytest.mark.parametrize(
    ("kind", "name"), [("reasons", "waiting"), ("warnings", "bad_charger"), ("states", "?")]
)
@pytest.mark.parametrize("edit", ["gone", "empty"])
def test_words_missing_in_one_language_fail_the_build_by_name(source, kind, name, edit):
    def spoil(words):
        words[kind].pop(name) if edit == "gone" else words[kind].update({name: " "})

    change(source / "words/de.json", spoil)
    with pytest.raises(PageError, match=f"'{re.escape(name)}' in language 'de'"):
        build(source)


def test_languages_with_different_keys_fail_the_build(source):
    change(source / "words/en.json", lambda words: words.update(new="Something new"))
    with pytest.raises(PageError, match=r"'new' are missing in language 'de'"):
        build(source)


def test_a_number_left_out_in_one_language_fails_the_build(source):
    change(source / "words/de.json", lambda words: words["reasons"].update(paused="Pausiert"))
    with pytest.raises(PageError, match=r"'reasons.paused' in language 'de'.*'left_s'"):
        build(source)


def test_the_words_use_only_numbers_that_the_firmware_gives(source):
    words = json.loads((source / "words/en.json").read_text("utf-8"))
    for code, *numbers in reasons.CODES:
        assert set(re.findall(r"\{(\w+)\}", words["reasons"][code])) <= set(numbers)


def test_broken_words_fail_the_build_by_file(source):
    (source / "words/de.json").write_text("{")
    with pytest.raises(PageError, match=r"de\.json: JSON"):
        build(source)


def test_a_page_above_20_kb_fails_the_build(source):
    noise = "".join(random.Random(1).choices(string.ascii_letters, k=40_000))
    (source / "app.js").write_text(f'show("{noise}");\n')
    with pytest.raises(PageError, match=r"bytes compressed: at most 20480"):
        build(source)


@pytest.mark.parametrize("line", ["const a = `one", "function (", 'const a = "<!--";'])
def test_script_that_cannot_be_inlined_safely_fails_the_build(source, line):
    (source / "app.js").write_text(line + "\n")
    with pytest.raises(PageError, match="text/javascript"):
        build(source)


def test_what_comes_before_an_await_stays_before_it():
    script = "async function a() { const was = b; const { c } = await d(); if (was) e(c); } a();"
    found = small("text/javascript", in_order(script))
    assert found.index("=b") < found.index("await")


def test_words_cannot_end_their_element(source):
    change(source / "words/en.json", lambda words: words.update(live="</script><b>"))
    with pytest.raises(PageError, match="which would end it inside HTML"):
        build(source)


def luminance(colour):
    digits = colour * 2 if len(colour) == 3 else colour
    parts = [int(digits[at : at + 2], 16) / 255 for at in (0, 2, 4)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return sum(w * p for w, p in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def contrast(one, other):
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


# WCAG 2.2 AA: 4.5:1 for text, 3:1 for what a graphic says. Found by name in style.css.
TEXT = "ink/panel ink/ground soft/panel soft/ground cars/panel panel/cars bad/panel bad/bad-ground"
TEXT += " warn/warn-ground warn/panel"
GRAPHIC = "house/track cars/track ink/track bad/panel sun/panel"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_reach_wcag_aa(source, scheme):
    style = (source / "style.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([\w-]+): #(\w+);", block)) for block in style.split(":root {")]
    colours = blocks[1] if scheme == "light" else blocks[2]
    for pairs, least in ((TEXT, 4.5), (GRAPHIC, 3)):
        for pair in pairs.split():
            found = contrast(*(colours[name] for name in pair.split("/")))
            assert found >= least, f"{pair}: {found:.2f}:1, at least {least}:1 expected"
