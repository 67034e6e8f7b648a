# What the device serves. Routes stand in one table, each with a mark who may ask; one without a
# known mark is refused. Until there is a login only the loopback address listens, so the one mark
# there is says so. What is asked for rarely stands in the table of `api.routes`, which is loaded
# for it and let go again.

import asyncio
import errno
import sys

from app import log, start
from micropython import const
from net.guard import Guard

# Who may ask: today anybody on the loopback address.
USER = const(1)

CLIENTS = const(3)
_PIECE = const(512)

# What has to be free before something is loaded that control does not need. With the first rare
# request the table of names outgrows a step of 7 KB.
_CHANGES_ROOM = const(12288)
_RARE_ROOM = const(20480)

_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"
_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"Content-Encoding: gzip\r\n"
    b"Cache-Control: no-cache\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: frame-ancestors 'none'\r\n"
)


class Web:
    """Serves the page in `code_dir` and the API on `host`:`port`."""

    def __init__(self, snapshot, code_dir: str, host: str, port: int, end, exchanges=None):
        self.snapshot = snapshot
        self.lock = asyncio.Lock()  # who changes the settings has it
        self._changes = None
        self._rare = 0
        self._page = code_dir + "/page/index.html.gz"
        self._host = host
        self._port = port
        self._end = end
        self._routes = self.routes()
        for _, path, mark, _ in self._routes:
            if mark != USER or host != "127.0.0.1":
                raise ValueError("route {}: nobody may ask".format(path.decode()))
        self.guard = Guard(self._handle, log.error, CLIENTS, exchanges)

    def routes(self) -> tuple:
        """Each method, path, mark and handler: `await handler(exchange)` answers, or raises as
        `net.guard.Guard` has it."""
        return (
            (b"GET", b"/", USER, self._index),
            (b"GET", b"/api/status", USER, self._status),
            (b"GET", b"/api/changes", USER, self._since),
        )

    async def run(self) -> None:
        """Listens for ever; ends the program with code 2 if the port cannot be had."""
        try:
            await self.guard.serve(self._host, self._port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            why = "is in use" if error.errno == errno.EADDRINUSE else "is not allowed"
            log.error("port {} {}, choose another one".format(self._port, why))
            self._end(2)

    async def _handle(self, exchange):
        allow = b""
        for method, path, _, handler in self._routes:
            if path == exchange.path:
                if method == exchange.method:
                    return await handler(exchange)
                allow += b", " + method
        if not allow and exchange.path[:5] == b"/api/":
            return await self._rarely(exchange)
        await refuse(exchange, allow)

    async def _rarely(self, exchange):
        if not start.has_room(_RARE_ROOM):
            raise ValueError(503)
        self.count(1)
        try:
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

    async def _index(self, exchange):
        with open(self._page, "rb") as file:  # noqa: ASYNC230
            await exchange.answer(200, _pieces(file), _HTML)

    async def _status(self, exchange):
        await exchange.answer(200, self.snapshot.status(), _JSON)

    async def _since(self, exchange):
        if not self._changes:
            if not start.has_room(_CHANGES_ROOM):
                raise ValueError(503)
            from app.changes import Changes

            self._changes = Changes(self.snapshot)
        digits = exchange.query[6:]
        known = exchange.query[:6] == b"since=" and digits.isdigit() and len(digits) < 10
        pieces = self._changes.status(int(digits) if known else -1)
        await exchange.answer(200, pieces, _JSON)


async def refuse(exchange, allow: bytes) -> None:
    """Answers a request for a path that knows only the methods of `allow`: b", GET, PUT"."""
    if not allow:
        raise ValueError(404)
    allow = b"Allow: OPTIONS%s\r\n" % allow.replace(b"GET", b"GET, HEAD")
    if exchange.method != b"OPTIONS":
        raise ValueError(405, allow)
    await exchange.answer(204, (), allow)


# Always the same bytes, which have been sent or copied when the next are read.
def _pieces(file):
    piece = memoryview(bytearray(_PIECE))
    size = file.readinto(piece)
    while size:
        yield piece[:size]
        size = file.readinto(piece)
