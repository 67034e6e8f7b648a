# Takes a backup: both files at once, all or nothing. It is checked as it comes in, an object at a
# time, and written beside the files in force; what is wrong, or a client that goes, leaves those
# alone. Then both count at once (settings.files), and are applied like any other applied.

from app import log
from app.api import applied, checked
from app.api import site as parts
from app.api.routes import answer, index_of
from app.api.lines import calm
from clock import sleep_ms
from settings.pieces import Pieces
from settings.schema import SettingsError, check_charger, check_site
from settings.store import CHARGERS, LINE_SIZE, SITE_SIZE, once, parsed, read_chargers
from settings.files import STAGED, Staged, commit_both, end, write_file
from settings.writer import dumped

# Both files at their longest, and a little between.
_MOST = 80000
_STEP = 64


async def restore(exchange, web) -> None:
    """Takes the file of GET /api/backup."""
    if exchange.left > _MOST:
        raise ValueError(413)
    exchange.allow_ms(300000)
    snapshot = web.snapshot
    async with web.lock:
        taking = _Taking(snapshot.path)
        try:
            pieces = Pieces(taking.found)
            while exchange.left:
                part = await exchange.read()
                for at in range(0, len(part), _STEP):
                    pieces.feed(part[at : at + _STEP])
                    await sleep_ms(0)
            pieces.end()
            former = checked.former_site(snapshot.path)
            metering = applied.new_metering(snapshot, taking.site, former)
            taking.keep()
            await calm(snapshot.cycle)
            commit_both(snapshot.path)
        finally:
            taking.drop()
        await _apply(snapshot, taking.site, former, metering)
        applied.rename(web.access, taking.site, former)
    await answer(exchange, 200, {"chargers": taking.count})


# What has come so far: site.json, the number of chargers, and these in a file of their own.
class _Taking:
    def __init__(self, data_dir):
        self.site = {}
        self.count = 0
        self._data_dir = data_dir
        self._seen = bytearray(CHARGERS + 1)
        self._file = Staged(data_dir + "/chargers.jsonl" + STAGED)

    def found(self, name, raw):
        if name == "site":
            given = parsed("site.json", raw)
            self.site = check_site(given)
            raw = dumped("site.json", given, SITE_SIZE)
            write_file(self._data_dir + "/site.json" + STAGED, (raw, b"\n"))
            return
        self.count += 1
        where = "charger {}".format(self.count)
        if self.count > CHARGERS:
            raise SettingsError("{}: is one more than {}".format(where, CHARGERS))
        given = parsed(where, raw)
        charger = once(where, check_charger(given, where), self._seen)
        try:
            parts.driver(charger)
        except ValueError as error:
            raise SettingsError(where + ": " + str(error).partition(": ")[2])
        self._file.write(dumped(where, given, LINE_SIZE) + b"\n")

    def keep(self):
        self._file.keep()

    # Once both are in force there is nothing left to do.
    def drop(self):
        self._file.drop()
        end(self._data_dir)


# Who is not in it goes first, since there is room for 64.
async def _apply(snapshot, site, former, metering):
    chargers = snapshot.chargers
    await applied.apply_site(snapshot, site, former, metering)
    wanted = bytearray(CHARGERS + 1)
    for _, charger, _ in read_chargers(snapshot.path):
        if charger:
            wanted[charger["id"]] = 1
        await sleep_ms(0)
    for index in range(len(chargers.drivers)):
        if chargers.name(index) and not wanted[chargers.ids[index]]:
            await applied.remove(snapshot, index)
    snapshot.lines = []
    for _, charger, _ in read_chargers(snapshot.path):
        if charger:
            await _put(snapshot, charger, site["minimum"])
    applied.refresh(snapshot)


# Where 64 are taken because some still charge, one may have to wait for the next start.
async def _put(snapshot, charger, minimum):
    index = index_of(snapshot.chargers, charger["id"])
    try:
        if index < 0:
            index = applied.free_row(snapshot)
    except ValueError:
        log.warning("charger {}: all places are taken until a car leaves".format(charger["id"]))
        return
    driver = parts.driver(charger)
    await applied.apply_charger(snapshot, index, charger, driver, minimum)
    await sleep_ms(0)
