# What the device serves. Routes stand in one table, each with a mark who may ask; one without a
# known mark is refused. Until there is a login only the loopback address listens, so the one mark
# there is says so.

import errno

from microdot import Microdot, Response

from app import log
from micropython import const
from net.guard import Guard

_ANYBODY_ON_LOOPBACK = const(1)
_CLIENTS = const(3)
_PIECE = const(512)

# Made once, as each answer would else copy them.
_JSON = Response(headers={"Content-Type": "application/json", "Cache-Control": "no-cache"}).headers
_HTML = Response(
    headers={
        "Content-Type": "text/html; charset=utf-8",
        "Content-Encoding": "gzip",
        "Cache-Control": "no-cache",
        "X-Content-Type-Options": "nosniff",
        "Content-Security-Policy": "frame-ancestors 'none'",
    }
).headers


# A route in place of microdot's URLPattern, which compiles a regular expression for each.
class _Path:
    def __init__(self, path):
        self._path = path

    def match(self, path):
        return {} if path == self._path else None


class Web:
    """Serves the page in `code_dir` and the API on `host`:`port`."""

    def __init__(self, snapshot, code_dir: str, host: str, port: int, end):
        self._snapshot = snapshot
        self._page = code_dir + "/page/index.html.gz"
        self._host = host
        self._port = port
        self._end = end
        app = Microdot()
        for method, path, mark, handler in (
            ("GET", "/", _ANYBODY_ON_LOOPBACK, self._index),
            ("GET", "/api/status", _ANYBODY_ON_LOOPBACK, self._status),
        ):
            if mark != _ANYBODY_ON_LOOPBACK or host != "127.0.0.1":
                raise ValueError("route {}: nobody may ask".format(path))
            route = ([method], _Path(path), handler, "", None)
            app.url_map.append(route)  # pyright: ignore[reportArgumentType]
        self._guard = Guard(app, _CLIENTS)

    async def run(self) -> None:
        """Listens for ever; ends the program with code 2 if the port cannot be had."""
        try:
            await self._guard.serve(self._host, self._port)
        except OSError as error:
            if error.errno not in (errno.EADDRINUSE, errno.EACCES):
                raise
            why = "is in use" if error.errno == errno.EADDRINUSE else "is not allowed"
            log.error("port {} {}, choose another one".format(self._port, why))
            self._end(2)

    async def _index(self, request):
        return _answer(_file(self._page), _HTML)

    async def _status(self, request):
        return _answer(self._snapshot.status(), _JSON)


def _answer(pieces, headers):
    response = Response(_Pieces(pieces))  # pyright: ignore[reportArgumentType]
    response.headers = headers
    return response


# A generator as what microdot sends as it is. Of a generator itself it would make a class for each
# answer (microdot 2.7.0, Response.body_iter).
class _Pieces:
    def __init__(self, pieces):
        self._pieces = pieces

    def __aiter__(self):
        return self

    async def __anext__(self):
        try:
            return next(self._pieces)
        except StopIteration:
            raise StopAsyncIteration

    async def aclose(self):
        self._pieces.close()


def _file(path):
    with open(path, "rb") as file:
        piece = file.read(_PIECE)
        while piece:
            yield piece
            piece = file.read(_PIECE)
