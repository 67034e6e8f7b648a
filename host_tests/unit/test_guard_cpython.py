"""The listener and a handler that reads all it can, against requests and anything at all."""

import asyncio
import contextlib
import io

from guarded import NAMES, cancelled
from hypothesis import given, settings
from hypothesis import strategies as st
from net.guard import FAILED, SERVED, Guard

PARTS = [
    b"GET / HTTP/1.1\r\n",
    b"POST /echo HTTP/1.1\r\n",
    b"GET /rows?x=%41&y=+ HTTP/1.0\r\n",
    b"GET /?%zz HTTP/1.1\r\n",
    b"Host: x\r\n",
    b"Cookie: a=b; c; =d\r\n",
    b"cookie: \xc3\xa4\r\n",
    b"ORIGIN:\r\n",
    b"Transfer-Encoding: chunked\r\n",
    b"HEAD /rows HTTP/1.1\r\n",
    b"Cookie: " + b"c" * 1900 + b"\r\n",
    b"Content-Length: 5\r\n",
    b"Content-Length: 5000\r\n",
    b"Content-Type: application/json\r\n",
    b": \r\n",
    b" folded\r\n",
    b"\r\n",
    b"hello",
    b"\xff\xfe",
]
requests = st.lists(st.sampled_from(PARTS) | st.binary(max_size=200), min_size=1, max_size=12)


# Paths that do what later handlers do with a request: fields, query, body, an upload.
async def _handle(exchange):
    fields = [exchange.header(name) for name in NAMES]
    assert all(value is None or value == value.strip() for value in fields)
    assert exchange.path[:1] == b"/" and b"?" not in exchange.path
    body = bytes(await exchange.body())
    if exchange.path == b"/rows":
        await exchange.answer(200, ('{"id":%d,"name":"%s"},' % (n, "n" * 60) for n in range(64)))
    elif exchange.path == b"/echo":
        await exchange.answer(200, (body,), b"X-Query: %s\r\n" % exchange.query)
    else:
        await exchange.answer(200, (b"page",), b"Content-Type: text/html\r\n")


async def _asked(*raws):
    failures = []
    guard = Guard(_handle, failures.append)
    answers = []
    port = 0
    while not guard.listener.socket:
        port = 21000 + (id(guard) >> 4) % 9000 + port % 7
        task = asyncio.create_task(guard.serve("127.0.0.1", port))
        await asyncio.sleep(0.01)
        if task.done():
            task.exception()
    for raw in raws:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        got = b""
        with contextlib.suppress(OSError):
            writer.write(raw)
            if not raw.endswith(b"..."):
                writer.write_eof()
            got = await asyncio.wait_for(reader.read(), 5)
        writer.close()
        answers.append(got)
    await cancelled(task)
    assert not failures
    return answers, guard.counts


@settings(deadline=None, max_examples=200)
@given(requests)
def test_anything_at_all_costs_at_most_its_connection(pieces):
    raw = b"".join(pieces)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        answers, counts = asyncio.run(_asked(raw, b"GET / HTTP/1.1\r\n\r\n"))
    assert answers[0] == b"" or answers[0].startswith(b"HTTP/1.1 ")
    assert answers[1].endswith(b"\r\n\r\npage")
    assert counts[SERVED] >= 1 and counts[FAILED] <= 1
    assert said.getvalue() == ""
