"""A charger that answers wrongly in every way that there is, at the address of a simulated one."""

import asyncio
import re
import socket
import struct

from amprail_tools.sim.http_server import Request

OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"<!DOCTYPE html><html><body>Please log in to the router.</body></html>"
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x46"
NUMBER = re.compile(rb"(?<=[:\[,])-?\d+(?:\.\d+)?|true|false")
ANOTHER = b'{"firmware":"1.2","evse":"other","plugged":0,"ampere":[0,0,0],"result":{"ok":1}}'

# What stands in the place of every number and truth of its JSON.
SPOILT = {
    "wrong types": b'{"a":[]}',
    "null": b"null",
    "NaN": b"NaN",
    "negative": b"-7",
    "strings": b'"1"',
    "huge": b"9" * 30,
}


async def _wrong_status(writer, body):
    writer.write(b"HTTP/1.1 503 Busy\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def _html(writer, body):
    writer.write(OK + b"Content-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(HTML) + HTML)


async def _another(writer, body):
    writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(ANOTHER) + ANOTHER)


async def _denied(writer, body):
    writer.write(b"HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\n\r\n")


async def _truncated(writer, body):
    writer.write(OK + b"Content-Length: %d\r\n\r\n" % (len(body) + 9) + body[: len(body) // 2])


async def _cut_off(writer, body):
    writer.write(OK + b"\r\n" + body[:12])


async def _endless_head(writer, body):
    writer.write(OK)
    await _for_ever(writer, b"X-Header: y\r\n")


async def _endless(writer, body):
    writer.write(OK + b"\r\n" + b'{"a":"')
    await _for_ever(writer, b"x" * 500)


async def _endless_chunks(writer, body):
    writer.write(OK + b"Transfer-Encoding: chunked\r\n\r\n")
    await _for_ever(writer, b'9\r\n{"a":"b",\r\n')


async def _megabyte(writer, body):
    writer.write(OK + b"Content-Length: 1048576\r\n\r\n" + b'{"a":1,' * 150000)
    await writer.drain()


async def _drip(writer, body):
    for byte in OK + b"Content-Length: %d\r\n\r\n" % len(body) + body:
        writer.write(bytes((byte,)))
        await writer.drain()
        await asyncio.sleep(0.1)


async def _silent(writer, body):
    await asyncio.sleep(20)


async def _reset(writer, body):
    linger = struct.pack("ii", 1, 0)
    writer.write(OK[:9])
    await writer.drain()
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, linger)
    writer.transport.abort()


async def _tls(writer, body):
    writer.write(TLS_ALERT)


async def _for_ever(writer, piece):
    while not writer.is_closing():
        writer.write(piece)
        await writer.drain()
        await asyncio.sleep(0)


WAYS = {
    "wrong status": _wrong_status,
    "HTML": _html,
    "another vendor": _another,
    "denied": _denied,
    "truncated": _truncated,
    "cut off": _cut_off,
    "endless head": _endless_head,
    "endless": _endless,
    "endless chunks": _endless_chunks,
    "a megabyte": _megabyte,
    "slow drip": _drip,
    "silent": _silent,
    "reset": _reset,
    "TLS": _tls,
}
ALL = (*WAYS, *SPOILT)


class Hostile:
    """begin(): `charger` answers in this way (one of ALL) from now on; end(): well again."""

    def __init__(self, charger, way: str, call):
        self._charger, self._way, self._call = charger, way, call
        self._server = None
        self.requests = 0

    def begin(self) -> None:
        self._charger.disappear()
        self._call(self._open)

    async def _open(self):
        port = self._charger.server.port
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", port)

    def end(self) -> None:
        self._call(self._server.close)
        self._charger.appear()

    async def _serve(self, reader, writer):
        try:
            head = await reader.readuntil(b"\r\n\r\n")
            length = re.search(rb"Content-Length: (\d+)", head)
            body = await reader.readexactly(int(length[1]) if length else 0)
            self.requests += 1
            await self._answer(writer, self._true(head.decode(), body))
            await writer.drain()
        except (OSError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass
        finally:
            writer.close()

    # What the charger would say.
    def _true(self, head, body):
        method, target, _ = head.split(" ", 2)
        path, _, query = target.partition("?")
        fields = dict(pair.partition("=")[::2] for pair in query.split("&") if pair)
        request = Request(method, target, path, fields if method == "GET" else {}, {}, body)
        return self._charger.server.handle(request).body

    async def _answer(self, writer, body):
        if self._way in WAYS:
            return await WAYS[self._way](writer, body)
        spoilt = NUMBER.sub(SPOILT[self._way], body)
        writer.write(OK + b"Content-Length: %d\r\n\r\n" % len(spoilt) + spoilt)
