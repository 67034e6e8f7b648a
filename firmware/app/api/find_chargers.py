# Finding chargers on the network, and how one is wired (`find`).

from app import start
from app.api.find import add
from app.api.routes import an_id, index_of, refused, wrong
from clock import sleep_ms

_AT_ONCE = 2  # sockets and buffers: 2 KB each; one where less than this is free
_ROOM = 8192


async def _chargers_run(snapshot, find, hosts, port):
    from chargers.finder import search

    def found(one):
        add(find, _about(snapshot.chargers, one))

    def progress(done):
        find["done"] = done

    try:
        at_once = _AT_ONCE if start.has_room(_ROOM) else 1
        await search(hosts, port, found, progress, at_once)
    finally:
        start.forget("chargers.finder")


# {"subnet":"192.168.1"} asks 192.168.1.1 to 254, {"subnet":"192.168.1.20-29"} only these.
def chargers(snapshot, find, given):
    """The coroutine of the search; ValueError for what it cannot look for."""
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


def wiring(snapshot, find, given):
    """The coroutine of the self-test of a charger's wiring; ValueError."""
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
        add(find, about)
    finally:
        test.cancel()
        start.forget("balance.wiring", "balance.steps")
