# The client against peers that are slow, broken or hostile.

import asyncio
import gc
import socket

from both import run
from clock import diff_ms, now_ms, sleep_ms
from net.http_client import Client, HttpError
from peer import a_port, listen, open_files, read_request, saying

OK = b"HTTP/1.1 200 OK\r\n"


async def silent(reader, writer):
    while await reader.read(100):
        pass


async def _exchange(behave, timeout_ms=2000, size=2048):
    server, port = await listen(behave)
    gc.collect()  # what earlier tests have left is not this one's
    before = open_files()
    client = Client(size)
    try:
        status = await client.request("127.0.0.1", port, "GET", "/x", b"", b"", timeout_ms)
        result = status, bytes(client.body)
    except HttpError as error:
        result = error.kind
    for _ in range(50):  # until the peer has seen the end, too
        if open_files() > before:
            await sleep_ms(20)
            gc.collect()  # what the peer has left; the client's is still held
    assert open_files() <= before, "a socket is left open"
    server.close()
    return result


def _reply(*pieces, **options):
    return run(_exchange(saying(*pieces), **options))


def test_a_body_with_a_length_is_read():
    assert _reply(OK + b"Content-Length: 2\r\n\r\n{}") == (200, b"{}")


def test_a_body_until_the_end_is_read():
    assert _reply(OK + b"\r\n", b"{", b"}") == (200, b"{}")


def test_a_reply_in_single_bytes_is_read():
    raw = OK + b"content-LENGTH:  3 \r\n\r\nabc"
    assert _reply(*[raw[at : at + 1] for at in range(len(raw))]) == (200, b"abc")


def test_a_chunked_body_is_read_however_it_is_cut():
    raw = OK + b"Transfer-Encoding: Chunked\r\n\r\n4\r\nabcd\r\n0A;x=y\r\n0123456789\r\n0\r\n\r\n"
    for cut in (1, 3, 7, 20):
        pieces = [raw[at : at + cut] for at in range(0, len(raw), cut)]
        assert _reply(*pieces, size=256) == (200, b"abcd0123456789")


def test_a_chunked_body_may_fill_the_buffer():
    raw = OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"40\r\n" + bytes(64) + b"\r\n"
    raw += b"40\r\n" + bytes(64) + b"\r\n0\r\n\r\n"
    assert _reply(raw, size=128) == (200, bytes(128))


def test_statuses_other_than_200_come_with_their_body():
    for status in (201, 400, 404, 500):
        head = b"HTTP/1.1 %d Words\r\nContent-Length: 2\r\n\r\nno" % status
        assert _reply(head) == (status, b"no")


def test_204_and_304_have_no_body():
    assert _reply(b"HTTP/1.1 204 No Content\r\n\r\n") == (204, b"")
    assert _reply(b"HTTP/1.1 304 Same\r\nContent-Length: 9\r\n\r\n") == (304, b"")


def test_interim_replies_are_passed_over():
    interim = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert _reply(interim + interim, OK + b"Content-Length: 1\r\n\r\nx") == (200, b"x")


def test_endless_interim_replies_are_refused():
    assert _reply(b"HTTP/1.1 100 Continue\r\n\r\n" * 400) == "too_long"


def test_what_follows_the_body_is_ignored():
    assert _reply(OK + b"Content-Length: 1\r\n\r\nxyz") == (200, b"x")


def test_garbage_is_a_bad_reply():
    for raw in (
        b"\x15\x03\x03\x00\x02\x02\x46\r\n\r\n",
        b"<html>\r\n\r\n",
        b"HTTP/2 200 OK\r\n\r\n",
        b"HTTP/1.1 2000 OK\r\n\r\n",
        b"HTTP/1.1 20x OK\r\n\r\n",
        b"HTTP/1.1 999 OK\r\n\r\n",
        b"HTTP/1.1 2\r\n\r\n",
        b"HTTP/1.1 101 Other\r\n\r\n",
        OK + b"Content-Length: -1\r\n\r\n",
        OK + b"Content-Length: x\r\n\r\n",
        OK + b"Content-Length:\r\n\r\n",
        OK + b"Content-Length: 0x2\r\n\r\nab",
        OK + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        OK + b"Transfer-Encoding: gzip\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\nContent-Length: 2\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n-4\r\nabcd\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n\r\nabcd",
        OK + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\nabcd\r\n0\r\n\r\n",
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1" * 200,
    ):
        assert _reply(raw) == "bad_reply", raw


def test_a_truncated_reply_is_closed():
    for raw in (
        b"",
        b"HTTP/1.1 200",
        b"HTTP/0.9 page without a head",
        OK + b"Content-Length: 4\r\n\r\nab",
        OK + b"Transfer-Encoding: chunked\r\n\r\n4\r\nab",
    ):
        assert _reply(raw) == "closed", raw


def test_what_does_not_fit_is_too_long():
    for raw in (
        OK + b"X: " + b"x" * 700,
        OK + b"Content-Length: 1000000\r\n\r\n",
        OK + b"Content-Length: 513\r\n\r\n",
        OK + b"\r\n" + bytes(513),
        OK + b"Transfer-Encoding: chunked\r\n\r\nfffff\r\n" + bytes(600),
        OK + b"Transfer-Encoding: chunked\r\n\r\n" + b"1\r\nx\r\n" * 520,
    ):
        assert _reply(raw, size=512) == "too_long", raw[:60]
        gc.collect()


def test_an_endless_body_is_too_long():
    async def endless(reader, writer):
        await read_request(reader)
        writer.write(OK + b"\r\n")
        while True:
            writer.write(bytes(1000))
            await writer.drain()
            await asyncio.sleep(0)

    assert run(_exchange(endless)) == "too_long"


def test_a_length_beyond_all_numbers_is_refused():
    assert _reply(OK + b"Content-Length: " + b"9" * 60 + b"\r\n\r\n") == "bad_reply"


def test_a_slow_drip_ends_at_the_deadline():
    async def drip(reader, writer):
        await read_request(reader)
        while True:
            writer.write(b"H")
            await writer.drain()
            await asyncio.sleep(0.03)

    began = now_ms()
    assert run(_exchange(drip, timeout_ms=300)) == "timeout"
    assert 280 <= diff_ms(now_ms(), began) < 700


def test_a_silent_peer_ends_at_the_deadline():
    began = now_ms()
    assert run(_exchange(silent, timeout_ms=200)) == "timeout"
    assert 180 <= diff_ms(now_ms(), began) < 600


def test_a_connection_refused_says_so():
    async def refused():
        gc.collect()
        before = open_files()
        for _ in range(20):
            try:
                await Client().request("127.0.0.1", a_port(), "GET", "/")
            except HttpError as error:
                kind = error.kind
        assert open_files() <= before
        return kind

    assert run(refused()) == "refused"


def test_a_connection_never_answered_ends_at_the_deadline():
    async def full():
        listener, port = _full_listener()
        others = [socket.socket() for _ in range(4)]
        for other in others:
            other.setblocking(False)
            try:
                other.connect(socket.getaddrinfo("127.0.0.1", port)[0][-1])
            except OSError:
                pass
        before = open_files()
        try:
            await Client().request("127.0.0.1", port, "GET", "/", b"", b"", 200)
            kind = None
        except HttpError as error:
            kind = error.kind
        assert open_files() == before
        listener.close()
        for other in others:
            other.close()
        return kind

    assert run(full()) == "timeout"


def _full_listener():
    while True:
        listener = socket.socket()
        port = a_port()
        try:
            listener.bind(socket.getaddrinfo("127.0.0.1", port)[0][-1])
            listener.listen(0)
            return listener, port
        except OSError:
            listener.close()


def test_a_cancelled_request_closes_and_passes_the_cancel_on():
    async def cancelled():
        server, port = await listen(silent)
        before = open_files()
        client = Client()
        task = asyncio.create_task(client.request("127.0.0.1", port, "GET", "/"))
        await sleep_ms(50)
        assert open_files() > before
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            await sleep_ms(20)
            server.close()
            return open_files() - before
        raise AssertionError("the cancel was swallowed")

    assert run(cancelled()) <= 0


class Full:
    """A poller without memory for another socket."""

    def __init__(self, poller):
        self.poller = poller
        self.unregister = poller.unregister

    def register(self, *_):
        raise MemoryError


def test_without_memory_to_wait_nobody_goes_on_waiting():
    core = getattr(asyncio, "core", None)
    if core is None:
        return  # CPython's loop is another one

    async def main():
        server, port = await listen(silent)
        queue = core._io_queue
        poller, queue.poller = queue.poller, Full(queue.poller)
        known = len(queue.map)
        try:
            await Client(256).request("127.0.0.1", port, "GET", "/x", b"", b"", 500)
        except MemoryError:
            left = len(queue.map) - known
        finally:
            queue.poller = poller
        server.close()
        return left

    assert run(main()) == 0


def test_a_client_is_as_good_as_new_after_a_failure():
    async def twice():
        client = Client()
        for behave, right in (
            (saying(OK + b"Content-Length: 100\r\n\r\nab"), "closed"),
            (saying(OK + b"Content-Length: 2\r\n\r\nok"), 200),
        ):
            server, port = await listen(behave)
            try:
                result = await client.request("127.0.0.1", port, "GET", "/")
            except HttpError as error:
                result = error.kind
                assert len(client.body) == 0
            assert result == right
            server.close()
        return bytes(client.body)

    assert run(twice()) == b"ok"


def test_the_request_is_whole_and_in_one_piece():
    async def request():
        seen = []

        async def note(reader, writer):
            seen.append(await reader.read(2000))
            writer.write(OK + b"Content-Length: 0\r\n\r\n")
            await writer.drain()

        server, port = await listen(note)
        await Client().request(
            "127.0.0.1", port, "PUT", "/evse", b'{"current":6000}', b"X-Y: z\r\n"
        )
        server.close()
        return seen[0], port

    raw, port = run(request())
    lines = raw.split(b"\r\n")
    assert lines[0] == b"PUT /evse HTTP/1.1"
    assert lines[1] == b"Host: 127.0.0.1:%d" % port
    assert b"Connection: close" in lines and b"X-Y: z" in lines
    assert b"Content-Length: 16" in lines
    assert raw.endswith(b'\r\n\r\n{"current":6000}')


def test_many_exchanges_at_once_keep_their_deadlines():
    async def one(port, results):
        try:
            await Client(256).request("127.0.0.1", port, "GET", "/", b"", b"", 150)
        except HttpError as error:
            results.append(error.kind)

    async def many():
        server, port = await listen(silent)
        results = []
        began = now_ms()
        tasks = [asyncio.create_task(one(port, results)) for _ in range(8)]
        for task in tasks:
            await task
        server.close()
        assert results == ["timeout"] * 8
        return diff_ms(now_ms(), began)

    assert run(many()) < 600
