"""Builds the device's page: an HTML file a language with all that it needs in it, gzipped."""

import base64
import hashlib
import json
import re
from pathlib import Path

import minify
import zopfli.gzip

# The page with all its resources, compressed, in one request (design, section 6).
LARGEST = 20 * 1024
# Nothing but what is in the file runs, and nothing but the device itself is asked.
POLICY = (
    "default-src 'none'; connect-src 'self'; img-src data:; script-src {script}; "
    "style-src {style}; base-uri 'none'; form-action 'none'"
)
STYLE = re.compile(r'<link rel="stylesheet" href="([\w.]+)">')
SCRIPT = re.compile(r'<script src="([\w.]+)"></script>')
# What the words of all languages become.
WORDS = "words"


class PageError(ValueError):
    """The page cannot be built: the message names the file, code or size and what was expected."""


def build_page(source_dir, target_dir, needed: dict) -> int:
    """Write `target_dir/index.LANGUAGE.html.gz` from `source_dir`; return the largest size.

    `needed`: which words every language must have, {kind: names} as `page_words.needed` gives it.
    Raises PageError where a code has no words in a language, where languages differ, or above
    20 KB. The same input gives the same bytes.
    """
    source = Path(source_dir)
    words = read_words(source / "words")
    check_words(words, needed)
    target = Path(target_dir)
    target.mkdir(parents=True, exist_ok=True)
    names = {language: sentences["language"] for language, sentences in words.items()}
    sizes = []
    for language, sentences in words.items():
        page = zopfli.gzip.compress(inline(source, language, {**sentences, "languages": names}))
        if len(page) > LARGEST:
            wrong = f"{len(page)} bytes compressed: at most {LARGEST} expected"
            raise PageError(f"the page in language {language!r} has {wrong}")
        (target / f"index.{language}.html.gz").write_bytes(page)
        sizes.append(len(page))
    return max(sizes)


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


def check_words(words: dict, needed: dict) -> None:
    """Raise PageError unless every language has words for all, and the same ones."""
    for language, sentences in words.items():
        for kind, names in needed.items():
            for name in names:
                if not any(words_of(sentences, place, name) for place in kind.split("|")):
                    raise PageError(f"{kind}: no words for {name!r} in language {language!r}")
    english = flat(words["en"])
    for language, sentences in words.items():
        check_same(english, flat(sentences), language)


def words_of(sentences: dict, kind: str, name: str) -> str:
    group = sentences.get(kind, {}) if kind else sentences
    found = group.get(name, "")
    return found.strip() if isinstance(found, str) else ""


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


def inline(source: Path, language: str, words: dict) -> bytes:
    """Return the page as one HTML text, made small by minify-go."""
    page = (source / "index.html").read_text(encoding="utf-8")
    page = put_once(page, 'lang="en"', f'lang="{language}"')
    style = alone("text/css", read(source, STYLE.findall(page)))
    script = in_order(constant(words) + read(source, SCRIPT.findall(page)))
    script = alone("text/javascript", script)
    policy = POLICY.format(style=digest(style), script=digest(script))
    meta = f'<meta http-equiv="Content-Security-Policy" content="{policy}">'
    charset = '<meta charset="utf-8">'
    page = put_once(page, charset, charset + meta)
    page = small("text/html", STYLE.sub("<link>", SCRIPT.sub("", page)))
    page = put_once(page, "<link>", f"<style>{style}</style>")
    return f"{page}<script>{script}</script>".encode()


def read(source: Path, names: list) -> str:
    return "\n".join((source / name).read_text("utf-8") for name in names if name != WORDS)


def in_order(script: str) -> str:
    """Return the script as one function, inside of which all names can be made short.

    Where constants follow each other, minify-go 2.24 puts those that take an object apart first,
    though the others may have to be made before an `await` in them; so only those stay constants.
    """
    script = re.sub(r"\bconst (?=\w)", "let ", script.replace('"use strict";', ""))
    return f'(()=>{{"use strict";{script}}})()'


def small(kind: str, text: str) -> str:
    """Return the page, style or script without what it does not need, and with short names."""
    try:
        return minify.string(kind, text)
    except minify.MinifyError as error:
        raise PageError(f"{kind}: {error}") from error


def alone(kind: str, text: str) -> str:
    """Return a style or script that can be an element of the page."""
    found = small(kind, text)
    if re.search(r"</s|<!--", found):
        raise PageError(f"{kind}: holds '</s' or '<!--', which would end it inside HTML")
    return found


def constant(words: dict) -> str:
    text = json.dumps(words, ensure_ascii=False, separators=(",", ":"))
    return f"const words = {text.replace('<', chr(92) + 'x3c')};\n"


def put_once(page: str, place: str, content: str) -> str:
    if page.count(place) != 1:
        raise PageError(f"index.html: {place} expected once, found {page.count(place)} times")
    return page.replace(place, content)


def digest(content: str) -> str:
    """Return the source expression of a Content-Security-Policy that allows this content."""
    found = base64.b64encode(hashlib.sha256(content.encode()).digest()).decode()
    return f"'sha256-{found}'"
