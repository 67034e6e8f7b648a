"""The listener with the real microdot behind it, against requests and anything at all."""

import asyncio
import contextlib
import io

from hypothesis import given, settings
from hypothesis import strategies as st
from microdot import Microdot
from net.guard import Guard

PARTS = [
    b"GET / HTTP/1.1\r\n",
    b"POST /echo HTTP/1.1\r\n",
    b"GET /rows?x=%41&y=+ HTTP/1.0\r\n",
    b"GET /?%zz HTTP/1.1\r\n",
    b"Host: x\r\n",
    b"Cookie: a=b; c; =d\r\n",
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


def _app():
    app = Microdot()

    @app.route("/")
    async def index(request):
        return "page", 200, {"Content-Type": "text/html"}

    @app.route("/echo", methods=["POST"])
    async def echo(request):
        return request.body

    @app.route("/rows")
    async def rows(request):
        async def each():
            for number in range(64):
                yield '{"id":%d,"name":"%s"},' % (number, "n" * 60)

        return each(), {"Content-Type": "application/json"}

    @app.route("/file")
    async def file(request):
        return io.BytesIO(b"f" * 9000)

    return app


async def _asked(*raws):
    guard = Guard(_app())
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
    guard.stop()
    await task
    return answers, guard.counts


def test_microdot_answers_through_it():
    get = b"GET %s HTTP/1.1\r\nHost: x\r\n\r\n"
    post = b"POST /echo HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello"
    answers, counts = asyncio.run(
        _asked(
            get % b"/",
            post,
            get % b"/rows",
            get % b"/file",
            get % b"/no",
            b"HEAD" + get[3:] % b"/",
        )
    )
    assert answers[0].startswith(b"HTTP/1.0 200 OK\r\n")
    assert answers[0].endswith(b"\r\n\r\npage")
    assert answers[1].endswith(b"\r\n\r\nhello")
    assert answers[2].count(b'"id"') == 64
    assert answers[3].endswith(b"\r\n\r\n" + b"f" * 9000)
    assert answers[4].startswith(b"HTTP/1.0 404")
    assert answers[5].endswith(b"\r\n\r\n")
    assert counts == {"served": 6, "refused": 0, "timeout": 0, "failed": 0}


@settings(deadline=None, max_examples=200)
@given(requests)
def test_anything_at_all_costs_at_most_its_connection(pieces):
    raw = b"".join(pieces)
    said = io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(said):
        answers, counts = asyncio.run(_asked(raw, b"GET / HTTP/1.1\r\n\r\n"))
    assert answers[0] == b"" or answers[0].startswith(b"HTTP/1.")
    assert answers[1].endswith(b"page")
    assert counts["served"] >= 1
    assert said.getvalue() == "", "microdot could not read what the guard let through"
