"""Builds the device's page: one HTML file with style, script and words in it, gzipped."""

import base64
import gzip
import hashlib
import json
import re
from pathlib import Path

# Standing warnings (`firmware/app/build.py`): the limit leaves less than a minimum; the reserves
# on a phase exceed what it may carry; a line of chargers.jsonl cannot be used.
STANDING = ("target_below_minimum", "fallbacks_above_target", "bad_charger")
# The page with all its resources, compressed, in one request (design, section 6).
LARGEST = 20 * 1024
# IEC 61851-1; "?" is a charger that does not answer.
STATES = ("A", "B", "C", "D", "E", "F", "?")
# Which words every code of the firmware must have.
REASONS, WARNINGS, STATE_WORDS = "reasons", "warnings", "states"
# Nothing but what is in the file runs, and nothing but the device itself is asked.
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; script-src {script}; "
    "style-src {style}; base-uri 'none'; form-action 'none'"
)
EMBEDDED = re.compile(
    r'<link rel="stylesheet" href="(?P<style>[\w.]+)">|<script src="(?P<script>[\w.]+)"></script>'
)


class PageError(ValueError):
    """The page cannot be built: the message names the file, code or size and what was expected."""


def build_page(source_dir, target_dir, codes: tuple, warnings: tuple) -> int:
    """Write `target_dir/index.html.gz` from `source_dir`; return its size in bytes.

    `codes` and `warnings` are the names in `lib/balance/reasons.py`. Raises PageError where a
    code, warning or state has no words in a language, where languages differ, or above 20 KB.
    The same input gives the same bytes.
    """
    source = Path(source_dir)
    words = read_words(source / "words")
    check_words(words, codes, warnings)
    page = gzip.compress(inline(source, words).encode(), 9, mtime=0)
    if len(page) > LARGEST:
        raise PageError(f"the page has {len(page)} bytes compressed: at most {LARGEST} expected")
    target = Path(target_dir)
    target.mkdir(parents=True, exist_ok=True)
    (target / "index.html.gz").write_bytes(page)
    return len(page)


def read_words(words_dir: Path) -> dict:
    """Return the words of all languages, English first, then by name."""
    paths = sorted(words_dir.glob("*.json"), key=lambda path: (path.stem != "en", path.stem))
    if not paths or paths[0].stem != "en":
        raise PageError(f"{words_dir}: en.json expected")
    return {path.stem: read_language(path) for path in paths}


def read_language(path: Path) -> dict:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PageError(f"{path.name}: JSON in UTF-8 expected: {error}") from error


def check_words(words: dict, codes: tuple, warnings: tuple) -> None:
    """Raise PageError unless every language has words for all, and the same ones."""
    needed = ((REASONS, codes), (WARNINGS, warnings), (STATE_WORDS, STATES))
    for language, sentences in words.items():
        for kind, names in needed:
            for name in names:
                if not str(sentences.get(kind, {}).get(name, "")).strip():
                    raise PageError(f"{kind}: no words for {name!r} in language {language!r}")
    english = flat(words["en"])
    for language, sentences in words.items():
        check_same(english, flat(sentences), language)


def flat(sentences: dict) -> dict:
    """Return {"reasons.waiting": {names of its numbers}, ...}."""
    found = {}
    for key, value in sentences.items():
        if isinstance(value, dict):
            found.update({f"{key}.{inner}": names for inner, names in flat(value).items()})
        else:
            found[key] = set(re.findall(r"\{(\w+)\}", value))
    return found


def check_same(english: dict, other: dict, language: str) -> None:
    for key in sorted(english.keys() ^ other.keys()):
        missing = language if key in english else "en"
        raise PageError(f"words for {key!r} are missing in language {missing!r}")
    for key, names in english.items():
        if other[key] != names:
            raise PageError(
                f"words for {key!r} in language {language!r} have the numbers "
                f"{sorted(other[key])}: {sorted(names)} expected as in 'en'"
            )


def inline(source: Path, words: dict) -> str:
    """Return the page as one HTML text without comments and indentation."""
    hashes = {"style": [], "script": []}

    def embed(found: re.Match) -> str:
        name = found["style"] or found["script"]
        kind, strip = ("style", strip_css) if found["style"] else ("script", strip_js)
        content = strip((source / name).read_text(encoding="utf-8"), name)
        if re.search(r"</s|<!--", content):
            raise PageError(f"{name}: holds '</s' or '<!--', which would end it inside HTML")
        hashes[kind].append(digest(content))
        return f"<{kind}>{content}</{kind}>"

    data = json.dumps(words, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    page = strip_html((source / "index.html").read_text(encoding="utf-8"))
    page = put_once(page, 'id="words"></script>', f'id="words">{data}</script>')
    page = EMBEDDED.sub(embed, page)
    policy = POLICY.format(**{kind: " ".join(found) for kind, found in hashes.items()})
    charset = '<meta charset="utf-8">'
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    return put_once(page, charset, charset + "\n" + meta)


def put_once(page: str, place: str, content: str) -> str:
    if page.count(place) != 1:
        raise PageError(f"index.html: {place} expected once, found {page.count(place)} times")
    return page.replace(place, content)


def digest(content: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows this content."""
    found = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{found}'"


def strip_html(text: str) -> str:
    return strip_lines(re.sub(r"<!--.*?-->", "", text, flags=re.DOTALL))


def strip_css(text: str, name: str) -> str:
    return strip_lines(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))


def strip_js(text: str, name: str) -> str:
    """Drop indentation and the lines that hold only a comment; refuse what may span lines."""
    lines = [line.strip() for line in text.splitlines()]
    for number, line in enumerate(lines, 1):
        if not line.startswith("//") and ("`" in line or line.startswith("/*")):
            raise PageError(f"{name}:{number}: no template string and no /* comment expected")
    return strip_lines("\n".join(line for line in lines if not line.startswith("//")))


def strip_lines(text: str) -> str:
    return "\n".join(line.strip() for line in text.splitlines() if line.strip())
