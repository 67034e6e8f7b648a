"""The client against anything at all, cut anywhere."""

import asyncio
import time

from hypothesis import given, settings
from hypothesis import strategies as st
from net.http_client import Client, HttpError

SIZE = 256
KINDS = ("refused", "unreachable", "timeout", "closed", "too_long", "bad_reply")
PARTS = [
    b"HTTP/1.1 200 OK\r\n",
    b"HTTP/1.0 404 Not Found\r\n",
    b"HTTP/1.1 100 Continue\r\n",
    b"HTTP/1.1 204 No Content\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 99999999999\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"X: y\r\n",
    b"\r\n",
    b"5\r\nabcde\r\n",
    b"0\r\n\r\n",
    b"hello",
    b"\n",
    b"\x00" * 100,
]
replies = st.lists(st.sampled_from(PARTS) | st.binary(max_size=300), max_size=12)


async def _exchange(pieces, reset):
    async def behave(reader, writer):
        try:
            await reader.readuntil(b"\r\n\r\n")
            for piece in pieces:
                writer.write(piece)
                await writer.drain()
                await asyncio.sleep(0)
            if reset:
                writer.transport.abort()
        except OSError:
            pass
        finally:
            writer.close()

    server = await asyncio.start_server(behave, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    client = Client(SIZE)
    try:
        status = await client.request("127.0.0.1", port, "GET", "/", timeout_ms=500)
        return status, bytes(client.body)
    except HttpError as error:
        return error.kind, bytes(client.body)
    finally:
        assert client.socket is None
        server.close()


@settings(deadline=None, max_examples=400)
@given(replies, st.booleans())
def test_any_reply_is_an_answer_or_an_error_of_a_known_kind(pieces, reset):
    began = time.monotonic()
    outcome, body = asyncio.run(_exchange(pieces, reset))
    assert outcome in KINDS or 200 <= outcome <= 599
    assert len(body) <= SIZE
    assert outcome not in KINDS or not body
    assert time.monotonic() - began < 1.5


chunks = st.lists(st.binary(min_size=1, max_size=60), max_size=6).filter(
    lambda parts: sum(map(len, parts)) <= SIZE
)


@settings(deadline=None, max_examples=200)
@given(chunks, st.integers(1, 50))
def test_chunks_are_joined_however_they_are_cut(parts, cut):
    raw = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    raw += b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n"
    pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
    assert asyncio.run(_exchange(pieces, False)) == (200, b"".join(parts))
