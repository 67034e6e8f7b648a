# Installs a bundle (update/bundle.py) from the network while control goes on. It goes to ROOT/new;
# the other slot is touched once all of it lies there and is right, or earlier where there is no
# room for three versions; the running slot never is. Each step either leaves what was or has
# brought what comes, whatever is cut (host_tests/power). A block of flash is written between two
# awaits, and none while a cut is unanswered.

# Little memory is left beside it, so what checks the signature comes only for that, and what
# installs (app/installer.py) after it. Where this does not fit, see app/updates.py.

import errno
import hashlib
import json
import os

from app import log, start
from balance.rows import CONFIRMED, KNOWN
from clock import sleep_ms
from micropython import const
from update import slots
from update.bundle import PREAMBLE, Refused, manifest_size

NEEDS = ("update.bundle", "update.slots")

_UPLOAD_MS = const(300000)
_DRAIN_MS = const(20000)
_SIGNATURE = const(384)

_JSON = b"Content-Type: application/json\r\n"

_PIECE = const(512)
_NETWORK = (errno.ETIMEDOUT, errno.ECONNRESET)
_PAUSE_MS = const(20)

# A cut is answered within this (design, section 6), or not at all.
_LONGEST_PAUSES = const(150)


async def answer(web, exchange) -> None:
    """PUT /api/update[?older=1] with a bundle; ValueError as `net.guard.Guard` has it."""
    slots.check(web)
    web.busy = True
    installed = False
    try:
        exchange.allow_ms(_UPLOAD_MS)
        version = await install(exchange, web, exchange.query == b"older=1")
        installed = True
    except Refused as refused:
        await _drain(exchange)
        raise ValueError(400, b"", _reason(*refused.args))
    finally:
        web.busy = installed
    from app import patience

    patience.restart(web)
    await exchange.answer(200, ('{"version":"%s","restart":true}\n' % version,), _JSON)


# A browser reads no answer before all that it sends is taken.
async def _drain(exchange):
    exchange.allow_ms(_DRAIN_MS)
    while exchange.left:
        await exchange.read()


def _reason(code, *values):
    text = '"code":"%s"' % code
    for at in range(0, len(values), 2):
        text += ',"%s":%s' % (values[at], json.dumps(values[at + 1]))
    return text


async def install(exchange, web, older: bool) -> str:
    """Receives a bundle as the body of a request, verifies it and gives it the next start; returns
    its version. `older`: the owner wants it even if what runs is newer. Refused; OSError."""
    new = web.code_dir[:-1] + "new"
    try:
        incoming = Incoming(exchange, web)
        await slots.clear(new)
        os.mkdir(new)
        await incoming.begin()
        from app import installer

        version = await installer.run(incoming, older)
    except Exception as error:
        await slots.clear(new)
        if isinstance(error, OSError) and error.errno not in _NETWORK:
            raise Refused("update_flash", "errno", error.errno)
        raise
    finally:
        start.forget("app.installer", "update.entries")
    log.info("update: version {} is next".format(version))
    return version


class Incoming:
    """A bundle on its way from an exchange into the folder `new`. `digest` is its manifest's."""

    def __init__(self, exchange, web):
        self.exchange = exchange
        self.web = web
        self.new = web.code_dir[:-1] + "new"
        self.manifest = self.new + "/manifest"
        self.digest = b""
        self._piece = memoryview(bytearray(_PIECE))

    async def begin(self) -> None:
        """Takes the manifest, whose signature is verified over what lies in flash; Refused."""
        size = manifest_size(await self._exactly(PREAMBLE))
        await self.copy(size, self.manifest)
        signature = await self._exactly(_SIGNATURE)
        self.digest = await self.hash(self.manifest)
        await self.quiet()
        await self._check(signature)

    # The signature is verified over what lies in flash.
    async def _check(self, given):
        from update import signature

        try:
            key = signature.modulus(signature.read_key(self.web.data_dir))
            right = await signature.signed(self.digest, given, key)
        except (OSError, ValueError):
            raise Refused("update_key")
        finally:
            start.forget("update.signature")
        if not right:
            raise Refused("update_signature")

    async def copy(self, size: int, path: str) -> None:
        """The next `size` bytes of it become a file; Refused, OSError."""
        with open(path, "wb") as file:  # noqa: ASYNC230
            while size:
                part = await self._part(size)
                await self.quiet()
                if file.write(part) != len(part):
                    raise Refused("update_space", "path", path[len(self.new) + 1 :])
                size -= len(part)
            await self.quiet()

    async def _exactly(self, size):
        whole = b""
        while len(whole) < size:
            whole += await self._part(size - len(whole))
        return whole

    async def _part(self, most):
        part = await self.exchange.read(min(most, _PIECE))
        if not part:
            raise Refused("update_size", "missing", most)
        return part

    async def hash(self, path: str) -> bytes:
        """The SHA-256 of a file."""
        whole = hashlib.sha256()
        with open(path, "rb") as file:  # noqa: ASYNC230
            size = file.readinto(self._piece)
            while size:
                whole.update(self._piece[:size])
                await sleep_ms(0)
                size = file.readinto(self._piece)
        return whole.digest()

    async def quiet(self) -> None:
        """The others have their turn; until every cut that can be answered is."""
        await sleep_ms(0)
        for _ in range(_LONGEST_PAUSES):
            if not self._cutting():
                break
            await sleep_ms(_PAUSE_MS)

    def _cutting(self):
        rows = self.web.cycle.rows
        for index in range(rows.count):
            if rows.flags[index] & (KNOWN | CONFIRMED) == KNOWN and not rows.failures[index]:
                if rows.most_ma[index] > rows.set_ma[index]:
                    return True
        return False
