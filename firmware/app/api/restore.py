# Takes a backup: both files at once, all or nothing. It is checked as it comes in, an object at a
# time, and written beside the files in force; what is wrong, or a client that goes, leaves those
# alone. Then both count at once (settings.files), and are applied like any others.

from app import log, start
from app.api.routes import answer, index_of, load
from clock import sleep_ms
from settings import raw

# Both files at their longest, and a little between.
_MOST = 80000
_STEP = 64
_CHARGERS = 64

_TAKEN = "settings.strict settings.pieces"
_APPLIED = "settings.url settings.live app.api.placed app.api.applied app.api.checked"


async def restore(exchange, web) -> None:
    """Takes the file of GET /api/backup."""
    if exchange.left > _MOST:
        raise ValueError(413)
    exchange.allow_ms(300000)
    snapshot = web.snapshot
    async with web.lock:
        await load("settings.files settings.schema app.api.site " + _TAKEN)
        from settings.files import STAGED, Staged, commit_both, end

        file = Staged(snapshot.path + "/chargers.jsonl" + STAGED)
        try:
            site, count = await _take(exchange, snapshot.path, file)
            start.forget(*_TAKEN.split())
            await load(_APPLIED)
            from app.api import applied, checked, placed
            from app.api.site import calm

            former = checked.former_site(snapshot)
            metering = applied.new_metering(snapshot, site, former)
            file.keep()
            await calm(snapshot.cycle)
            commit_both(snapshot.path)
        finally:
            file.drop()
            end(snapshot.path)
        await _apply(applied, placed, snapshot, site, former, metering)
        applied.rename(web.access, site, former)
    await answer(exchange, 200, {"chargers": count})


# Nothing that checks is held by anybody when it has come.
async def _take(exchange, path, file):
    from settings.pieces import Pieces

    taking = _Taking(path, file)
    pieces = Pieces(taking.found)
    while exchange.left:
        part = await exchange.read()
        for at in range(0, len(part), _STEP):
            pieces.feed(part[at : at + _STEP])
            await sleep_ms(0)
    pieces.end()
    return taking.site, taking.count


# Who is not in it goes first, since there is room for 64.
async def _apply(applied, placed, snapshot, site, former, metering):
    from app.api.site import refresh

    chargers = snapshot.chargers
    await applied.apply_site(snapshot, site, former, metering)
    wanted = bytearray(_CHARGERS + 1)
    for _, charger in raw.chargers(snapshot.path):
        wanted[charger["id"]] = 1
        await sleep_ms(0)
    for index in range(len(chargers.drivers)):
        if chargers.name(index) and not wanted[chargers.ids[index]]:
            await placed.remove(snapshot, index)
    snapshot.lines = []
    for _, charger in raw.chargers(snapshot.path):
        await _put(placed, snapshot, charger, site["minimum"])
    refresh(snapshot)


# Where 64 are taken because some still charge, one may have to wait for the next start.
async def _put(placed, snapshot, charger, minimum):
    from app.api.site import driver
    from settings.schema import check_charger

    charger = check_charger(charger)
    index = index_of(snapshot.chargers, charger["id"])
    try:
        if index < 0:
            index = placed.free_row(snapshot)
    except ValueError:
        log.warning("charger {}: all places are taken until a car leaves".format(charger["id"]))
        return
    await placed.apply_charger(snapshot, index, charger, driver(charger), minimum)
    await sleep_ms(0)


# What has come so far of a backup: site.json, and the chargers in a file of their own; each is
# checked and staged as it comes.
class _Taking:
    """site: checked, with its defaults, and staged in the data directory; count: of chargers,
    which go into `file`."""

    def __init__(self, data_dir: str, file):
        self.site = {}
        self.count = 0
        self._data_dir = data_dir
        self._file = file
        self._seen = bytearray(_CHARGERS + 1)

    def found(self, name: str, raw: bytes) -> None:
        """An object of the backup, in one line; SettingsError, OSError."""
        from settings.files import STAGED, write_file
        from settings.schema import check_site

        if name == "site":
            self.site = check_site(_parsed("site.json", raw))
            write_file(self._data_dir + "/site.json" + STAGED, (raw, b"\n"))
        else:
            self.count += 1
            self._charger(raw, "charger {}".format(self.count))

    def _charger(self, raw, where):
        from app.api.site import driver
        from settings.schema import SettingsError, check_charger

        if self.count > _CHARGERS:
            raise SettingsError("{}: is one more than {}".format(where, _CHARGERS))
        charger = check_charger(_parsed(where, raw), where)
        if self._seen[charger["id"]]:
            text = "{}: id: {} is used by one before"
            raise SettingsError(text.format(where, charger["id"]))
        self._seen[charger["id"]] = 1
        try:
            driver(charger)
        except ValueError as error:
            raise SettingsError(where + ": " + str(error).partition(": ")[2])
        self._file.write(raw + b"\n")


def _parsed(where, raw):
    from settings.schema import SettingsError
    from settings.strict import loads

    try:
        return loads(raw.decode())
    except ValueError as error:
        raise SettingsError("{}: is not JSON in UTF-8: {}".format(where, error))
