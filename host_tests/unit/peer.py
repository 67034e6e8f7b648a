# A TCP server of a few lines whose behaviour is a function, and what tests of sockets share.

import asyncio
import os


def open_files() -> int:
    return len(os.listdir("/proc/self/fd"))


def a_port() -> int:
    raw = os.urandom(2)
    return 20000 + (raw[0] << 8 | raw[1]) % 12000


async def listen(behave):
    """A server that gives each client to `behave(reader, writer)`; returns (server, port)."""

    async def client(reader, writer):
        try:
            await behave(reader, writer)
        except OSError:
            pass
        finally:
            writer.close()
            try:
                await writer.wait_closed()
            except OSError:
                pass

    while True:
        port = a_port()
        try:
            return await asyncio.start_server(client, "127.0.0.1", port), port
        except OSError:
            pass


async def read_request(reader) -> bytes:
    """A request to the end of its body."""
    head = b""
    length = 0
    while not head.endswith(b"\r\n\r\n"):
        line = await reader.readline()
        if not line:
            return head
        head += line
        if line.lower().startswith(b"content-length:"):
            length = int(line[15:])
    return head + (await reader.readexactly(length) if length else b"")


def saying(*pieces):
    """A behaviour: reads a request, writes the pieces one by one, closes."""

    async def behave(reader, writer):
        await read_request(reader)
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
            await asyncio.sleep(0.002)

    return behave
