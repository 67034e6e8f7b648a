# From the settings to the deciding core and the drivers. The settings are checked by some 20 KB of
# code that is needed only here: `start` lets it go again once this is done.

import json
import sys

from app import log
from app.chargers import Chargers
from balance.grid import target_ma
from settings.schema import SettingsError, split_url
from settings.store import read_chargers, read_site

_MINIMUM_MA = 6000


def load(data_dir: str, cycle) -> tuple:
    """Reads both files into `cycle`; returns site.json, the Chargers and the standing warnings.

    SettingsError if site.json cannot be used; a bad line of chargers.jsonl is a reserved row.
    """
    site = read_site(data_dir)
    cycle.apply(site)
    chargers = Chargers(cycle.rows.capacity)
    warnings = []
    for line, settings, error in read_chargers(data_dir):
        if cycle.rows.count == cycle.rows.capacity:
            log.error(error)
            break
        try:
            _add(settings, error, site, cycle.rows, chargers)
        except SettingsError as reason:
            log.error(reason)
            cycle.rows.add_unusable()
            chargers.add(0, json.dumps("line {}".format(line)), None)
            warnings.append({"code": "bad_charger", "line": line, "error": str(reason)})
    _warn(site, cycle.rows, warnings)
    return site, chargers, warnings


def _add(settings, error, site, rows, chargers):
    if error is not None:
        raise SettingsError(error)
    driver = _driver(settings)
    host, port = split_url(settings["url"])
    name = settings["name"] or "Charger {}".format(settings["id"])
    rows.add(settings, site["minimum"])
    chargers.add(settings["id"], json.dumps(name), driver, host, port)


def _driver(settings):
    name = settings["driver"]
    path = "chargers." + name
    try:
        __import__(path)
        make = sys.modules[path].driver
    except (ImportError, AttributeError):
        raise SettingsError("chargers.jsonl: driver: '{}' is not known".format(name))
    return make(settings)


# Standing warnings (design, section 5).
def _warn(site, rows, warnings):
    target = target_ma(site)
    if target < _MINIMUM_MA:
        warning = {"code": "target_below_minimum", "target_ma": target}
        warnings.append(dict(warning, minimum_ma=_MINIMUM_MA))
    allowed = min(target, site["supply_ma"])
    for phase in range(3):
        reserve = 0
        for index in range(rows.count):
            if rows.phases[index] >> phase & 1:
                reserve += rows.reserve_ma[index]
        if reserve > allowed:
            warning = {"code": "fallbacks_above_target", "phase": phase + 1}
            warnings.append(dict(warning, sum_ma=reserve, target_ma=allowed))
    for warning in warnings:
        log.warning(json.dumps(warning))
