"""A small HTTP server as an ESP32 has one: serves one request at a time and closes."""

import asyncio

HEAD_LIMIT = 4096
BODY_LIMIT = 4096
PHRASES = {
    200: "OK",
    400: "Bad Request",
    404: "Not Found",
    405: "Method Not Allowed",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
}


# Raw protocol and no framework: 64 of these share one event loop, and the machine with others.
class HttpServer:
    """handle(method, path, body) -> (status, content type, body), called when its turn comes.

    latency_s: how long a request takes; the next one waits for it. `port` is chosen at the first
    open() and kept. `mute`: connections are accepted and nothing is ever answered.
    """

    def __init__(self, handle, latency_s: float = 0.05, host: str = "127.0.0.1"):
        self.handle = handle
        self.latency_s = latency_s
        self.host = host
        self.port = 0
        self.mute = False
        self.requests = 0
        self._server = None
        self._busy_until = 0.0
        self._connections = set()

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

    def turn(self, connection) -> None:
        """Answers this connection when those before it are done."""
        loop = asyncio.get_running_loop()
        self._busy_until = max(loop.time(), self._busy_until) + self.latency_s
        loop.call_at(self._busy_until, self._answer, connection)

    def _answer(self, connection):
        if self._server and not self.mute:
            self.requests += 1
            reply = self.handle(connection.method, connection.path, bytes(connection.body))
            connection.send(*reply)


class _Connection(asyncio.Protocol):
    def __init__(self, server):
        self.server = server
        self.transport = None
        self.method = self.path = ""
        self.body = bytearray()
        self._head = bytearray()
        self._missing = -1  # bytes of the body; -1: in the head; None: all was read

    def connection_made(self, transport):
        self.transport = transport
        self.server._connections.add(self)

    def connection_lost(self, error):
        self.server._connections.discard(self)

    def data_received(self, data):
        if self.server.mute or self._missing is None:
            return
        if self._missing < 0:
            self._head += data
            end = self._head.find(b"\r\n\r\n")
            if end < 0:
                if len(self._head) > HEAD_LIMIT:
                    self._refuse(431)
                return
            data = bytes(self._head[end + 4 :])
            if not self._read_head(bytes(self._head[:end])):
                return
        self._missing -= len(data)
        self.body += data
        if self._missing <= 0:
            self._missing = None
            self.server.turn(self)

    def _read_head(self, head):
        lines = head.decode("latin-1").split("\r\n")
        words = lines[0].split(" ")
        length = "0"
        for line in lines[1:]:
            name, _, value = line.partition(":")
            if name.lower() == "content-length":
                length = value.strip()
        if len(words) != 3 or not (length.isascii() and length.isdigit()):
            return self._refuse(400)
        if int(length) > BODY_LIMIT:
            return self._refuse(413)
        self.method, self.path = words[:2]
        self._missing = int(length)
        return True

    def _refuse(self, status):
        self._missing = None
        self.send(status, "text/plain", PHRASES[status].encode())

    def send(self, status, content_type, body):
        if self.transport.is_closing():
            return
        head = (
            f"HTTP/1.1 {status} {PHRASES[status]}\r\nContent-Type: {content_type}\r\n"
            f"Content-Length: {len(body)}\r\nConnection: close\r\n\r\n"
        )
        self.transport.write(head.encode() + body)
        self.transport.close()
