# One client of the page: reads the head of its request within bounds, then is microdot's reader
# over what has come and its writer, which gathers many small writes into few packets.

import errno

from clock import add_ms, diff_ms, now_ms, sleep_ms
from net.head import content_length, field
from net.wire import Wire

FIRST_BYTE_MS = 2000
PROGRESS_MS = 8000
EXCHANGE_MS = 30000
LINGER_MS = 200
HEAD_SIZE = 2048
HEAD_LINES = 24
BODY_SIZE = 2048
_END = b"\r\n\r\n"
_WORDS = {
    400: "Bad Request",
    408: "Request Timeout",
    411: "Length Required",
    413: "Content Too Large",
    431: "Request Header Fields Too Large",
    503: "Service Unavailable",
}


class Refused(Exception):
    """A request that does not reach microdot; `args[0]` is the status of the answer."""


class Exchange:
    """One client at a time: microdot's reader and writer in one. Its buffer holds the request
    until the answer begins, which then uses it: a request is read before it is answered."""

    def __init__(self):
        self._buffer = bytearray(HEAD_SIZE)
        self._view = memoryview(self._buffer)
        self.task = None

    def begin(self, sock) -> None:
        self._wire = Wire(sock, FIRST_BYTE_MS)
        self._began = now_ms()
        self._start = 0
        self._end = 0
        self._lines = None
        self._left = 0  # of the body
        self.answering = False
        self.begun = False

    def _progress(self) -> None:
        left = diff_ms(add_ms(self._began, EXCHANGE_MS), now_ms())
        self._wire.limit_ms(max(0, min(PROGRESS_MS, left)))

    async def _more(self) -> None:
        if self._end == HEAD_SIZE:
            raise Refused(431)
        count = await self._wire.readinto(self._view[self._end :])
        if not count:
            raise OSError(errno.ECONNRESET, "the client is gone")
        self._end += count
        self._progress()

    async def read_head(self) -> None:
        """Raises Refused, or OSError where there is nobody to answer."""
        seen = 0
        while True:
            await self._more()
            if not 65 <= self._view[0] <= 90:
                raise Refused(400)
            at = self._buffer.find(_END, seen, self._end)
            if at >= 0:
                break
            seen = max(0, self._end - 3)
        self._start = at + 4
        head = bytes(self._view[: self._start])
        try:
            self._left = _checked(head)
        except ValueError:
            raise Refused(400)
        self._lines = head.split(b"\r\n")
        self._lines.pop()

    async def readline(self) -> bytes:
        return self._lines.pop(0) if self._lines else b""

    async def read(self, most: int = -1) -> bytes:
        """Up to `most` bytes of the body, at most what there is room for; b"" at its end."""
        if self.answering or not self._left:
            return b""
        if self._start == self._end:
            self._start = self._end = 0
            await self._more()
        count = min(self._left, self._end - self._start)
        if most >= 0:
            count = min(count, most)
        part = bytes(self._view[self._start : self._start + count])
        self._start += count
        self._left -= count
        return part

    async def readexactly(self, count: int) -> bytes:
        if count > min(self._left, BODY_SIZE):
            raise OSError(errno.ECONNRESET, "the client is gone")
        body = bytearray(count)
        got = 0
        while got < count:
            part = await self.read(count - got)
            body[got : got + len(part)] = part
            got += len(part)
        return bytes(body)

    def get_extra_info(self, name: str, default=None):
        return default

    async def awrite(self, data) -> None:
        """Sends what does not fit in the buffer; OSError(ECONNRESET), microdot's word for a
        client that is gone, also for one that takes nothing for too long."""
        if not self.answering:
            self.answering = True
            self._end = 0
        try:
            if self._end + len(data) > HEAD_SIZE:
                await self._flush()
            if len(data) > HEAD_SIZE:
                await self._send(data)
            else:
                self._view[self._end : self._end + len(data)] = data
                self._end += len(data)
        except OSError:
            raise OSError(errno.ECONNRESET, "the client is gone")

    async def _flush(self) -> None:
        size = self._end
        self._end = 0
        if size:
            await self._send(self._view[:size])

    async def _send(self, data) -> None:
        data = memoryview(data)
        for at in range(0, len(data), HEAD_SIZE):
            self._progress()
            await self._wire.write(data[at : at + HEAD_SIZE])
            await sleep_ms(0)

    async def aclose(self) -> None:
        if self.answering:
            await self._flush()

    async def refuse(self, status: int) -> None:
        """Answers and waits a little for the client to read it: closing with bytes unread would
        reset the connection and take the answer along."""
        self._progress()
        try:
            await self._wire.write(refusal(status))
            self._wire.limit_ms(LINGER_MS)
            for _ in range(8):
                if not await self._wire.readinto(self._view):
                    break
        except OSError:
            pass

    def close(self) -> None:
        self._wire.close()


# The length of the body of a head that microdot can read; ValueError for one that it cannot, which
# it would report with a traceback: on a board that is 20 ms of a blocked serial port. In a path
# only ASCII may be escaped: names go into bodies.
def _checked(head: bytes) -> int:
    str(head, "utf-8")
    lines = head.split(b"\r\n")
    if len(lines) > HEAD_LINES + 3:
        raise Refused(431)
    _check_request_line(lines[0])
    for at in range(1, len(lines) - 2):
        if lines[at][:1] in b" \t:" or b":" not in lines[at]:
            raise ValueError("not a field")
    lower = head.lower()
    if field(lower, b"\r\ntransfer-encoding:"):
        raise Refused(411)
    length = content_length(lower)
    if length > BODY_SIZE:
        raise Refused(413)
    return max(0, length)


def _check_request_line(line: bytes) -> None:
    parts = line.split(b" ")
    if len(parts) != 3 or parts[2] not in (b"HTTP/1.0", b"HTTP/1.1") or parts[1][:1] != b"/":
        raise ValueError("not a request line")
    if not (parts[0].isalpha() and parts[0].isupper()):
        raise ValueError("not a method")
    for char in parts[1]:
        if not 33 <= char <= 126:
            raise ValueError("not a path")
    for escape in parts[1].split(b"%")[1:]:
        _ = bytes([int(escape[:2], 16)]).decode()


def refusal(status: int) -> bytes:
    return "HTTP/1.0 {} {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".format(
        status, _WORDS[status]
    ).encode()
