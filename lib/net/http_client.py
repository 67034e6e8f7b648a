# HTTP for chargers: one exchange at a time, one buffer, one connection an exchange. The deadline
# is over all of it, the reply is bounded in every dimension, and the socket is closed on every
# path: an ESP32 has ten of them. micropython-lib's clients do none of this.

import errno
import socket

from net.head import content_length, field
from net.wire import Wire

REFUSED, UNREACHABLE, TIMEOUT, CLOSED, TOO_LONG, BAD_REPLY = KINDS = (
    "refused",
    "unreachable",
    "timeout",
    "closed",
    "too_long",
    "bad_reply",
)
_END = b"\r\n\r\n"
_CHUNK_LINE = 64


class HttpError(OSError):
    """An exchange that failed; `kind` is one of KINDS."""

    def __init__(self, kind: str, what: str):
        super().__init__("{}: {}".format(kind, what))
        self.kind = kind


class Client:
    """Sends requests one at a time; `body` is the last reply's, valid until the next request."""

    def __init__(self, size: int = 2048):
        """`size`: the longest head and the longest body, in bytes."""
        self._buffer = bytearray(size + _CHUNK_LINE)
        self._view = memoryview(self._buffer)
        self._size = size
        self._wire = None
        self._start = 0  # what has come and is not yet used: from here ...
        self._end = 0  # ... to here
        self._budget = 0  # what may still come, counting what is thrown away
        self.body = self._view[:0]

    async def request(
        self,
        host: str,
        port: int,
        method: str,
        path: str,
        body: bytes = None,
        headers: bytes = b"",
        timeout_ms: int = 2000,
    ) -> int:
        """The status of the reply to one request, whatever it is; HttpError.

        `host` is an IPv4 address: a name would block. `headers` are whole lines, each with its
        CR LF. The deadline includes connecting and is kept to 50 ms.
        """
        self.body = self._view[:0]
        self._start = self._end = 0
        self._budget = 4 * self._size
        stage = UNREACHABLE
        try:
            address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1]
            self._wire = Wire(socket.socket(), timeout_ms)
            await self._wire.connect(address)
            await self._wire.write(_request(host, port, method, path, body, headers))
            stage = CLOSED
            return await self._reply()
        except HttpError:
            raise
        except OSError as error:
            raise HttpError(_kind(error, stage), "{}:{} {}".format(host, port, error))
        except ValueError as error:
            raise HttpError(BAD_REPLY, "{}:{} {}".format(host, port, error))
        finally:
            if self._wire is not None:
                self._wire.close()
                self._wire = None

    async def _reply(self) -> int:
        status = 100
        while 100 <= status < 200:
            head = await self._head()
            status = _status(head)
        length = content_length(head)
        coding = field(head, b"\r\ntransfer-encoding:")
        if status == 204 or status == 304:
            size = 0
        elif coding:
            if coding != b"chunked" or length >= 0:
                raise ValueError("a body by {}".format(coding))
            size = await self._chunks()
        elif length >= 0:
            size = await self._take(0, length)
        else:
            size = await self._rest()
        if size > self._size:
            raise HttpError(TOO_LONG, "a body of more than {} bytes".format(self._size))
        self.body = self._view[:size]
        return status

    def _make_room(self) -> None:
        if self._start:
            self._view[: self._end - self._start] = self._view[self._start : self._end]
            self._end -= self._start
            self._start = 0

    # Reads to `end` in the buffer; what is used up before it stays where it is. 0 is the end.
    async def _fill(self, end: int, may_end: bool = False) -> int:
        if end == len(self._view) or self._budget <= 0:
            raise HttpError(TOO_LONG, "more than {} bytes".format(self._size))
        count = await self._wire.readinto(self._view[end:])
        if not count and not may_end:
            raise HttpError(CLOSED, "before the end of the reply")
        self._budget -= count
        self._end = end + count
        return count

    # One head in lower case with its blank line, the only part of it that anybody reads here.
    async def _head(self) -> bytes:
        seen = self._start
        while True:
            at = self._buffer.find(_END, seen, self._end)
            if at >= 0:
                break
            seen = max(self._start, self._end - 3) - self._start
            self._make_room()
            await self._fill(self._end)
        head = bytes(self._view[self._start : at + 4]).lower()
        self._start = at + 4
        return head

    # The next `count` bytes to `at` in the buffer, never past what has come and is not used.
    async def _take(self, at: int, count: int) -> int:
        end = at + count
        if end > self._size:
            raise HttpError(TOO_LONG, "a body of more than {} bytes".format(self._size))
        while at < end:
            if self._start == self._end:
                self._start = at
                await self._fill(at)
            part = min(end - at, self._end - self._start)
            self._view[at : at + part] = self._view[self._start : self._start + part]
            at += part
            self._start += part
        return at

    async def _rest(self) -> int:
        size = self._end - self._start
        self._view[:size] = self._view[self._start : self._end]
        while await self._fill(size, True):
            size = self._end
        return size

    async def _chunks(self) -> int:
        size = 0
        while True:
            line = await self._line(size)
            digits = line.split(b";")[0].strip()
            count = _hex(digits)
            if not count:
                return size
            size = await self._take(size, count)
            if await self._line(size):
                raise ValueError("a chunk that is longer than it says")

    # A short line without its CR LF. The body so far is before `kept` and stays.
    async def _line(self, kept: int) -> bytes:
        while True:
            line = bytes(self._view[self._start : min(self._end, self._start + _CHUNK_LINE)])
            at = line.find(b"\n")
            if at >= 0:
                self._start += at + 1
                return line[:at].strip()
            if len(line) == _CHUNK_LINE:
                raise ValueError("a chunk without a size")
            if self._end == len(self._view) or self._start == self._end:
                self._view[kept : kept + len(line)] = line
                self._start = kept
                self._end = kept + len(line)
            await self._fill(self._end)


def _request(host: str, port: int, method: str, path: str, body: bytes, headers: bytes) -> bytes:
    head = "%s %s HTTP/1.1\r\nHost: %s:%d\r\nConnection: close\r\n" % (method, path, host, port)
    if body is None:
        return head.encode() + headers + b"\r\n"
    about = "Content-Type: application/json\r\nContent-Length: %d\r\n" % len(body)
    return b"".join((head.encode(), headers, about.encode(), b"\r\n", body))


def _status(head: bytes) -> int:
    digits = head[9:12]
    if not head.startswith(b"http/1.") or head[8] != 32 or not digits.isdigit():
        raise ValueError("not an HTTP/1 reply")
    status = int(digits)
    if head[12] not in b" \r" or not 100 <= status <= 599 or status == 101:
        raise ValueError("not a status of HTTP/1")
    return status


def _hex(digits: bytes) -> int:
    if not 1 <= len(digits) <= 6:
        raise ValueError("a chunk without a size")
    for digit in digits:
        if digit not in b"0123456789abcdefABCDEF":
            raise ValueError("a chunk without a size")
    return int(digits, 16)


def _kind(error: OSError, stage: str) -> str:
    if error.errno == errno.ETIMEDOUT:
        return TIMEOUT
    if error.errno == errno.ECONNREFUSED:
        return REFUSED
    return stage
