"""A small HTTP server as an ESP32 has one: serves one request at a time and closes."""

import asyncio
import json
from typing import NamedTuple
from urllib.parse import parse_qsl

HEAD_LIMIT = 4096
BODY_LIMIT = 4096
CHUNK = 512
PHRASES = {
    200: "OK",
    201: "Created",
    400: "Bad Request",
    401: "Unauthorized",
    403: "Forbidden",
    404: "Not Found",
    405: "Method Not Allowed",
    406: "Not Acceptable",
    413: "Content Too Large",
    429: "Too Many Requests",
    431: "Request Header Fields Too Large",
    500: "Internal Server Error",
}


class Request(NamedTuple):
    """path and query are decoded, target is not; headers have lower-case names."""

    method: str
    target: str
    path: str
    query: dict
    headers: dict
    body: bytes


class Reply(NamedTuple):
    """headers: further ones, (name, value) each; chunked: without a Content-Length."""

    status: int
    body: bytes = b""
    kind: str = "text/plain"
    headers: tuple = ()
    chunked: bool = False


def json_reply(value, status: int = 200, **more) -> Reply:
    """A value as JSON without spaces, as the small libraries of chargers write it."""
    text = json.dumps(value, separators=(",", ":"), ensure_ascii=False)
    return Reply(status, text.encode(), "application/json", **more)


def plain(value: float):
    """A number as PHP and ArduinoJson write it: a whole one without a point."""
    return int(value) if value == int(value) else value


# Raw protocol and no framework: 64 of these share one event loop, and the machine with others.
class HttpServer:
    """handle(Request) -> Reply, called when its turn comes.

    latency_s: how long a request takes; the next one waits for it. `port` is chosen at the first
    open() and kept. `mute`: connections are accepted and nothing is ever answered. `single`: a
    second connection is not looked at before the first is closed. `needs_length`: a PUT or POST
    without Content-Length has a body until the connection ends (Mongoose), so no answer comes.
    """

    def __init__(self, handle, latency_s: float = 0.05, host: str = "127.0.0.1"):
        self.handle = handle
        self.latency_s = latency_s
        self.host = host
        self.port = 0
        self.mute = self.single = self.needs_length = False
        self.requests = 0
        self._server = None
        self._busy_until = 0.0
        self._connections = {}  # in the order of their coming

    async def open(self) -> None:
        if self._server:
            return
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(lambda: _Connection(self), self.host, self.port)
        self.port = self._server.sockets[0].getsockname()[1]

    def close(self) -> None:
        """Connections are reset, new ones refused. Nothing that waits is executed."""
        if self._server:
            self._server.close()
            self._server = None
        for connection in tuple(self._connections):
            connection.transport.abort()

    def come(self, connection) -> None:
        self._connections[connection] = None

    def go(self, connection) -> None:
        self._connections.pop(connection, None)
        if self.single and self._connections:
            next(iter(self._connections)).data_received(b"")

    def waits(self, connection) -> bool:
        """Whether another connection has to end before this one is looked at."""
        return self.single and next(iter(self._connections), connection) is not connection

    def turn(self, connection) -> None:
        """Answers this connection when those before it are done."""
        loop = asyncio.get_running_loop()
        self._busy_until = max(loop.time(), self._busy_until) + self.latency_s
        loop.call_at(self._busy_until, self._answer, connection)

    def _answer(self, connection):
        if self._server and not self.mute:
            self.requests += 1
            connection.send(self.handle(connection.request()))


class _Connection(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.transport = None
        self._method = self._target = ""
        self._headers = {}
        self._body = bytearray()
        self._head = bytearray()
        self._missing = -1  # bytes of the body; -1: in the head; None: all was read

    def request(self) -> Request:
        path, _, query = self._target.partition("?")
        fields = dict(parse_qsl(query, keep_blank_values=True))
        body = bytes(self._body)
        return Request(self._method, self._target, path, fields, self._headers, body)

    def connection_made(self, transport):
        self.transport = transport
        self.server.come(self)

    def connection_lost(self, error):
        self.server.go(self)

    def data_received(self, data):
        if self.server.mute or self._missing is None:
            return
        if self._missing < 0:
            self._head += data
            end = -1 if self.server.waits(self) else self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > HEAD_LIMIT:
                    self._refuse(431)
                return
            data = bytes(self._head[end + 4 :])
            if not self._read_head(bytes(self._head[:end])):
                return
        self._missing -= len(data)
        self._body += data
        if self._missing <= 0:
            self._missing = None
            self.server.turn(self)

    def _read_head(self, head):
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        for line in lines[1:]:
            name, _, value = line.partition(":")
            self._headers[name.strip().lower()] = value.strip()
        length = self._headers.get("content-length", "0")
        if len(words) != 3 or not (length.isascii() and length.isdigit()):
            return self._refuse(400)
        if int(length) > BODY_LIMIT:
            return self._refuse(413)
        self._method, self._target = words[:2]
        endless = self._method in ("PUT", "POST") and "content-length" not in self._headers
        self._missing = BODY_LIMIT if endless and self.server.needs_length else int(length)
        return True

    def _refuse(self, status):
        self._missing = None
        self.send(Reply(status, PHRASES[status].encode()))

    def send(self, reply: Reply):
        if self.transport.is_closing():
            return
        length = "Transfer-Encoding: chunked"
        body = _in_chunks(reply.body) if reply.chunked else reply.body
        if not reply.chunked:
            length = f"Content-Length: {len(body)}"
        head = (
            f"HTTP/1.1 {reply.status} {PHRASES[reply.status]}\r\nContent-Type: {reply.kind}\r\n"
            f"{length}\r\nConnection: close\r\n"
        )
        head += "".join(f"{name}: {value}\r\n" for name, value in reply.headers)
        self.transport.write(head.encode() + b"\r\n" + body)
        self.transport.close()


def _in_chunks(body):
    parts = [body[start : start + CHUNK] for start in range(0, len(body), CHUNK)]
    return b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in [*parts, b""])
