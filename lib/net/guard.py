# microdot has no bound on clients, time, lines or the number of headers: six silent clients stay
# for ever, one endless line takes the memory. So it never sees a socket here. This listener takes
# the clients, reads each head whole into a buffer of its own, refuses what is not HTTP or too
# much, and hands microdot a reader over what is there and a writer that gathers its many small
# writes into few packets. Every exchange ends its connection.

import asyncio
import errno
import socket

from clock import add_ms, diff_ms, now_ms, sleep_ms
from micropython import const
from net.wire import Wire, content_length, field, ready

_FIRST_BYTE_MS = const(2000)
_PROGRESS_MS = const(8000)
_EXCHANGE_MS = const(30000)
_HEAD_SIZE = const(2048)
_HEAD_LINES = const(24)
_BODY_SIZE = const(2048)

# How the fields begin that somebody here reads: Host, Cookie, Authorization, Content-..., Origin,
# X-... A browser sends twice as many more, which microdot would all keep.
_FIELDS = (b"host", b"cook", b"auth", b"cont", b"orig", b"x-cs")
_LENGTHS = (b"cont", b"tran")

# A client that is refused has this long to read why.
_LINGER_MS = const(100)

# Errors of the socket that are answered.
_STATUS = {errno.ETIMEDOUT: 408, errno.ENOBUFS: 431}


class Exchange(Wire):
    """One client at a time: microdot's reader and writer in one. Its buffer holds the request
    until the answer begins, which then uses it: a request is read before it is answered."""

    def begin(self, sock) -> None:
        self.open(sock, _FIRST_BYTE_MS)
        self._last = add_ms(now_ms(), _EXCHANGE_MS)
        self._start = self._end = 0  # what has come and is not read, or what is to be sent
        self.left = 0  # of the body, -1 once the answer has begun

    def woken(self) -> None:
        Wire.woken(self)
        now = now_ms()
        self.until = add_ms(now, min(_PROGRESS_MS, diff_ms(self._last, now)))

    async def read_head(self) -> None:
        """ValueError, with the status of the answer if it is not 400; OSError."""
        at = -1
        while at < 0:
            self._end = await self.receive(self._end)
            if not 65 <= self.buffer[0] <= 90:
                raise ValueError
            at = self.buffer.find(b"\r\n\r\n", 0, self._end)
        self._start = at + 4
        self._lines = [b""]
        length = self._read_fields(at + 2)
        if field(length, b"\r\ntransfer-encoding:") is not None:
            raise ValueError(411)
        self.left = max(0, content_length(length))
        if self.left > _BODY_SIZE:
            raise ValueError(413)

    # Keeps the lines that microdot can read and needs, last first; gives those about the body's
    # length. ValueError for one that it cannot read, which it would report with a traceback: on a
    # board that is 20 ms of a blocked serial port. No line is longer in memory than it has to be.
    def _read_fields(self, end: int) -> bytes:
        length = b""
        start = count = 0
        while start < end:
            stop = self.buffer.find(b"\r\n", start, end)
            line = bytes(self.view[start:stop])
            str(line, "utf-8")
            begin = line[:4].lower()
            if not start:
                line = _without_query(line)
            elif line[0] <= 32 or b":" not in line:
                raise ValueError
            if not start or begin in _FIELDS:
                self._lines.insert(1, line)
            if begin in _LENGTHS:
                length += b"\r\n" + line.lower() + b"\r\n"
            start = stop + 2
            count += 1
        if count > _HEAD_LINES + 1:
            raise ValueError(431)
        return length

    async def readline(self) -> bytes:
        return self._lines.pop()

    async def read(self, most: int = _BODY_SIZE) -> bytes:
        """Up to `most` bytes of the body, at most what there is room for; b"" at its end."""
        if self.left <= 0:
            return b""
        if self._start == self._end:
            self._start = 0
            self._end = await self.receive(0)
        stop = min(self._end, self._start + min(most, self.left))
        part = bytes(self.view[self._start : stop])
        self._start = stop
        self.left -= len(part)
        return part

    async def readexactly(self, count: int) -> bytes:
        if count > self.left:
            raise OSError(errno.ECONNRESET, "")
        body = b""
        while len(body) < count:
            body += await self.read(count - len(body))
        return body

    def get_extra_info(self, name: str):
        return None

    def awrite(self, data):
        """Gathers what is small. The exchange is its own awaitable with nothing to wait for: a
        coroutine for each of two hundred pieces would be 30 KB of garbage a page."""
        if self.left >= 0:
            self.left = -1
            self._end = 0
        end = self._end + len(data)
        if end > _HEAD_SIZE:
            return self._send(data)
        self.view[self._end : end] = data
        self._end = end
        return self

    def __await__(self):
        return iter(())

    __iter__ = __await__

    def aclose(self):
        return self._send(b"")

    # ECONNRESET is microdot's word for a client that is gone; one that takes nothing is as good.
    async def _send(self, data) -> None:
        self.awrite(b"")
        size = self._end
        self._end = 0
        try:
            await self.send(self.view[:size])
            if len(data) > _HEAD_SIZE:
                await self.send(data)
            else:
                self.awrite(data)
        except OSError:
            raise OSError(errno.ECONNRESET, "")

    async def refuse(self, status: int) -> None:
        """Answers and waits a little for the client to read it: closing with bytes unread would
        reset the connection and take the answer along."""
        self._last = self.until = add_ms(now_ms(), _LINGER_MS)
        text = "HTTP/1.0 %d \r\nContent-Length: 0\r\nConnection: close\r\n\r\n"
        try:
            self.socket.write((text % status).encode())  # fits, so it need not wait for a turn
            for _ in range(8):
                await self.receive(0)
        except OSError:
            pass


# The line of a request as no route looks at a query. In a path only ASCII may be escaped: names go
# into bodies.
def _without_query(line: bytes) -> bytes:
    method, path, version = line.split(b" ")
    if path[:1] != b"/" or min(path) <= 32 or max(path) > 126 or version[:7] != b"HTTP/1.":
        raise ValueError
    for escape in path.split(b"%")[1:]:
        _ = bytes([int(escape[:2], 16)]).decode()
    return b"%s %s %s" % (method, path.split(b"?")[0], version)


class Guard:
    """The listener. `counts`: clients answered by microdot, refused, out of time, failed."""

    def __init__(self, app, clients: int = 3):
        self._app = app
        self.exchanges = [Exchange(_HEAD_SIZE) for _ in range(clients)]
        self._spare = Exchange(256)
        self.listener = Wire(0)
        self._task = None
        self.counts = {"served": 0, "refused": 0, "timeout": 0, "failed": 0}

    async def serve(self, host: str, port: int) -> None:
        """Answers clients until `stop` or its task's end; OSError where it cannot listen."""
        listener = self.listener
        self._task = asyncio.current_task()
        listener.socket = sock = socket.socket()
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1])
            sock.listen(5)
            while True:
                await ready(listener, False)
                await self._accept(sock)
        except asyncio.CancelledError:
            if self._task:
                raise
        finally:
            listener.close()
            for exchange in self.exchanges:
                if exchange.task:
                    exchange.task.cancel()
                exchange.close()  # a task that is cancelled before it runs never runs

    def stop(self) -> None:
        """Ends `serve` and drops its clients."""
        task = self._task
        self._task = None
        if task:
            task.cancel()

    # Without a socket left every accept fails at once, so a failure is waited out.
    async def _accept(self, listener) -> None:
        exchange = self._spare
        for other in self.exchanges:
            if not other.socket:
                exchange = other
        try:
            exchange.begin(listener.accept()[0])
            if exchange is not self._spare:
                task = asyncio.create_task(self._answer(exchange))
                exchange.task = task  # pyright: ignore[reportAttributeAccessIssue]
        except (OSError, MemoryError):
            self.counts["failed"] += 1
            exchange.close()
            await sleep_ms(100)
            return
        if exchange is self._spare:
            await self._answer(exchange, 503)

    async def _answer(self, exchange: Exchange, status: int = 0) -> None:
        outcome = "failed"
        try:
            if status:
                raise ValueError(status)
            await exchange.read_head()
            await self._app.handle_request(exchange, exchange)
            outcome = "served"
        except Exception as error:
            status = _status(error)
            if status and exchange.left >= 0:
                outcome = "timeout" if status == 408 else "refused"
                await exchange.refuse(status)
        finally:
            self.counts[outcome] += 1
            exchange.close()


# What to answer after an error, 0 for nothing.
def _status(error: Exception) -> int:
    if isinstance(error, ValueError):
        status = error.args[0] if error.args else 400
        return status if isinstance(status, int) else 400
    if isinstance(error, OSError):
        return _STATUS.get(error.errno or 0, 0)
    return 503 if isinstance(error, MemoryError) else 0
