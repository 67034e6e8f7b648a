# Makes the parts and joins them. What is needed for long is made here, once; what is needed only
# for this, the checking of the settings, comes first and goes again.

import json
import os
import sys

from app import log, start
from app.api import site as parts
from app.chargers import Chargers
from app.control import Control
from app.delivery import WORKERS, Delivery
from app.health import Health, watch_stretches
from app.messenger import connections
from balance.cycle import Cycle
from micropython import const

# Most chargers are shorter.
_LINE_BYTES = const(256)

# About forty chargers.
_MANY_BYTES = const(6144)

_BAD = '{{"code":"bad_charger","line":{},"error":{}}}'
_BAD_SITE = '{{"code":"bad_site","error":{}}}'
_SETTINGS = (
    "raw",
    "schema",
    "special",
    "special_tables",
    "tables",
    "store",
    "strict",
    "files",
    "url",
)


# From this try on both slots are bad (firmware/main.py).
_CONTROL_ONLY = const(7)


def build(code_dir: str, data_dir: str, tries: int = 1) -> tuple:
    """The board, the health that watches the tasks, and the tasks: (name, run, beats) each.

    ValueError for what only the user can mend: the settings, the command line.
    """
    _finish_factory(data_dir)
    updating = _updating(data_dir)
    board = _board(code_dir)
    serial, port, host = board.arguments()
    wifi = _wifi(board, data_dir)
    clients = connections(_worker_count(data_dir))
    exchanges = _exchanges(data_dir, updating)
    _end_restore(data_dir)
    cycle = Cycle(_capacity(data_dir))
    site, chargers, bad, warnings = _settings(data_dir, cycle, hasattr(board, "network"))
    start.forget("balance.lines", *["settings." + name for name in _SETTINGS])
    access = _access(data_dir, host, port, site["name"])
    stretches = watch_stretches()
    health = Health(board.feed)
    control = Control(cycle, health.beat)
    delivery = Delivery(cycle, chargers, control.wake, health.beat)
    workers = [delivery.worker(client) for client in clients]
    control.after = delivery.kick
    metering = parts.metering(board, site["meter"], serial, cycle, control, health)
    start.forget("app.api.site")
    if tries < _CONTROL_ONLY:
        running = (chargers, cycle, control, delivery, metering, health, stretches)
        page = (access, (code_dir, data_dir), (host, port), health.end, exchanges, wifi)
        about = None if updating else (board, data_dir, bad)
        web = _web(site, warnings, running, about, page)
        web.cycle = cycle  # pyright: ignore[reportAttributeAccessIssue]
        health.tick = web.tick
        start.givers.append(web.guard.relieve)
    else:
        web = wifi = None
        log.error("both slots failed: control only, without the page")
    health.state = [0, 0, 0, data_dir, code_dir[-1:], web, cycle]
    log.info("site {}, {} chargers".format(site["name"], cycle.rows.count))
    tasks = _tasks(health, control, workers, metering, web, updating)
    if wifi:
        tasks.append(("wifi", _joined(wifi, web, health.beat), True))
    if hasattr(board, "light"):
        from app.panel import Panel

        tasks.append(("panel", Panel(board, cycle, data_dir, health.end).run, False))
    return board, health, tasks


def _tasks(health, control, workers, metering, web, updating):
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
    for worker in workers:
        tasks.append(("delivery", worker, False))
    return tasks


def _board(code_dir):
    with open(code_dir[: code_dir.rfind("/")] + "/board") as file:
        name = file.read().strip()
    path = "boards.{}.board".format(name)
    __import__(path)
    return getattr(sys.modules[path], "board", sys.modules[path])


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


# No more than there are chargers: one that is added brings its own.
def _worker_count(data_dir):
    count = 0
    try:
        with open(data_dir + "/chargers.jsonl", "rb") as file:
            while count < WORKERS and file.readline(_LINE_BYTES):
                count += 1
    except OSError:
        pass
    return max(count, 1)


# The largest blocks, made before the memory is in pieces; with many chargers one less, since then
# the start needs more than what runs: the guard makes it later.
def _exchanges(data_dir, updating):
    from app.web import CLIENTS
    from net.exchange import exchanges

    try:
        many = os.stat(data_dir + "/chargers.jsonl")[6] > _MANY_BYTES
    except OSError:
        many = False
    return exchanges(CLIENTS - 1 if updating or many else CLIENTS)


# Whether it was started for an update (app/updates.py): once, whatever becomes of it.
def _updating(data_dir):
    try:
        os.remove(data_dir + "/updating")
    except OSError:
        return False
    log.info("started for an update, without the page")
    return True


# In sixteens: what a charger takes in memory, 0.2 KB, not every site has to give 64 times. At
# least five can be added while it runs.
def _capacity(data_dir):
    from settings.store import CHARGERS, count_chargers

    return min(((count_chargers(data_dir) + 4) // 16 + 1) * 16, CHARGERS)


# Reads both files into the cycle; gives site.json, the chargers and the standing warnings.
def _settings(data_dir, cycle, on_board):
    from settings.store import read_chargers

    site, bad = _site(data_dir, on_board)
    cycle.apply(site)
    chargers = Chargers(cycle.rows.capacity)
    for line, settings, error in read_chargers(data_dir):
        if cycle.rows.count == cycle.rows.capacity:
            log.error(error)
            break
        try:
            _add(settings, error, site, cycle.rows, chargers)
        except ValueError as reason:
            cycle.rows.add_unusable()
            chargers.add(0, json.dumps("settings line {}".format(line)), None)
            bad.append(_BAD.format(line, json.dumps(str(reason))))
    warnings = bad + parts.warning(cycle)
    for warning in warnings:
        log.warning(warning)
    return site, chargers, bad, warnings


# Without a site.json that can be used the page is what sets the site up: until then the limit is
# 0 A. A board has nobody at its console and would only start again, so there whatever is wrong
# with the file is a warning; it stays as it is, for a version that can use it.
def _site(data_dir, on_board):
    from settings.schema import check_site

    bad = []
    try:
        if "site.json" in os.listdir(data_dir):
            return _usable_site(data_dir), bad
        log.warning("no site.json: nothing is raised until the page has been used")
    except Exception as error:
        if not on_board:
            raise
        why = str(error) if isinstance(error, ValueError) else "site.json: " + repr(error)
        bad.append(_BAD_SITE.format(json.dumps(why)))
    site = check_site({"limit_ma": 32000, "supply_ma": 6000, "meter": None})
    site.update({"limit_ma": 0, "largest_consumer_ma": 0, "supply_ma": 0})
    return site, bad


# Its meter may be one that only another version knows.
def _usable_site(data_dir):
    from settings.store import read_site

    site = read_site(data_dir)
    if site["meter"]:
        from modbus.maps import open_meter

        open_meter(None, site["meter"])
        start.forget("modbus.maps", "modbus.meters." + site["meter"]["type"])
    return site


# A power cut may have come between the two files of a restore (settings.files).
def _end_restore(data_dir):
    try:
        if "both.restored" in os.listdir(data_dir):
            from settings.files import end

            end(data_dir)
    except OSError as error:
        log.error("restore not ended: {}".format(error))


def _access(data_dir, host, port, name):
    from app import owner

    access = owner.build(data_dir, host, port, name)
    start.forget("app.owner", *owner.NEEDS)
    return access


def _add(settings, error, site, rows, chargers):
    if error is not None:
        raise ValueError(error)
    driver = parts.driver(settings)
    rows.add(settings, site["minimum"])
    parts.put(chargers, len(chargers.drivers), settings, driver)


# While there is an update in the place of the page there is no snapshot.
def _web(site, warnings, running, about, page):
    from app.web import Web

    if about is None:
        return Web(None, *page)
    from app.snapshot import Snapshot

    snapshot = Snapshot(site, warnings, *running)
    snapshot.board, snapshot.path, snapshot.lines = about
    snapshot.health.after = snapshot.advance
    return Web(snapshot, *page)


# Factory settings that a power cut has interrupted.
def _finish_factory(data_dir):
    try:
        os.stat(data_dir + "/factory_settings")
    except OSError:
        return
    from settings import factory

    try:
        factory.end(data_dir)
    except OSError as error:
        log.error("factory settings not ended: {}".format(error))
    start.forget("settings.factory", "settings.files")
