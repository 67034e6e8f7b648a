# Finding meters on the line (`find`). While that lasts nobody reads the meter: the core sees a
# lost one, and all chargers get `without_meter_ma` once `lost_after_s` is over.

from app import start
from app.api.find import add
from app.api.routes import wrong


def meters(snapshot, find, given):
    """The coroutine of the search; ValueError for what it cannot look for."""
    serial = snapshot.board.arguments()[0]
    if serial is None:
        raise wrong("find", "meters", "needs a serial device, and there is none")
    return _meters_run(snapshot, find, serial)


async def _meters_run(snapshot, find, serial):
    metering = snapshot.metering
    await _stop_metering(snapshot)
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
        add(find, about)

    def progress(done, of, line, address):
        find["done"], find["of"] = done, of

    try:
        search = Search(open_port, found, progress)
        await search.run()
        find["done"] = find["of"]
    finally:
        start.forget("modbus.detect", "modbus.signatures", "modbus.maps")
        if metering and snapshot.metering is metering:
            snapshot.health.start("metering", metering.run, True)


# What stops it has gone when the search comes, which needs the memory.
async def _stop_metering(snapshot):
    from app.api.applied import stop_metering

    await stop_metering(snapshot)
    stop_metering = None
    start.forget("app.api.applied", "app.api.site")
