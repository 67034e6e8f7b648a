# Makes the parts and joins them. What is needed for long is made here, once; what is needed only
# for this, the checking of the settings, comes first and goes again.

import json
import sys

from app import log, start
from app.control import Control
from app.delivery import Delivery
from app.health import Health, watch_stretches
from balance.cycle import Cycle


def build(code_dir: str, data_dir: str) -> tuple:
    """The board, the health that watches the tasks, and the tasks: (name, run, beats) each.

    ValueError for what only the user can mend: the settings, the command line.
    """
    board = _board(code_dir)
    serial, port = board.arguments()
    cycle = Cycle()
    site, chargers, warnings = _site(data_dir, cycle)
    stretches = watch_stretches()
    health = Health(data_dir, board.feed)
    control = Control(cycle, health.beat)
    delivery = Delivery(cycle, chargers, control.wake, health.beat)
    control.after = delivery.kick
    line, metering = _metering(board, site["meter"], serial, cycle, control, health)
    page = (code_dir, board.LISTEN, port)
    parts = (chargers, cycle, control, delivery, line, health, stretches)
    web = _web(json.dumps(site["name"]), json.dumps(warnings), parts, page, health)
    log.info("site", site["name"] + ",", cycle.rows.count, "chargers")
    return board, health, _tasks(health, control, delivery, metering, web)


def _tasks(health, control, delivery, metering, web):
    tasks = [
        ("health", health.run, False),
        ("control", control.run, True),
        ("tick", control.tick, False),
        ("web", web.run, False),
    ]
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


def _site(data_dir, cycle):
    from app import site

    try:
        return site.load(data_dir, cycle)
    finally:
        start.forget("settings.schema", "settings.store", "settings.strict", "app.site")


def _metering(board, meter, serial, cycle, control, health):
    if meter is None:
        return None, None
    from app.metering import Metering, opener
    from modbus.decode import Meter, load
    from modbus.rtu import Line

    table = load(meter["type"])
    if serial is None:
        raise ValueError("serial device: missing, though site.json names a meter")
    baud, parity, stop = meter["baud"], meter["parity"], meter["stop"]
    line = Line(opener(board.open_port, serial, baud, parity, stop), baud, parity, stop)
    reader = Meter(line, table, meter["address"], meter["invert"])
    return line, Metering(reader, cycle.grid, control.wake, health.beat)


def _web(name, warnings, parts, page, health):
    from app.snapshot import Snapshot
    from app.web import Web

    return Web(Snapshot(name, warnings, *parts), *page, health.end)
