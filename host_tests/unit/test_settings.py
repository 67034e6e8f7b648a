# What people, tools and accidents write into the settings.

from both import raises
from settings.schema import SettingsError, check_charger, check_site
from settings.url import split_url

LEAST = {"limit_ma": 63000, "supply_ma": 50000}
CHARGER = {"id": 1, "driver": "warp", "url": "http://192.168.1.21"}


def _site(**changes):
    given = dict(LEAST)
    given.update(changes)
    return check_site(given)


def _charger(**changes):
    given = dict(CHARGER)
    given.update(changes)
    return check_charger(given)


def _refused(key, value, *words):
    error = str(raises(SettingsError, "site.json: " + key + ": ", lambda: _site(**{key: value})))
    for word in words:
        assert word in error, error
    assert "\n" not in error and len(error) < 160, error


def _charger_refused(key, *values):
    for value in values:
        error = raises(SettingsError, key + ": ", lambda value=value: _charger(**{key: value}))
        assert "\n" not in str(error) and len(str(error)) < 160, error


def test_defaults_are_those_of_the_contract():
    assert check_site(LEAST) == {
        "name": "amprail",
        "limit_ma": 63000,
        "largest_consumer_ma": 32000,
        "margin_pct": 0,
        "surge_pct": 140,
        "supply_ma": 50000,
        "without_meter_ma": 0,
        "rotation_s": 900,
        "pv": False,
        "minimum": {"auto": True, "one_phase_ma": 6000, "three_phase_ma": 6000},
        "meter": {
            "type": "eastron_sdm630",
            "address": 1,
            "baud": 9600,
            "parity": "N",
            "stop": 1,
            "phase": 1,
            "invert": False,
            "lost_after_s": 10,
        },
    }
    assert check_charger(CHARGER) == {
        "id": 1,
        "name": "",
        "driver": "warp",
        "url": "http://192.168.1.21",
        "phases": "123",
        "max_ma": 16000,
        "min_ma": None,
        "fallback_ma": None,
        "watchdog_s": None,
        "priority": 0,
        "weight": 1,
    }


def test_what_is_given_is_not_changed():
    given = {"limit_ma": 63000, "supply_ma": 50000, "minimum": {}}
    check_site(given)
    assert given == {"limit_ma": 63000, "supply_ma": 50000, "minimum": {}}


def test_a_limit_has_no_default():
    raises(SettingsError, "site.json: limit_ma: is missing", check_site, {"supply_ma": 63000})
    raises(SettingsError, "site.json: supply_ma: is missing", check_site, {"limit_ma": 63000})
    for key in ("id", "driver", "url"):
        given = dict(CHARGER)
        del given[key]
        raises(SettingsError, key + ": is missing", check_charger, given)


def test_a_refusal_names_key_value_unit_and_range():
    error = raises(SettingsError, "", check_site, {"limit_ma": 5000, "supply_ma": 1})
    assert str(error) == "site.json: limit_ma: 5000 mA is below 16000..524000 mA"
    error = raises(SettingsError, "", lambda: _site(meter={"lost_after_s": 31}))
    assert str(error) == "site.json: meter.lost_after_s: 31 s is above 3..30 s"


def test_ranges_end_where_the_contract_says():
    for key, low, high in (
        ("limit_ma", 16000, 524000),
        ("margin_pct", 0, 50),
        ("surge_pct", 100, 145),
        ("supply_ma", 6000, 2048000),
        ("rotation_s", 60, 86400),
    ):
        rest = {"largest_consumer_ma": 16000}
        rest[key] = low
        assert _site(**rest)[key] == low
        rest[key] = high
        assert _site(**rest)[key] == high
        _refused(key, low - 1, "below", str(low), str(high))
        _refused(key, high + 1, "above", str(low), str(high))


def test_a_number_is_a_whole_number():
    for value in (63000.0, "63000", True, None, [], {}, float("inf"), float("nan")):
        _refused("limit_ma", value, "whole number", "mA")
    _refused("limit_ma", 10**30, "huge")
    _refused("pv", 1, "true or false")


def test_numbers_fit_each_other():
    _refused("largest_consumer_ma", 63001, "limit_ma, 63000 mA")
    _refused("without_meter_ma", 50001, "supply_ma, 50000 mA")
    assert _site(largest_consumer_ma=63000, without_meter_ma=50000)
    _charger_refused("min_ma", 16001)
    assert _charger(min_ma=16000)["min_ma"] == 16000


def test_the_largest_consumer_of_a_small_connection_is_its_limit():
    assert _site(limit_ma=20000)["largest_consumer_ma"] == 20000
    raises(SettingsError, "largest_con", lambda: _site(limit_ma=20000, largest_consumer_ma=32000))


def test_a_site_without_a_meter_is_static():
    assert _site(meter=None)["meter"] is None
    _refused("meter", False, "not an object")
    _refused("minimum", None, "not an object")


def test_a_meter_is_checked():
    for key, values in (
        ("type", ("", "Eastron", "../x", "a.b", 1, None, "a" * 33)),
        ("address", (0, 248, "1", 1.0, None)),
        ("baud", (0, 9601, "9600", 9600.0, True, [9600])),
        ("parity", ("n", "", None, 1)),
        ("stop", (0, 3, True, "1")),
        ("phase", (0, 4, "1", None)),
        ("invert", (0, "yes", None)),
        ("lost_after_s", (2, 31, True)),
    ):
        for value in values:
            raises(SettingsError, "meter." + key + ": ", lambda: _site(meter={key: value}))
    assert _site(meter={"baud": 115200, "parity": "E", "stop": 2})["meter"]["address"] == 1


def test_unknown_keys_are_kept():
    site = _site(colour="blue", meter={"note": [1]}, minimum={"x": None})
    assert site["colour"] == "blue" and site["meter"]["note"] == [1]
    assert _charger(colour="blue")["colour"] == "blue"


def test_a_name_is_32_bytes_of_text():
    assert _site(name="Büro " + "x" * 26)["name"]
    for name in ("x" * 33, "ü" * 17, "a\nb", "a\x00", "\x7f", 5, None, "\ud800"):
        raises(SettingsError, "name: ", lambda: _site(name=name))


def test_a_charger_is_checked():
    _charger_refused("id", 0, 65, "1", True, None, 1.0)
    _charger_refused("driver", "", "Warp", "../warp", "warp.py", None, "w" * 33, "1a")
    _charger_refused("phases", "", "0", "1234", "11", "124", "??", 123, None, "1 2")
    _charger_refused("max_ma", 5999, 32001, None, 16000.0)
    _charger_refused("min_ma", 5999, 32001, "6000")
    _charger_refused("fallback_ma", -1, 32001, False)
    _charger_refused("watchdog_s", 4, 3601, 0)
    _charger_refused("priority", -11, 11, None)
    _charger_refused("weight", 0, 9, None)
    _charger_refused("password", "x" * 65, None, "a\r\nX: y", 5)
    for phases in ("1", "2", "3", "12", "31", "123", "321", "?"):
        assert _charger(phases=phases)["phases"] == phases


def test_a_url_is_an_ipv4_address():
    for url in (
        "",
        "192.168.1.21",
        "https://192.168.1.21",
        "http://warp.local",
        "http://1.2.3",
        "http://1.2.3.4.5",
        "http://1.2.3.256",
        "http://1.2.3.04",
        "http://1.2.3.-4",
        "http://1.2.3.4/",
        "http://1.2.3.4/path",
        "http://1.2.3.4:",
        "http://1.2.3.4:0",
        "http://1.2.3.4:65536",
        "http://1.2.3.4:8o",
        "http://u:p@1.2.3.4",
        "http://1.2.3.4\r\nX: y",
        "http://[::1]",
        None,
        5,
    ):
        _charger_refused("url", url)
    assert split_url("http://192.168.1.21") == ("192.168.1.21", 80)
    assert split_url("http://127.0.0.1:8123") == ("127.0.0.1", 8123)
    assert split_url("http://255.255.255.255:65535") == ("255.255.255.255", 65535)


def test_what_is_not_an_object_is_refused():
    for value in (None, 5, "x", [], True):
        raises(SettingsError, "site.json", check_site, value)
        raises(SettingsError, "chargers.jsonl", check_charger, value)
