# Every setting with its unit, range and default, in two tables: site.json and one line of
# chargers.jsonl. Names, ranges and defaults are a contract with the tools, the page and every
# device in the field: add to them, never change their meaning.

import json

# A setting a line: its key, its default as JSON (! for none, - where it may stay absent), its kind
# and what that asks for; ? before a kind: or null. A table is one text, as tuples take eight times
# as much while they are there, and none is so long that a small heap has no hole for it. What few
# people need is in `settings.special_tables`, and the kinds of its own in `settings.special`.
TABLES = {
    "site": b"""\
name "amprail" text 32
limit_ma ! whole 16000 524000 mA
largest_consumer_ma 32000 whole 16000 524000 mA
margin_pct 0 whole 0 50 %
surge_pct 140 whole 100 145 %
supply_ma ! whole 6000 2048000 mA
without_meter_ma 0 whole 0 2048000 mA
rotation_s 900 whole 60 86400 s
pv false flag
minimum {} group minimum
meter {} ?group meter
""",
    "minimum": b"""\
auto true flag
one_phase_ma 6000 whole 6000 16000 mA
three_phase_ma 6000 whole 6000 16000 mA
""",
    "meter": b"""\
type "eastron_sdm630" module
map - special map
phase 1 whole 1 3
address 1 whole 1 247
baud 9600 one_of 1200 2400 4800 9600 19200 38400 57600 115200
parity "N" one_of "N" "E" "O"
stop 1 one_of 1 2
invert false flag
lost_after_s 10 whole 3 30 s
""",
    "charger": b"""\
id ! whole 1 64
name "" text 32
driver ! module
url ! url
phases "123" phases
max_ma 16000 whole 6000 32000 mA
min_ma null ?whole 6000 32000 mA
fallback_ma null ?whole 0 32000 mA
watchdog_s null ?whole 5 3600 s
priority 0 whole -10 10
weight 1 whole 1 8
user - text 64
password - text 64
token - text 64
generic - special generic
""",
}


def rows(tables: dict, name: str):
    """Yields the words of each line of a table."""
    at = 0
    while at < len(tables[name]):
        end = tables[name].find(b"\n", at)
        yield tables[name][at:end].decode().split(" ")
        at = end + 1


def with_defaults(given: dict, name: str) -> dict:
    """Checked settings by the table of this name, with what `schema` fills in."""
    whole = dict(given)
    for key, default, kind, *arguments in rows(TABLES, name):
        if key not in whole:
            if default in "!-":
                continue
            whole[key] = json.loads(default)
            if key == "largest_consumer_ma":
                whole[key] = min(whole[key], given["limit_ma"])
        if kind[-5:] == "group" and whole[key] is not None:
            whole[key] = with_defaults(whole[key], arguments[0])
    return whole
