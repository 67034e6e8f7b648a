# Finding meters on the line, chargers on the network, and how a charger is wired: one search at a
# time, as a task of its own, whose state is data, so that all code of it goes when it is over.
# While meters are searched nobody reads the meter: the core sees a lost one, and all chargers get
# `without_meter_ma` once `lost_after_s` is over.

import asyncio
import json

from app import log, start
from app.api.routes import JSON, refused, an_id, answer, body, index_of, wrong
from clock import sleep_ms

_MOST = 64
_AT_ONCE = 2  # sockets and buffers: 2 KB each; one where less than this is free
_ROOM = 8192

# Keys of a search, which `web.snapshot.find` holds.
_SEARCHES = ("meters", "chargers", "wiring")


async def begin(exchange, web, what: str) -> None:
    """POST /api/find/meters, /chargers or /wiring."""
    if what not in _SEARCHES:
        raise ValueError(404)
    given = await body(exchange) if exchange.left else {}
    snapshot = web.snapshot
    if snapshot.find and not snapshot.find["ended"]:
        raise refused(409, "busy", {"what": snapshot.find["what"]})
    find = {"what": what, "done": 0, "of": 0, "found": [], "ended": False, "error": None}
    run = {"meters": _meters, "chargers": _chargers, "wiring": _wiring}[what](
        snapshot, find, given
    )
    snapshot.find = find
    find["task"] = asyncio.create_task(_watched(find, run, web))
    await answer(exchange, 202, {})


async def shown(exchange, web) -> None:
    """How far it is, and what was found."""
    await exchange.answer(200, _shown(web.snapshot.find), JSON)


def _shown(find):
    if not find:
        yield '{"what":null,"done":0,"of":0,"found":[],"ended":true,"error":null}\n'
        return
    about = find["what"], find["done"], find["of"]
    yield '{"what":"%s","done":%d,"of":%d,"found":[' % about
    comma = ""
    for one in find["found"]:
        yield comma + one
        comma = ","
    ended = "true" if find["ended"] else "false"
    yield '],"ended":%s,"error":%s}\n' % (ended, json.dumps(find["error"]))


async def end(exchange, web) -> None:
    """Ends the search, and forgets what it has found."""
    find = web.snapshot.find
    if find:
        if find["task"]:
            find["task"].cancel()
        while not find["ended"]:
            await sleep_ms(10)
        web.snapshot.find = None
    await answer(exchange, 200, {})


# Whatever happens in it, it ends, and says how.
async def _watched(find, run, web):
    web.count(1)
    try:
        await run
    except asyncio.CancelledError:
        find["error"] = "cancelled"
    except Exception as error:
        find["error"] = str(error) or repr(error)
        log.warning("finding {}: {}".format(find["what"], find["error"]))
    finally:
        find["ended"] = True
        find["task"] = None  # it would keep all its code in memory
        web.count(-1)


def _add(find, one):
    if len(find["found"]) < _MOST:
        find["found"].append(json.dumps(one))


# -- chargers --


async def _chargers_run(snapshot, find, hosts, port):
    from chargers.finder import search

    def found(one):
        _add(find, _about(snapshot.chargers, one))

    def progress(done):
        find["done"] = done

    try:
        at_once = _AT_ONCE if start.has_room(_ROOM) else 1
        await search(hosts, port, found, progress, at_once)
    finally:
        start.forget("chargers.finder")


# {"subnet":"192.168.1"} asks 192.168.1.1 to 254, {"subnet":"192.168.1.20-29"} only these.
def _chargers(snapshot, find, given):
    subnet = given.get("subnet", _subnet(snapshot.chargers))
    port = given.get("port", 80)
    parts = subnet.split(".") if isinstance(subnet, str) else ()
    try:
        first, dash, last = (parts[3] if len(parts) > 3 else "1-254").partition("-")
        for part in list(parts[:3]) + [first, last if dash else first]:  # noqa: RUF005
            if not part.isdigit() or len(part) > 3 or int(part) > 255:
                raise ValueError
        first, last = int(first), int(last if dash else first)
        if not 3 <= len(parts) <= 4 or last < first or type(port) is not int:
            raise ValueError
        if not 1 <= port <= 65535:
            raise ValueError
    except ValueError:
        text = "is not A.B.C, A.B.C.D or A.B.C.D-E, or the port is not 1..65535"
        raise wrong("find", "subnet", text)
    find["of"] = last - first + 1
    hosts = [".".join(parts[:3]) + ".%d" % host for host in range(first, last + 1)]
    return _chargers_run(snapshot, find, hosts, port)


# Where those are that are known.
def _subnet(chargers):
    for index in range(len(chargers.drivers)):
        if chargers.drivers[index]:
            return chargers.address(index)[0].rpartition(".")[0]
    return None


def _about(chargers, one):
    port = "" if one.port == 80 else ":%d" % one.port
    about = {"driver": one.driver, "name": one.name, "locked": one.locked}
    about["url"] = "http://%s%s" % (one.host, port)
    for index in range(len(chargers.drivers)):
        if chargers.drivers[index] and chargers.address(index) == (one.host, one.port):
            about["id"] = chargers.ids[index]
    return about


# -- meters --


def _meters(snapshot, find, given):
    serial = snapshot.board.arguments()[0]
    if serial is None:
        raise wrong("find", "meters", "needs a serial device, and there is none")
    return _meters_run(snapshot, find, serial)


async def _meters_run(snapshot, find, serial):
    from app.api.applied import stop_metering
    from modbus.detect import Search

    def open_port(baud, parity, stop):
        return snapshot.board.open_port(serial, baud, parity, stop)

    def found(one):
        baud, parity, stop = one.line
        about = {"baud": baud, "parity": parity, "stop": stop, "address": one.address}
        about["types"] = one.types[:8]
        about["signed"] = one.signed
        about["phases"] = one.phases
        about["trouble"] = one.trouble
        _add(find, about)

    def progress(done, of, line, address):
        find["done"], find["of"] = done, of

    metering = snapshot.metering
    await stop_metering(snapshot)
    try:
        search = Search(open_port, found, progress)
        await search.run()
        find["done"] = find["of"]
    finally:
        start.forget("modbus.detect", "modbus.signatures", "modbus.maps")
        if metering and snapshot.metering is metering:
            snapshot.health.start("metering", metering.run, True)


# -- wiring --


def _wiring(snapshot, find, given):
    id_ = given.get("id")
    index = index_of(snapshot.chargers, an_id(str(id_)))
    if index < 0:
        raise refused(404, "no_charger", {"id": id_})
    return _wiring_run(snapshot, find, index)


async def _wiring_run(snapshot, find, index):
    from balance.wiring import CODES, TESTING, WiringTest

    test = WiringTest(snapshot.cycle, index)
    try:
        while test.code == TESTING:
            find["done"], find["of"] = test.number_a, test.number_b
            await sleep_ms(250)
        names = CODES.split("|")[test.code].split()
        about = {"id": snapshot.chargers.ids[index], "code": names[0], "phases": test.phases()}
        about["differs"] = test.differs
        for name, number in zip(names[1:], (test.number_a, test.number_b)):
            about[name] = number
        _add(find, about)
    finally:
        test.cancel()
        start.forget("balance.wiring", "balance.steps")
