# What the device serves. Routes stand in one table, each with a mark who may ask (`net.access`);
# one without a known mark is refused. The table is one text: as tuples a route takes 200 bytes.

import asyncio
import errno
import sys

from app import log, start
from app.changes import Changes
from clock import sleep_ms
from micropython import const
from net.access import CONFIRM, USER
from net.guard import Guard

# Method, path, mark (O, V, U or C of `net.access`), who answers, and the KB that have to be free
# for it where half of it would be worse than none. Who answers is a method of `Web`, or else
# `answer(web, exchange)` of the module of that name in `app`, a coroutine that answers or raises
# as `net.guard.Guard` has it. Such a module comes when it is asked for and goes within a minute,
# with those in its `NEEDS`. What is asked for less often stands in the table of `app.api.table`.
_ROUTES = b"""
GET / O index
GET /api/login O visit
POST /api/login O login
POST /api/claim O owner 14
POST /api/logout U login
POST /api/password U owner 14
GET /api/status V status
GET /api/wifi U wifi_api
PUT /api/wifi C wifi_save
POST /api/wifi/scan U wifi_api
GET /api/update U updates 12
POST /api/update U updates 12
PUT /api/update C updater
GET /api/update/key U updates 12
PUT /api/update/key C updates 12
GET /api/changes V changes
"""

CLIENTS = const(3)
_PIECE = const(512)

# Where less is free, what was loaded goes before something else comes.
_ROOM = const(20480)

# Control comes first: a client is let in, and then answered, only while so much is free, and what
# was loaded for one goes at once where less is left.
_FOR_A_CLIENT = const(5120)
_FOR_CONTROL = const(3072)
_SCARCE = const(12288)

# So long others have to be answered where their memory is wanted.
_LOOKS = const(10)
_LOOK_MS = const(50)

# What is free may lie in pieces: others wait also where there is hardly more than enough.
_PIECES = const(4096)

# What has to be free before something is loaded that control does not need.
_MODULE_ROOM = const(8192)
_VISIT_ROOM = const(5120)
_CHANGES_ROOM = const(3072)
_RARE_ROOM = const(9216)

_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"
_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"Content-Encoding: gzip\r\n"
    b"Cache-Control: no-cache\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: frame-ancestors 'none'\r\n"
)


class Web:
    """Serves the page and the API to those whom `access` admits. `folders`: of the code and of the
    data; `place`: host and port; `end(code)` ends the program; `made`: as of `Guard`; `wifi`: of
    a board that has one.

    `snapshot` is None while there is an update in the place of the page (`app.updates`); `busy`
    while an update comes in.
    """

    def __init__(self, snapshot, access, folders: tuple, place: tuple, end, made=None, wifi=None):
        self.snapshot = snapshot
        self.access = access
        self.code_dir, self.data_dir = folders
        self.lock = asyncio.Lock()  # who changes the settings has it
        self._changes = None
        self._rare = 0
        self.cycle = None
        self.busy = False
        self._host, self._port = place
        self.end = end
        self.wifi = wifi
        self._came = []  # what was loaded, and which of it somebody's answer comes from now
        self._used = []
        clients = CLIENTS if snapshot else CLIENTS - 1  # an update takes memory
        self.guard = Guard(self._handle, log.error, clients, made, _has_room)

    def routes(self) -> bytes:
        """The table of routes."""
        return _ROUTES

    async def run(self) -> None:
        """Listens for ever; ends the program with code 2 if the port cannot be had."""
        try:
            await self.guard.serve(self._host, self._port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            why = "is in use" if error.errno == errno.EADDRINUSE else "is not allowed"
            log.error("port {} {}, choose another one".format(self._port, why))
            self.end(2)

    def tick(self) -> None:
        """Once a minute: what is old ends, and what was loaded goes. Not at once: whoever asks
        again and again would have it loaded each time."""
        self.access.tick()
        self._let_go()
        self.count(0)

    def _let_go(self):
        for name in self._came[:] if not self.busy else ():
            if name not in self._used:  # or it would be there twice with the next who asks
                self._came.remove(name)
                start.forget(name, *getattr(sys.modules.get(name), "NEEDS", ()))

    def forget_owner(self) -> None:
        """What the button does: no password, no session; whoever has the label claims it anew."""
        self._module("owner").forget(self.access, self.data_dir)

    async def _handle(self, exchange):
        if not start.has_room(_FOR_CONTROL):
            await self.room(_FOR_CONTROL, False)
        portal = self.wifi and self.wifi.portal
        if portal and await portal.redirect(exchange, self.access):
            return
        line = b"\n%s %s " % (exchange.method, exchange.path)
        routes = self.routes()
        at = routes.find(line) + len(line)
        if at < len(line):
            return await self._others(exchange)
        mark = routes[at]
        self.access.admit(exchange, mark)
        if mark == CONFIRM:
            self.confirm(exchange)
        name, _, room = routes[at + 2 : routes.find(b"\n", at)].decode().partition(" ")
        if hasattr(self, name):
            return await getattr(self, name)(exchange)
        if room:
            await self.room(1024 * int(room))
        module = self._module(name)
        self._used.append(module.__name__)
        try:
            await module.answer(self, exchange)
        finally:
            self._used.remove(module.__name__)
            module = None
            if not start.has_room(_SCARCE):
                self._let_go()
            self.count(0)

    def confirm(self, exchange) -> None:
        """ValueError without a fresh proof of the password."""
        try:
            self._module("login").confirm(self.access, exchange)
        finally:
            self._let_go()

    def _module(self, name):
        name = "app" + "." + name
        if name not in self._came:
            if not start.has_room(_ROOM):
                self._let_go()
                need(_VISIT_ROOM if name == "app.visit" else _MODULE_ROOM)
            __import__(name)
            self._came.append(name)
        return sys.modules[name]

    async def _others(self, exchange):
        allow = b""
        for line in self.routes().strip().split(b"\n"):
            method, path, _ = line.split(b" ", 2)
            if path == exchange.path:
                allow += b", " + method
        if allow or exchange.path[:5] != b"/api/":
            return await refuse(exchange, allow)
        self.access.admit(exchange, USER)
        self._need_snapshot()
        self._let_go()
        self.count(1)
        try:
            if "app.api.routes" not in sys.modules:
                await self.room(_RARE_ROOM)
            from app.api import routes

            await routes.run(exchange, self)
        finally:
            self.count(-1)

    def count(self, more: int) -> None:
        """One more, or one less (-1), uses the modules that go when nobody does."""
        self._rare += more
        if not self._rare:
            rare = ("app.api.", "settings")
            names = [name for name in sys.modules if name[:8] in rare]
            start.forget("balance.lines", *names)
            self.guard.widen()

    async def room(self, size: int, alone: bool = True) -> None:
        """Waits until so many bytes are free; MemoryError. Where memory is short, other clients
        wait as long as anybody is counted, if it is to be `alone`."""
        for look in range(_LOOKS):
            if start.has_room(size if look or not alone else size + _PIECES):
                return
            if alone:
                self.guard.narrow()
            await sleep_ms(_LOOK_MS)
        raise MemoryError

    async def index(self, exchange):
        name = self.code_dir + "/page/index.{}.html.gz".format(_language(exchange))
        with open(name, "rb") as file:  # noqa: ASYNC230
            await exchange.answer(200, _pieces(file), _HTML)

    async def status(self, exchange):
        self._need_snapshot()
        await exchange.answer(200, self.snapshot.status(), _JSON)

    def _need_snapshot(self):
        if self.snapshot is None:
            raise ValueError(503)

    async def changes(self, exchange):
        self._need_snapshot()
        if not self._changes:
            need(_CHANGES_ROOM)
            self._changes = Changes(self.snapshot)
        digits = exchange.query[6:]
        known = exchange.query[:6] == b"since=" and digits.isdigit() and len(digits) < 10
        pieces = self._changes.status(int(digits) if known else -1)
        await exchange.answer(200, pieces, _JSON)


def _has_room():
    return start.has_room(_FOR_A_CLIENT)


def need(size: int) -> None:
    """MemoryError, which is answered, unless so many bytes are free."""
    if not start.has_room(size):
        raise MemoryError


async def refuse(exchange, allow: bytes) -> None:
    """Answers a request for a path that knows only the methods of `allow`: b", GET, PUT"."""
    if not allow:
        raise ValueError(404)
    allow = b"Allow: OPTIONS%s\r\n" % allow.replace(b"GET", b"GET, HEAD")
    if exchange.method != b"OPTIONS":
        raise ValueError(405, allow)
    await exchange.answer(204, (), allow)


# That of the cookie the page has set, or else the first one the browser asks for.
def _language(exchange):
    chosen = (exchange.header(b"cookie") or b"").partition(b"language=")[2]
    chosen = chosen or exchange.header(b"accept-language") or b""
    return "de" if chosen[:2] == b"de" else "en"


# Always the same bytes, which have been sent or copied when the next are read.
def _pieces(file):
    piece = memoryview(bytearray(_PIECE))
    size = file.readinto(piece)
    while size:
        yield piece[:size]
        size = file.readinto(piece)
