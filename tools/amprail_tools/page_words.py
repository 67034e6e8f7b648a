"""What the page must have words for: every code that the device's sources can send."""

import json
import re

from amprail_tools import ROOT

# Standing warnings (`firmware/app/build.py`): the limit leaves less than a minimum; the reserves
# on a phase exceed what it may carry; a line of chargers.jsonl cannot be used.
STANDING = ("target_below_minimum", "fallbacks_above_target", "bad_charger", "bad_site")
# IEC 61851-1; "?" is a charger that does not answer.
STATES = ("A", "B", "C", "D", "E", "F", "?")
# How a module writes the code of an error.
ERRORS = re.compile(r'"code": ?"(\w+)"|[Rr]efused\(\s*(?:\d+,\s*)?"(\w+)"|code="(\w+)"')
SENDERS = ("firmware/app/**/*.py", "lib/net/*.py", "lib/update/*.py")


def needed() -> dict:
    """Return {kind: names}; a kind is a group of words, or some with a bar between them of which
    one must have the name. The device's modules must be importable."""
    from balance.reasons import CODES
    from balance.wiring import CODES as WIRING
    from settings.fields import fields

    tables = json.loads("".join(fields(())))
    return {
        "reasons": names(CODES),
        "wiring": names(WIRING),
        "warnings": STANDING,
        "states": STATES,
        "errors|login|": sorted(errors() - set(STANDING)),
        "fields": sorted({*keys(tables["site"]), *keys(tables["charger"])} - {"id"}),
    }


def names(codes: str) -> list:
    return [code.split()[0] for code in codes.split("|")]


def errors() -> set:
    sources = [path.read_text() for place in SENDERS for path in ROOT.glob(place)]
    return {name for text in sources for found in ERRORS.findall(text) for name in found if name}


# Maps and the generic driver are written as they are: JSON.
def keys(table: list) -> list:
    found = []
    for field in table:
        found.append(field["key"])
        if field["key"] not in ("map", "generic"):
            found += keys(field.get("fields", []))
    return found
