# What the page is told of the settings is what is checked.

import json
import sys

from both import raises
from settings.fields import fields
from settings.schema import SettingsError, check_charger, check_site

HEAP = "192K"

SITE = {"limit_ma": 63000, "supply_ma": 63000}
CHARGER = {"id": 1, "driver": "warp", "url": "http://192.168.1.2"}


def tables():
    return json.loads("".join(fields(("password", "token"))))


def test_every_default_is_what_the_check_fills_in():
    for name, check, given in (("site", check_site, SITE), ("charger", check_charger, CHARGER)):
        whole = check(dict(given))
        for field in tables()[name]:
            if "default" in field and field["kind"] != "group":
                assert whole[field["key"]] == field["default"], field


def test_every_bound_is_where_the_check_begins_to_refuse():
    site = [(check_site, SITE, field) for field in tables()["site"]]
    charger = [(check_charger, CHARGER, field) for field in tables()["charger"]]
    seen = 0
    for check, given, field in site + charger:
        for bound, step in (("low", -1), ("high", 1)):
            if bound in field and field["key"] not in ("without_meter_ma",):
                seen += 1
                wrong = dict(given)
                wrong[field["key"]] = field[bound] + step
                raises(SettingsError, field["key"], check, wrong)
    assert seen > 20


def test_what_is_required_is_said_so_and_secrets_are_marked():
    for name, required in (
        ("site", ["limit_ma", "supply_ma"]),
        ("charger", ["id", "driver", "url"]),
    ):
        assert [f["key"] for f in tables()[name] if f.get("required")] == required
    secret = [f["key"] for f in tables()["charger"] if f.get("secret")]
    assert secret == ["password", "token"]


def test_groups_show_their_own_fields():
    groups = {field["key"]: field for field in tables()["site"] if field["kind"] == "group"}
    assert groups["minimum"]["fields"][0]["key"] == "auto"
    (values,) = [f["values"] for f in groups["meter"]["fields"] if f["key"] == "baud"]
    assert groups["meter"]["null"] and 9600 in values


def test_every_driver_and_every_map_is_offered_and_nothing_else():
    (drivers,) = [field["values"] for field in tables()["charger"] if field["key"] == "driver"]
    for name in drivers:
        __import__("chargers." + name)
        module = sys.modules["chargers." + name]
        assert hasattr(module, "confirm") or hasattr(module, "driver"), name
    assert len(drivers) == 9 and "warp" in drivers
    (meter,) = [field for field in tables()["site"] if field["key"] == "meter"]
    types = meter["fields"][0]["values"]
    assert "own" in types and "sunspec" in types and "eastron_sdm630" in types
