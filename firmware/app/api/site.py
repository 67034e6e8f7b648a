# From the settings to the parts that run: what the start and a change of the settings share. It is
# loaded for these and let go again.

import json
import sys

from app import start
from clock import diff_ms, now_ms, sleep_ms
from micropython import const

_MINIMUM_MA = 6000

# So long a change waits for a cut that is under way.
_CALM_MS = const(5000)


def driver(settings: dict):
    """The driver for a checked line of chargers.jsonl; ValueError."""
    name = settings["driver"]
    path = "chargers.{}".format(name)
    try:
        __import__(path)
    except ImportError:
        pass
    module = sys.modules.get(path)
    if hasattr(module, "driver"):
        return module.driver(settings)
    if not hasattr(module, "confirm"):
        raise ValueError("chargers.jsonl: driver: '{}' is not known".format(name))
    return module


def put(chargers, index: int, settings: dict, driver) -> None:
    """Makes the charger at `index` the one of a checked line; one is appended at the end."""
    from settings.url import split_url

    if index == len(chargers.drivers):
        chargers.add(0, "0", None)
    secret = _secret(settings, driver)
    if secret:
        chargers.secrets[index] = secret
    else:
        chargers.secrets.pop(index, None)
    chargers.watchdog_s[index] = min(settings["watchdog_s"] or 0, 255)
    host, port = split_url(settings["url"])
    name = settings["name"] or "Charger {}".format(settings["id"])
    chargers.put(index, settings["id"], json.dumps(name), driver, host, port)


def _secret(settings, driver):
    if not driver.AUTH or not (settings.get("password") or settings.get("token")):
        return None
    from chargers import secrets

    return getattr(secrets, driver.AUTH)(settings)


def warning(cycle) -> list:
    """The standing warnings that are not about a line (design, section 5), as JSON."""
    found = []
    rows = cycle.rows
    target = cycle.grid.target_ma
    if target < _MINIMUM_MA:
        text = '{{"code":"target_below_minimum","target_ma":{},"minimum_ma":{}}}'
        found.append(text.format(target, _MINIMUM_MA))
    allowed = min(target, cycle.grid.supply_ma)
    for phase in range(3):
        reserve = 0
        for index in range(rows.count):
            if rows.phases[index] >> phase & 1:
                reserve += rows.reserve_ma[index]
        if reserve > allowed:
            text = '{{"code":"fallbacks_above_target","phase":{},"sum_ma":{},"target_ma":{}}}'
            found.append(text.format(phase + 1, reserve, allowed))
    return found


def refresh(snapshot, site=None) -> None:
    """What the page shows of the settings; `site` where that is another one."""
    snapshot.apply(site, snapshot.lines + warning(snapshot.cycle))


async def calm(cycle) -> None:
    """Waits until no cut is unanswered, since writing blocks; 5 s at most."""
    begin = now_ms()
    while cycle.grid.over and diff_ms(now_ms(), begin) < _CALM_MS:
        await sleep_ms(50)


def metering(board, meter, serial, cycle, control, health):
    """The metering of `site.json`'s `meter`, None where that is None; ValueError."""
    if meter is None:
        return None
    from app.metering import Metering, opener
    from modbus.maps import open_meter
    from modbus.rtu import Line

    if serial is None:
        raise ValueError("site.json: meter: needs a serial device, and there is none")
    baud, parity, stop = meter["baud"], meter["parity"], meter["stop"]
    line = Line(opener(board.open_port, serial, baud, parity, stop), baud, parity, stop)
    try:
        reader = open_meter(line, meter)
    finally:
        start.forget("modbus.maps", "modbus.meters." + meter["type"])
    return Metering(line, reader, cycle.grid, control.wake, health.beat)
