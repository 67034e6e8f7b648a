# What the device serves. Routes stand in one table, each with a mark who may ask; one without a
# known mark is refused. Until there is a login only the loopback address listens, so the one mark
# there is says so.

import errno
import sys

from app import log, start
from micropython import const
from net.guard import Guard

_ANYBODY_ON_LOOPBACK = const(1)
CLIENTS = const(3)
_PIECE = const(512)

_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"
_HTML = (
    b"Content-Type: text/html; charset=utf-8\r\n"
    b"Content-Encoding: gzip\r\n"
    b"Cache-Control: no-cache\r\n"
    b"X-Content-Type-Options: nosniff\r\n"
    b"Content-Security-Policy: frame-ancestors 'none'\r\n"
)


class Web:
    """Serves the page in `code_dir` and the API on `host`:`port`. `snapshot` is None while there
    is an update in the place of the page."""

    def __init__(self, snapshot, cycle, code_dir, data_dir, host, port, exchanges, end):
        self.snapshot = snapshot
        self.code_dir = code_dir
        self.data_dir = data_dir
        self.cycle = cycle
        self._host = host
        self._port = port
        self.end = end
        self._routes = self.routes()
        for _, path, mark, _ in self._routes:
            if mark != _ANYBODY_ON_LOOPBACK or host != "127.0.0.1":
                raise ValueError("route {}: nobody may ask".format(path.decode()))
        self.guard = Guard(self._handle, log.error, CLIENTS, exchanges)

    def routes(self) -> tuple:
        """Each method, path, mark and handler: `await handler(exchange)` answers, or raises as
        `net.guard.Guard` has it."""
        return (
            (b"GET", b"/", _ANYBODY_ON_LOOPBACK, self._index),
            (b"GET", b"/api/status", _ANYBODY_ON_LOOPBACK, self._status),
            (b"GET", b"/api/update", _ANYBODY_ON_LOOPBACK, self._updates),
            (b"POST", b"/api/update", _ANYBODY_ON_LOOPBACK, self._updates),
            (b"PUT", b"/api/update", _ANYBODY_ON_LOOPBACK, self._updates),
            (b"GET", b"/api/update/key", _ANYBODY_ON_LOOPBACK, self._updates),
            (b"PUT", b"/api/update/key", _ANYBODY_ON_LOOPBACK, self._updates),
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
            self.end(2)

    async def _handle(self, exchange):
        allow = b""
        for method, path, _, handler in self._routes:
            if path == exchange.path:
                if method == exchange.method:
                    return await handler(exchange)
                allow += b", GET, HEAD" if method == b"GET" else b", " + method
        if not allow:
            raise ValueError(404)
        allow = b"Allow: OPTIONS%s\r\n" % allow
        if exchange.method != b"OPTIONS":
            raise ValueError(405, allow)
        await exchange.answer(204, (), allow)

    async def _index(self, exchange):
        with open(self.code_dir + "/page/index.html.gz", "rb") as file:  # noqa: ASYNC230
            await exchange.answer(200, _pieces(file), _HTML)

    async def _status(self, exchange):
        if self.snapshot is None:
            raise ValueError(503)
        await exchange.answer(200, self.snapshot.status(), _JSON)

    # Rarely used: they come when they are asked for and go again.
    async def _updates(self, exchange):
        module = "app.updates"
        if exchange.method == b"PUT" and self.snapshot is None and exchange.path[-4:] != b"/key":
            module = "app.updater"
        try:
            __import__(module)
            await sys.modules[module].answer(self, exchange)
        finally:
            if module == "app.updates" and module in sys.modules:
                start.forget(module, *sys.modules[module].NEEDS)


# Always the same bytes, which have been sent or copied when the next are read.
def _pieces(file):
    piece = memoryview(bytearray(_PIECE))
    size = file.readinto(piece)
    while size:
        yield piece[:size]
        size = file.readinto(piece)
