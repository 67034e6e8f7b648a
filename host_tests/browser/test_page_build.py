"""The build of the page: nothing without words, never too large, always the same bytes."""

import gzip
import json
import random
import re
import shutil
import string
from pathlib import Path

import pytest
from amprail_tools.page import LARGEST, PageError, build_page
from browser import codes as reasons

SOURCE = Path(__file__).parents[2] / "firmware/page"


@pytest.fixture
def source(tmp_path):
    return shutil.copytree(SOURCE, tmp_path / "page")


def build(source, codes=reasons.NAMES, warnings=reasons.WARNINGS):
    return build_page(source, source.parent / "built", codes, warnings)


def change(path, edit):
    words = json.loads(path.read_text("utf-8"))
    edit(words)
    path.write_text(json.dumps(words), "utf-8")


def built(source):
    return gzip.decompress((source.parent / "built/index.html.gz").read_bytes()).decode()


def test_the_page_is_one_file_far_below_its_budget(source):
    size = build(source)
    page = built(source)
    assert size == (source.parent / "built/index.html.gz").stat().st_size
    assert size < 16_000 < LARGEST
    assert not re.search(
        r'<link rel="stylesheet"|<script src|@import|https?://(?!www\.w3\.org)', page
    )
    assert "/*" not in page and "\n " not in page and not re.search(r"^//", page, re.MULTILINE)


def test_the_same_sources_give_the_same_bytes(source):
    build(source)
    first = (source.parent / "built/index.html.gz").read_bytes()
    build(source)
    assert (source.parent / "built/index.html.gz").read_bytes() == first
    assert first[4:8] == bytes(4)


@pytest.mark.parametrize("kind", ["codes", "warnings"])
def test_a_code_without_words_fails_the_build_by_name(source, kind):
    names = {"codes": reasons.NAMES, "warnings": reasons.WARNINGS}
    names[kind] = (*names[kind], "moon_in_the_way")
    with pytest.raises(PageError, match=r"'moon_in_the_way' in language 'en'"):
        build(source, **names)


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
    (source / "app.js").write_text(f'const noise = "{noise}";\n')
    with pytest.raises(PageError, match=r"bytes compressed: at most 20480"):
        build(source)


@pytest.mark.parametrize("line", ["const a = `one", "/* more", 'const a = "</script>";'])
def test_script_that_cannot_be_inlined_safely_fails_the_build(source, line):
    (source / "app.js").write_text(line + "\n")
    with pytest.raises(PageError, match=r"app\.js"):
        build(source)


def test_words_cannot_end_their_element(source):
    change(source / "words/en.json", lambda words: words.update(live="</script><b>"))
    change(source / "words/de.json", lambda words: words.update(live="</script><b>"))
    build(source)
    assert "</script><b>" not in built(source)
    assert "\\u003c/script>" in built(source)


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
GRAPHIC = "house/track cars/track ink/track limit/panel sun/panel"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_colours_reach_wcag_aa(source, scheme):
    style = (source / "style.css").read_text("utf-8")
    blocks = [dict(re.findall(r"--([\w-]+): #(\w+);", block)) for block in style.split(":root {")]
    colours = blocks[1] if scheme == "light" else blocks[2]
    for pairs, least in ((TEXT, 4.5), (GRAPHIC, 3)):
        for pair in pairs.split():
            found = contrast(*(colours[name] for name in pair.split("/")))
            assert found >= least, f"{pair}: {found:.2f}:1, at least {least}:1 expected"
