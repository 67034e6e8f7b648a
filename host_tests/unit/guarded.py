# A guard at work in front of handlers, and clients for it.

import asyncio
import gc

import net.exchange
import net.wire
from both import run
from clock import add_ms, diff_ms, now_ms, sleep_ms
from net.guard import Guard
from peer import a_port, open_files

HASTE = 20
GET = b"GET /api/status HTTP/1.1\r\nHost: x\r\n\r\n"


# What the handlers read of a head, and what a guard said of them.
NAMES = (b"host", b"cookie", b"authorization", b"content-type", b"content-length", b"origin")
told = []


async def echo(exchange):
    """Says the request line, the fields that handlers read, and the body."""
    pieces = [b"%s %s %s\n" % (exchange.method, exchange.path, exchange.query)]
    for name in NAMES:
        value = exchange.header(name)
        if value is not None:
            pieces.append(b"%s: %s\n" % (name, value))
    pieces.append(await exchange.body())
    await exchange.answer(200, pieces)


def says(*pieces, headers=b""):
    async def handle(exchange):
        await exchange.answer(200, pieces, headers)

    return handle


def fails(error):
    async def handle(exchange):
        raise error

    return handle


def hurry():
    """From here to the end of `served` the guard's clock runs 20 times as fast."""
    began = now_ms()
    net.wire.now_ms = net.exchange.now_ms = lambda: add_ms(began, diff_ms(now_ms(), began) * HASTE)


async def served(talk, handle=echo, clients=1):
    """What `talk(port, guard)` returns with a guard at work, which must then close everything."""
    gc.collect()
    before = open_files()
    told.clear()
    guard = Guard(handle, told.append, clients)
    while True:
        port = a_port()
        guard.task = task = asyncio.create_task(guard.serve("127.0.0.1", port))
        await sleep_ms(20)
        if not task.done():
            break
    try:
        result = await talk(port, guard)
    finally:
        net.wire.now_ms = net.exchange.now_ms = now_ms
        await cancelled(task)
    for _ in range(50):
        if open_files() > before:
            await sleep_ms(10)
            gc.collect()  # what the test's own clients have left; the guard's are still held
    assert open_files() <= before, "a socket is left open"
    return result


async def cancelled(task):
    task.cancel()
    try:
        await task
    except asyncio.CancelledError:
        pass


async def closed(writer):
    writer.close()
    try:
        await writer.wait_closed()
    except OSError:
        pass


async def said(port, *pieces, pause_ms=2, last=False):
    """Sends the pieces; everything that came until the end, b"" also for a reset.

    last: it goes after that.
    """
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    parts = []
    try:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await sleep_ms(pause_ms)
        while not last:
            part = await reader.read(500)
            if not part:
                break
            parts.append(part)
    except OSError:
        pass
    finally:
        await closed(writer)
    return b"".join(parts)


def answer(*pieces, handle=echo):
    async def talk(port, guard):
        return await said(port, *pieces)

    return run(served(talk, handle))


def body(*pieces, handle=echo):
    """What follows the head of the answer."""
    return answer(*pieces, handle=handle).split(b"\r\n\r\n", 1)[1]


def status(*pieces, **options):
    return answer(*pieces, **options)[9:12]
