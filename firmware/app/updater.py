# Installs a bundle (update/bundle.py) from the network while control goes on. It goes to ROOT/new;
# the other slot is touched once all of it lies there and is right, or earlier where there is no
# room for three versions; the running slot never is. Each step either leaves what was or has
# brought what comes, whatever is cut (host_tests/power). A block of flash is written between two
# awaits, and none while a cut is unanswered.

# For this the device has been started without its page (app/updates.py), one client at a time.

import errno
import hashlib
import json
import os

from app import log, start
from balance.rows import CONFIRMED, KNOWN
from clock import sleep_ms
from micropython import const
from update import slots
from update.bundle import PREAMBLE, Refused, entries, head, manifest_size, name

NEEDS = ("update.bundle", "update.slots")

# `Health.end`: start again at once. The answer has to be on its way by then.
_RESTART = const(3)
_ANSWERED_MS = const(500)
_UPLOAD_MS = const(300000)
_DRAIN_MS = const(20000)
_WAIT_MS = const(600000)
_SIGNATURE = const(384)

_JSON = b"Content-Type: application/json\r\nContent-Length: %d\r\n"

_PIECE = const(1024)
_NETWORK = (errno.ETIMEDOUT, errno.ECONNRESET)
_PAUSE_MS = const(20)

# A cut is answered within this (design, section 6), or not at all.
_LONGEST_PAUSES = const(150)

# What a file takes beside its bytes, at most: the end of its last block and a share of a folder's
# two. And what has to stay free: settings, and the folders' own blocks.
_BLOCKS_A_FILE = const(2)
_BLOCKS_LEFT = const(16)


async def answer(web, exchange) -> None:
    """PUT /api/update[?older=1] with a bundle."""
    try:
        exchange.allow_ms(_UPLOAD_MS)
        version = await install(exchange, web, exchange.query == b"older=1")
    except Refused as refused:
        await _refuse(exchange, refused.args)
        return
    await _say(exchange, 200, '{"version":"%s","restart":true}' % version)
    await sleep_ms(_ANSWERED_MS)
    web.end(_RESTART)


def waiting(end):
    """A task that gives the page its place back after ten minutes without an update."""

    async def run():
        await sleep_ms(_WAIT_MS)
        end(_RESTART)
        await sleep_ms(_WAIT_MS)

    return run


# A browser reads no answer before all that it sends is taken.
async def _refuse(exchange, args):
    exchange.allow_ms(_DRAIN_MS)
    while exchange.left:
        await exchange.read()
    error = {"code": args[0]}
    for at in range(1, len(args), 2):
        error[args[at]] = args[at + 1]
    await _say(exchange, 400, json.dumps({"error": error}))


async def _say(exchange, status, text):
    await exchange.answer(status, (text,), _JSON % len(text))


async def install(exchange, web, older: bool) -> str:
    """Receives a bundle as the body of a request, verifies it and gives it the next start; returns
    its version. `older`: the owner wants it even if what runs is newer. Refused; OSError."""
    if web.code_dir[:-2] + "/data" != web.data_dir:
        raise Refused("update_computer")
    new = web.code_dir[:-1] + "new"
    try:
        version = await _Installer(exchange, web, older).run()
    except Exception as error:
        await slots.clear(new)
        if isinstance(error, OSError) and error.errno not in _NETWORK:
            raise Refused("update_flash", "errno", error.errno)
        raise
    log.info("update: version {} is next".format(version))
    return version


# It has the next start.
def _switch(web, slot):
    from app import trial

    trial.note(web.data_dir, web.cycle)
    trial.write(web.data_dir, slot + "0")
    start.forget("app.trial")


class _Installer:
    def __init__(self, exchange, web, older):
        self._exchange = exchange
        self._web = web
        self._older = older
        self._root = web.code_dir[:-1]
        self._other = slots.other(web.code_dir)
        self._new = self._root + "new"
        self._manifest = self._new + "/manifest"
        self._digest = b""
        self._piece = memoryview(bytearray(_PIECE))

    async def run(self) -> str:
        await slots.clear(self._new)
        os.mkdir(self._new)
        await self._copy(manifest_size(await self._exactly(PREAMBLE)), self._manifest)
        signature = await self._exactly(_SIGNATURE)
        self._digest = await self._hash(self._manifest)
        await self._quiet()
        self._check(signature)
        version = self._version()
        count, size = await self._sum()
        if size != self._exchange.left:
            raise Refused("update_size", "bytes", self._exchange.left, "expected", size)
        await self._make_room(count, size)
        await self._receive()
        await self._verify()
        await slots.clear(self._other)
        os.rename(self._new, self._other)
        await self._quiet()
        _switch(self._web, self._other[-1:])
        return version

    # The signature is verified over what lies in flash.
    def _check(self, given):
        from update import signature

        try:
            key = signature.modulus(signature.read_key(self._web.data_dir))
            right = signature.signed(self._digest, given, key)
        except (OSError, ValueError):
            raise Refused("update_key")
        finally:
            start.forget("update.signature")
        if not right:
            raise Refused("update_signature")

    def _version(self):
        with open(self._manifest, "rb") as file:
            version = head(file)
        running = slots.version(self._web.code_dir)
        if version < running and not self._older:
            raise Refused("update_older", "version", name(version), "running", name(running))
        return name(version)

    # How many files there are and how large they are together, once all lines have been checked.
    async def _sum(self):
        count = total = 0
        with open(self._manifest, "rb") as file:  # noqa: ASYNC230
            head(file)
            for _, size, _ in entries(file):
                count += 1
                total += size
                await sleep_ms(0)
        return count, total

    async def _make_room(self, count, size):
        status = os.statvfs(self._root)
        needed = _BLOCKS_LEFT + _BLOCKS_A_FILE * count + size // status[0]
        if needed > status[3] and self._other[-1:] in os.listdir(self._root):
            if needed <= status[3] + slots.blocks(self._other, status[0]):
                await slots.clear(self._other)
                return
        if needed > status[3]:
            kb = status[0] / 1024
            free = int(status[3] * kb)
            raise Refused("update_space", "needed_kb", int(needed * kb), "free_kb", free)

    async def _receive(self):
        made = set()
        with open(self._manifest, "rb") as file:  # noqa: ASYNC230
            head(file)
            for _, size, path in entries(file):
                at = path.find("/")
                while at > 0:
                    folder = self._new + "/" + path[:at]
                    if folder not in made:
                        made.add(folder)
                        os.mkdir(folder)
                    at = path.find("/", at + 1)
                await self._copy(size, self._new + "/" + path)

    # All that lies in flash, and that its manifest is still the one that was signed.
    async def _verify(self):
        with open(self._manifest, "rb") as file:  # noqa: ASYNC230
            head(file)
            for digest, _, path in entries(file):
                if await self._hash(self._new + "/" + path) != digest:
                    raise Refused("update_file", "path", path)
        if await self._hash(self._manifest) != self._digest:
            raise Refused("update_file", "path", "manifest")

    async def _copy(self, size, path):
        with open(path, "wb") as file:  # noqa: ASYNC230
            while size:
                part = await self._part(size)
                await self._quiet()
                if file.write(part) != len(part):
                    raise Refused("update_space", "path", path[len(self._new) + 1 :])
                size -= len(part)
            await self._quiet()

    async def _exactly(self, size):
        whole = b""
        while len(whole) < size:
            whole += await self._part(size - len(whole))
        return whole

    async def _part(self, most):
        part = await self._exchange.read(min(most, _PIECE))
        if not part:
            raise Refused("update_size", "missing", most)
        return part

    async def _hash(self, path):
        whole = hashlib.sha256()
        with open(path, "rb") as file:  # noqa: ASYNC230
            size = file.readinto(self._piece)
            while size:
                whole.update(self._piece[:size])
                await sleep_ms(0)
                size = file.readinto(self._piece)
        return whole.digest()

    # The others have their turn; until every cut that can be answered is.
    async def _quiet(self):
        await sleep_ms(0)
        for _ in range(_LONGEST_PAUSES):
            if not self._cutting():
                break
            await sleep_ms(_PAUSE_MS)

    def _cutting(self):
        rows = self._web.cycle.rows
        for index in range(rows.count):
            if rows.flags[index] & (KNOWN | CONFIRMED) == KNOWN and not rows.failures[index]:
                if rows.most_ma[index] > rows.set_ma[index]:
                    return True
        return False
