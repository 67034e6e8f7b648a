# Makes the parts and joins them. What is needed for long is made here, once; what is needed only
# for this, the checking of the settings, comes first and goes again.

import json
import os
import sys

from app import log, start
from app.chargers import Chargers
from app.control import Control
from app.delivery import WORKERS, Delivery
from app.health import Health, watch_stretches
from app.messenger import connections
from balance.cycle import Cycle
from balance.grid import target_ma
from micropython import const

_MINIMUM_MA = 6000


# From this try on both slots are bad (firmware/main.py).
_CONTROL_ONLY = const(7)


def build(code_dir: str, data_dir: str, tries: int = 1) -> tuple:
    """The board, the health that watches the tasks, and the tasks: (name, run, beats) each.

    ValueError for what only the user can mend: the settings, the command line.
    """
    _finish_factory(data_dir)
    updating = _updating(data_dir)
    board = _board(code_dir)
    if tries > 1 and hasattr(board, "failed"):
        board.failed(tries)
    serial, port, host = board.arguments()
    wifi = _wifi(board, data_dir)
    clients = connections(WORKERS)
    exchanges = _exchanges(updating)
    cycle = Cycle(_capacity(data_dir))
    site, chargers, warnings = _settings(data_dir, cycle)
    start.forget("settings.schema", "settings.store", "settings.strict")
    access = _access(data_dir, host, port, site["name"])
    stretches = watch_stretches()
    health = Health(board.feed)
    control = Control(cycle, health.beat)
    delivery = Delivery(cycle, chargers, clients, control.wake, health.beat)
    control.after = delivery.kick
    metering = _metering(board, site["meter"], serial, cycle, control, health)
    if tries < _CONTROL_ONLY:
        parts = (chargers, cycle, control, delivery, metering, health, stretches)
        page = (access, (code_dir, data_dir), (host, port), health.end, exchanges, wifi)
        web = _web(updating, site, warnings, parts, page)
        web.cycle = cycle  # pyright: ignore[reportAttributeAccessIssue]
        health.tick = web.tick
    else:
        web = wifi = None
        log.error("both slots failed: control only, without the page")
    health.state = [0, 0, 0, data_dir, code_dir[-1:], web, cycle]
    log.info("site {}, {} chargers".format(site["name"], cycle.rows.count))
    tasks = _tasks(health, control, delivery, metering, web, updating)
    if wifi:
        tasks.append(("wifi", _joined(wifi, web, health.beat), True))
    return board, health, tasks


def _tasks(health, control, delivery, metering, web, updating):
    tasks = [
        ("health", health.run, False),
        ("control", control.run, True),
        ("tick", control.tick, False),
    ]
    if web is not None:
        tasks.append(("web", web.run, False))
    if updating:
        from app import patience

        tasks.append(("updating", patience.waiting(web), False))
    if metering is not None:
        tasks.append(("metering", metering.run, True))
    for worker in delivery.workers():
        tasks.append(("delivery", worker, False))
    return tasks


def _board(code_dir):
    with open(code_dir[: code_dir.rfind("/")] + "/board") as file:
        name = file.read().strip()
    path = "boards.{}.board".format(name)
    __import__(path)
    return sys.modules[path]


def _wifi(board, data_dir):
    if not hasattr(board, "network"):
        return None
    from app.wifi_start import NEEDS, opened

    try:
        return opened(board, data_dir)
    finally:
        start.forget("app.wifi_start", *NEEDS)


# At home it is called as on the label, at its access point by that address.
def _joined(wifi, web, beat):
    name = wifi.hostname.encode()
    web.access.own = (name, name + b".local", b"192.168.4.1")
    wifi.on_button = web.forget_owner
    return lambda: wifi.run(beat)


# The largest blocks, made before the memory is in pieces.
def _exchanges(updating):
    from app.web import CLIENTS
    from net.guard import exchanges

    return exchanges(CLIENTS - 1 if updating else CLIENTS)


# Whether it was started for an update (app/updates.py): once, whatever becomes of it.
def _updating(data_dir):
    try:
        os.remove(data_dir + "/updating")
    except OSError:
        return False
    log.info("started for an update, without the page")
    return True


# In sixteens: what a charger takes in memory, 0.2 KB, not every site has to give 64 times.
def _capacity(data_dir):
    from settings.store import count_chargers

    return max(1, (count_chargers(data_dir) + 15) // 16) * 16


# Reads both files into the cycle; gives site.json, the chargers and the standing warnings.
def _settings(data_dir, cycle):
    from settings.store import read_chargers, read_site

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
        except ValueError as reason:
            cycle.rows.add_unusable()
            chargers.add(0, json.dumps("settings line {}".format(line)), None)
            text = '{{"code":"bad_charger","line":{},"error":{}}}'
            warnings.append(text.format(line, json.dumps(str(reason))))
    _warn(site, cycle.rows, warnings)
    return site, chargers, warnings


def _access(data_dir, host, port, name):
    from app import owner

    access = owner.build(data_dir, host, port, name)
    start.forget("app.owner", *owner.NEEDS)
    return access


def _add(settings, error, site, rows, chargers):
    from settings.schema import split_url

    if error is not None:
        raise ValueError(error)
    driver = _driver(settings)
    host, port = split_url(settings["url"])
    name = settings["name"] or "Charger {}".format(settings["id"])
    rows.add(settings, site["minimum"])
    secret = _secret(settings, driver)
    if secret:
        chargers.secrets[len(chargers.drivers)] = secret
    chargers.watchdog_s[len(chargers.drivers)] = min(settings["watchdog_s"] or 0, 255)
    chargers.add(settings["id"], json.dumps(name), driver, host, port)


def _driver(settings):
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


def _secret(settings, driver):
    if not driver.AUTH or not (settings.get("password") or settings.get("token")):
        return None
    from chargers import secrets

    return getattr(secrets, driver.AUTH)(settings)


# Standing warnings (design, section 5).
def _warn(site, rows, warnings):
    target = target_ma(site)
    if target < _MINIMUM_MA:
        text = '{{"code":"target_below_minimum","target_ma":{},"minimum_ma":{}}}'
        warnings.append(text.format(target, _MINIMUM_MA))
    allowed = min(target, site["supply_ma"])
    for phase in range(3):
        reserve = 0
        for index in range(rows.count):
            if rows.phases[index] >> phase & 1:
                reserve += rows.reserve_ma[index]
        if reserve > allowed:
            text = '{{"code":"fallbacks_above_target","phase":{},"sum_ma":{},"target_ma":{}}}'
            warnings.append(text.format(phase + 1, reserve, allowed))
    for warning in warnings:
        log.warning(warning)


def _metering(board, meter, serial, cycle, control, health):
    if meter is None:
        return None
    from app.metering import Metering, opener
    from modbus.maps import open_meter
    from modbus.rtu import Line

    if serial is None:
        raise ValueError("serial device: missing, though site.json names a meter")
    baud, parity, stop = meter["baud"], meter["parity"], meter["stop"]
    line = Line(opener(board.open_port, serial, baud, parity, stop), baud, parity, stop)
    reader = open_meter(line, meter)
    start.forget("modbus.maps", "modbus.meters." + meter["type"])
    return Metering(line, reader, cycle.grid, control.wake, health.beat)


def _web(updating, site, warnings, parts, page):
    from app.web import Web

    if updating:
        return Web(None, *page)
    from app.snapshot import Snapshot

    return Web(Snapshot(site, warnings, *parts), *page)


# Factory settings that a power cut has interrupted.
def _finish_factory(data_dir):
    try:
        os.stat(data_dir + "/factory_settings")
    except OSError:
        return
    from settings import factory

    factory.end(data_dir)
    start.forget("settings.factory", "settings.files")
