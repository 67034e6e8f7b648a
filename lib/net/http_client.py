# HTTP for chargers: one exchange at a time, one buffer, one connection an exchange. The deadline
# is over all of it, the reply is bounded in every dimension, and the socket is closed on every
# path: an ESP32 has ten of them. micropython-lib's clients do none of this.

import errno
import socket

from micropython import const
from net.wire import Wire, content_length, field

# More than the body: the size of a chunk with its extensions and the end of its line.
_CHUNK_LINE = const(64)

# A reply that is squeezed is longer than the buffer, but not endless.
_MOST = const(8192)

_CLOSE = const("\r\nConnection: close\r\n")

_KINDS = {errno.ETIMEDOUT: "timeout", errno.ECONNREFUSED: "refused", errno.ENOBUFS: "too_long"}


class HttpError(OSError):
    """An exchange that failed. `kind`: "refused", "unreachable", "timeout", "closed" (before the
    end of the reply), "too_long" or "bad_reply"."""

    kind = ""


class Client(Wire):
    """Sends requests one at a time; `body` is the last reply's, valid until the next request;
    `challenge` what the last 401 asked for."""

    def __init__(self, size: int = 2048, squeeze=None):
        """`size`: the longest head and the longest body, in bytes. `squeeze(view, end, keep)`
        takes what nobody wants out of a body that is too long and gives its new end."""
        super().__init__(size + _CHUNK_LINE)
        self._size = size
        self._squeeze = squeeze
        self._keep = ()
        self.body = self.challenge = b""

    async def request(
        self,
        host: str,
        port: int,
        method: str,
        path: str,
        body: bytes = None,
        headers: bytes = b"",
        timeout_ms: int = 2000,
        keep=(),
    ) -> int:
        """The status of the reply to one request, whatever it is; HttpError.

        `host` is an IPv4 address: a name would block. `headers` are whole lines, each with its
        CR LF. The deadline includes connecting and is kept to 100 ms. `keep` is for `squeeze`.
        """
        self.body = b""
        self._keep = keep
        kind = "unreachable"
        try:
            self._connect(host, port, timeout_ms)
            await self.send(_request(host, port, method, path, body, headers))
            kind = "closed"
            return await self._reply()
        except ValueError:
            kind = "bad_reply"
        except OSError as error:
            kind = _KINDS.get(error.errno or 0, kind)
        finally:
            self.close()
        error = HttpError("%s:%d: %s" % (host, port, kind))
        error.kind = kind
        raise error

    # The wait to send is the wait for the connection, too.
    def _connect(self, host: str, port: int, timeout_ms: int) -> None:
        address = socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1]
        self.open(socket.socket(), timeout_ms)
        try:
            self.socket.connect(address)
        except OSError as error:
            if error.errno != errno.EINPROGRESS:
                raise

    # Interim replies stay in the buffer, so that there cannot be many.
    async def _reply(self) -> int:
        start = end = status = 0
        head = b""
        while status < 200:
            at = self.buffer.find(b"\r\n\r\n", start, end)
            if at < 0:
                end = await self.receive(end)
                continue
            said = bytes(self.view[start : at + 2])
            head = said.lower()
            status = _status(head)
            if status == 401:
                self.challenge = _field_as_said(said, head, b"\r\nwww-authenticate:")
            start = at + 4
        end -= start
        if end:
            self.view[:end] = self.view[start : start + end]
        length = content_length(head)
        if status == 204 or status == 304:
            end = 0
        elif length < 0 or b"\r\ntransfer-encoding:" in head:
            end = await self._unmeasured(head, length, end)
        elif length > (_MOST if self._keep else self._size):
            raise OSError(errno.ENOBUFS, "")
        else:
            left = length - end
            while left > 0:
                begin = self._room(end)
                end = await self.receive(begin)
                left -= end - begin
            end += min(left, 0)
        self.body = self.view[:end]
        return status

    # Where more of a body may go whose end is `end` now.
    def _room(self, end: int) -> int:
        if end >= self._size and self._keep:
            end = self._squeeze(self.view, end, self._keep)  # pyright: ignore[reportOptionalCall]
        if end >= self._size:
            raise OSError(errno.ENOBUFS, "")
        return end

    # A body that does not say its length before, of which `end` bytes have come.
    async def _unmeasured(self, head: bytes, length: int, end: int) -> int:
        coding = field(head, b"\r\ntransfer-encoding:")
        if coding is not None:
            if coding != b"chunked" or length >= 0:
                raise ValueError
            return await self._chunks(end)
        total, begin = end, -1
        while begin < end:
            begin = self._room(end)
            end = await self.receive(begin, True)
            total += end - begin
            if total > _MOST:
                raise OSError(errno.ENOBUFS, "")
        return end

    # Moves the chunks together as they come, to 0..size; what is not yet used is at start..end.
    async def _chunks(self, end: int) -> int:
        size = start = total = 0
        while True:
            at = self.buffer.find(b"\n", start, min(end, start + _CHUNK_LINE - 2)) + 1
            if not at:
                if end - start >= _CHUNK_LINE - 2:
                    raise ValueError
                self.view[size : size + end - start] = self.view[start:end]
                end = await self.receive(size + end - start)
                start = size
                continue
            left = int(bytes(self.view[start:at]).split(b";")[0], 16)
            start = at
            total += left
            if left < 0:
                raise ValueError
            if total > (_MOST if self._keep else self._size):
                raise OSError(errno.ENOBUFS, "")
            last = not left
            while left:
                part = min(left, end - start)
                self.view[size : size + part] = self.view[start : start + part]
                size += part
                start += part
                left -= part
                if left:
                    start = size = self._room(size)
                    end = await self.receive(start)
            if last:
                return size
            while end - start < 2:
                size = self._room(size)
                self.view[size : size + end - start] = self.view[start:end]
                end = await self.receive(size + end - start)
                start = size
            if self.view[start : start + 2] != b"\r\n":
                raise ValueError
            start += 2


# Joined, since formatting makes a text anew for every few bytes that it grows.
def _request(host: str, port: int, method: str, path: str, body, headers: bytes) -> bytes:
    about = ""
    if body is not None:
        kind = "json" if body[:1] in b"{[" else "x-www-form-urlencoded"
        about = "Content-Type: application/%s\r\nContent-Length: %d\r\n" % (kind, len(body))
    parts = method, " ", path, " HTTP/1.1\r\nHost: ", host, ":", str(port), _CLOSE, about
    head = "".join(parts).encode()
    return b"".join((head, headers, b"\r\n", body or b""))


# A field of a head whose value has to be repeated as it was written; b"" without it.
def _field_as_said(said: bytes, head: bytes, name: bytes) -> bytes:
    at = head.find(name)
    if at < 0:
        return b""
    at += len(name)
    return said[at : said.find(b"\r\n", at)].strip()


def _status(head: bytes) -> int:
    if len(head) < 13 or not head.startswith(b"http/1.") or head[8] != 32:
        raise ValueError
    status = int(head[9:12])
    if head[12] not in b" \r":
        raise ValueError
    if not 100 <= status <= 599 or status == 101:
        raise ValueError
    return status
