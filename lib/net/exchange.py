# One client of the on-device web server at a time. Each head is read whole into a buffer, which
# then gathers the many small pieces of the answer into few packets. Every wait has a deadline,
# every length a bound. Every exchange ends its connection, so an answer needs no length.

import errno

from clock import add_ms, diff_ms, now_ms
from micropython import const
from net.wire import Wire, content_length, field

_FIRST_BYTE_MS = const(2000)
_PROGRESS_MS = const(8000)
_EXCHANGE_MS = const(30000)
_HEAD_SIZE = const(2048)
_HEAD_LINES = const(24)
_BODY_SIZE = const(2048)

# How the fields begin that somebody here reads: Host, Cookie, Authorization, Content-..., Origin,
# X-CSRF, X-Nonce, X-Proof, Transfer-Encoding, Accept-Language. A browser sends twice as many more.
# One text, as no name of a field has a space.
_FIELDS = b"host cook auth cont orig x-cs x-no x-pr tran acce"

# A client that is refused has this long to read why.
_LINGER_MS = const(100)


class Exchange(Wire):
    """One client at a time. Its buffer holds the request until the answer begins, which then uses
    it: a request is read before it is answered.

    `method`, `path` and `query` are bytes as they came, but to a HEAD answers who answers a GET,
    and what is said after the head of the answer stays here. `left` is what is unread of the body;
    `begun`: something of the answer has gone out, so that there can be no other one. `address` is
    the client's as `accept` gives it.
    """

    def __init__(self, size: int):
        super().__init__(size)
        self._clear()
        self.query = b""
        self._last = 0
        self.address = None

    # What has come and is not read, the kept fields; what is asked and how far the answer is.
    def _clear(self):
        self._start = self._end = self._kept = 0
        self.left = 0
        self.begun = self._bare = False
        self.method = self.path = b""

    def begin(self, sock, address) -> None:
        self.open(sock, _FIRST_BYTE_MS)
        self.address = address
        self._clear()
        self.allow_ms(_EXCHANGE_MS)

    def allow_ms(self, ms: int) -> None:
        """From now the exchange may take so long; each wait in it stays bounded."""
        self._last = add_ms(now_ms(), ms)

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
        stop = self.buffer.find(b"\r\n")
        method, self.path, self.query = _request(bytes(self.view[:stop]))
        self._keep_fields(stop, at)
        if self.header(b"transfer-encoding") is not None:
            raise ValueError(411)
        self.left = max(0, content_length(self._fields()))
        self._bare = method == b"HEAD"
        self.method = b"GET" if self._bare else method

    # Moves the lines that somebody reads together at the start of the buffer, each with the end of
    # the line before it: what is left of a request line is longer than that.
    def _keep_fields(self, stop: int, end: int) -> None:
        self._kept = count = 0
        while stop < end:
            start = stop + 2
            stop = self.buffer.find(b"\r\n", start)
            line = _line(bytes(self.view[start:stop]))
            if line[:4] in _FIELDS:
                self._keep(b"\r\n" + line)
            count += 1
        if count > _HEAD_LINES:
            raise ValueError(431)
        self._keep(b"\r\n")

    def _keep(self, text: bytes) -> None:
        end = self._kept + len(text)
        self.view[self._kept : end] = text
        self._kept = end

    def _fields(self) -> bytes:
        return bytes(self.view[: self._kept])

    def header(self, name: bytes) -> bytes | None:
        """The value of a field that begins as one in `_FIELDS`, `name` in lower case; None without
        it or once the answer has begun. ValueError(400) where it is there twice."""
        try:
            return field(self._fields(), b"\r\n%s:" % name)
        except ValueError:
            raise ValueError(400)

    async def read(self, most: int = _BODY_SIZE) -> bytes:
        """Up to `most` bytes of the body, at most what there is room for; b"" at its end."""
        if not self.left:
            return b""
        if self._start == self._end:
            self._start = self._kept
            self._end = await self.receive(self._kept)
        stop = min(self._end, self._start + min(most, self.left))
        part = bytes(self.view[self._start : stop])
        self._start = stop
        self.left -= len(part)
        return part

    async def body(self, most: int = _BODY_SIZE) -> bytearray:
        """All of the body; ValueError(413) if that is more than `most` bytes."""
        if self.left > most:
            raise ValueError(413)
        body = bytearray(self.left)
        at = 0
        while self.left:
            part = await self.read()
            body[at : at + len(part)] = part
            at += len(part)
        return body

    async def answer(self, status: int, pieces=(), headers: bytes = b"") -> None:
        """Answers with `pieces`, an iterable of str and bytes, none of them to HEAD. `headers` are
        whole lines, each with its CR LF. OSError(ECONNRESET) for a client that is gone."""
        self._kept = 0
        text = b"HTTP/1.1 %d \r\nConnection: close\r\n%s\r\n"
        self._keep(text % (status, headers))
        for piece in () if self._bare else pieces:
            if isinstance(piece, str):
                piece = piece.encode()
            if self._kept + len(piece) > len(self.buffer):
                await self._flush()
            if len(piece) > len(self.buffer):
                await self.send(piece)
            else:
                self._keep(piece)
        await self._flush()

    async def _flush(self) -> None:
        size = self._kept
        self._kept = 0
        await self.send(self.view[:size])

    # One that takes nothing is as good as gone.
    async def send(self, data) -> None:
        self.begun = True
        try:
            await Wire.send(self, data)
        except OSError:
            raise OSError(errno.ECONNRESET, "")

    async def refuse(self, status: int, headers: bytes = b"", error: str = "") -> None:
        """Answers with the status and an error alone and waits for that to be read. `error` is
        what stands between the braces, `"code":"..."` and more."""
        self.allow_ms(_LINGER_MS)
        self.until = self._last
        text = ('{"error":{%s}}\n' % (error or '"code":"http_%d"' % status)).encode()
        about = b"%sContent-Type: application/json\r\nContent-Length: %d\r\n"
        try:
            await self.answer(status, (text,), about % (headers, len(text)))
            await self.linger()
        except (OSError, MemoryError):
            pass

    async def linger(self) -> None:
        """Waits a little for the client to read the answer: closing with bytes unread would reset
        the connection and take the answer along. OSError at the end of that."""
        self.allow_ms(_LINGER_MS)
        for _ in range(8):
            await self.receive(0)


# Method, path and query. No route has an escaped character, and in a query only ASCII may be
# escaped: names go into bodies.
def _request(line: bytes) -> tuple:
    method, path, version = line.split(b" ")
    if path[:1] != b"/" or min(path) <= 32 or max(path) > 126 or version[:7] != b"HTTP/1.":
        raise ValueError
    for escape in path.split(b"%")[1:]:
        _ = bytes([int(escape[:2], 16)]).decode()
    path, _, query = path.partition(b"?")
    return method, path, query


# A line with its field's name in lower case. ValueError for what RFC 9112 has a server refuse.
def _line(line: bytes) -> bytes:
    str(line, "utf-8")
    at = line.find(b":")
    if at < 1 or min(line[:at]) <= 32 or min(line.replace(b"\t", b" ")) < 32:
        raise ValueError
    return line[:at].lower() + line[at:]


def exchanges(clients: int) -> list:
    """What `clients` at a time take of memory: make it while that is in one piece."""
    return [Exchange(_HEAD_SIZE) for _ in range(clients)]
