# A guard at work in front of apps that ask of it what microdot asks, and clients for it.

import asyncio
import gc

import net.guard
import net.wire
from both import run
from clock import add_ms, diff_ms, now_ms, sleep_ms
from net.guard import Guard
from peer import a_port, open_files

HASTE = 20
GET = b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n"


# Echoes the request line, the headers and the body, as microdot would read them.
class Echo:
    async def handle_request(self, reader, writer):
        lines = []
        length = 0
        while True:
            line = (await reader.readline()).strip().decode()
            if not line:
                break
            lines.append(line)
            if line.lower().startswith("content-length:"):
                length = int(line[15:])
        body = await reader.readexactly(length) if length else b""
        await writer.awrite(b"HTTP/1.0 200 OK\r\n\r\n")
        for line in lines:
            await writer.awrite(line.encode() + b"\n")
        await writer.awrite(body)
        await writer.aclose()


class Says:
    """Answers with pieces."""

    def __init__(self, *pieces):
        self.pieces = pieces

    async def handle_request(self, reader, writer):
        for piece in self.pieces:
            await writer.awrite(piece)
        await writer.aclose()


class Fails:
    def __init__(self, error):
        self.error = error

    async def handle_request(self, reader, writer):
        raise self.error


def hurry():
    """From here to the end of `served` the guard's clock runs 20 times as fast."""
    began = now_ms()
    net.wire.now_ms = net.guard.now_ms = lambda: add_ms(began, diff_ms(now_ms(), began) * HASTE)


async def served(talk, app=None, clients=1):
    """What `talk(port, guard)` returns with a guard at work, which must then close everything."""
    gc.collect()
    before = open_files()
    guard = Guard(app or Echo(), clients)
    while True:
        port = a_port()
        task = asyncio.create_task(guard.serve("127.0.0.1", port))
        await sleep_ms(20)
        if not task.done():
            break
    try:
        result = await talk(port, guard)
    finally:
        net.wire.now_ms = net.guard.now_ms = now_ms
        guard.stop()
        await task
    for _ in range(50):
        if open_files() > before:
            await sleep_ms(10)
    assert open_files() <= before, "a socket is left open"
    return result


async def said(port, *pieces, pause_ms=2):
    """Sends the pieces; everything that came until the end, b"" also for a reset."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    parts = []
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await sleep_ms(pause_ms)
        while True:
            part = await reader.read(500)
            if not part:
                break
            parts.append(part)
    except OSError:
        pass
    finally:
        writer.close()
        try:
            await writer.wait_closed()
        except OSError:
            pass
    return b"".join(parts)


def answer(*pieces, app=None, pause_ms=2):
    async def talk(port, guard):
        return await said(port, *pieces, pause_ms=pause_ms)

    return run(served(talk, app))


def status(*pieces, **options):
    return answer(*pieces, **options)[9:12]
