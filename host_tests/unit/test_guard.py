# The listener in front of the page: what reaches the app, and what is refused before it.

from guarded import GET, Says, answer, status


def test_a_request_reaches_the_app_and_its_answer_the_client():
    assert answer(GET) == b"HTTP/1.0 200 OK\r\n\r\nGET /api/status HTTP/1.1\nHost: x\n"


def test_a_query_does_not_keep_a_request_from_its_route():
    got = answer(b"GET /api/status?at=1&at=2? HTTP/1.1\r\nHost: x\r\n\r\n")
    assert got.endswith(b"GET /api/status HTTP/1.1\nHost: x\n")


def test_a_request_in_single_bytes_reaches_the_app():
    pieces = [GET[at : at + 1] for at in range(len(GET))]
    assert answer(*pieces).endswith(b"GET /api/status HTTP/1.1\nHost: x\n")


def test_a_body_reaches_the_app_however_it_comes():
    head = b"POST /x HTTP/1.1\r\nContent-Length: 6\r\n\r\n"
    for pieces in ((head + b"abcdef",), (head, b"abc", b"def"), (head + b"a", b"bcdefgh")):
        assert answer(*pieces).endswith(b"Content-Length: 6\nabcdef")


def test_a_body_of_2_kb_fits_behind_a_head_of_nearly_2_kb():
    head = b"POST /x HTTP/1.1\r\nCookie: " + b"x" * 1900 + b"\r\nContent-Length: 2048\r\n\r\n"
    got = answer(head, bytes(1000), b"z" * 1048)
    assert len(got) > 4000
    assert got.endswith(b"z" * 1048)


def test_an_answer_longer_than_any_buffer_arrives_whole():
    long = b"a" * 2100
    got = answer(GET, app=Says(b"HTTP/1.0 200 OK\r\n\r\n", long, b"b" * 10, b"c" * 90))
    assert len(got) == 19 + 2100 + 10 + 90
    assert got.startswith(b"HTTP/1.0 200 OK\r\n\r\n" + long)
    assert got.endswith(b"ab" + b"b" * 9 + b"c" * 90)


def test_what_microdot_could_not_read_is_refused_before_it():
    for raw in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"get / HTTP/1.1\r\n\r\n",
        b"GET /\r\n\r\n",
        b"GET / HTTP/2.0\r\n\r\n",
        b"GET  / HTTP/1.1\r\n\r\n",
        b"GET http://x/ HTTP/1.1\r\n\r\n",
        b"GET /\x00 HTTP/1.1\r\n\r\n",
        b"GET /?a=%zz HTTP/1.1\r\n\r\n",
        b"GET /?a=%ff HTTP/1.1\r\n\r\n",
        b"GET /? HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\r\n Content-Length: 5\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \xff\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-length: 2\r\n\r\n",
    ):
        assert status(raw) == b"400", raw


def test_a_body_without_a_length_is_refused():
    assert status(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n") == b"411"


def test_a_body_of_more_than_2_kb_is_refused():
    assert status(b"POST / HTTP/1.1\r\nContent-Length: 2049\r\n\r\n") == b"413"


def test_a_head_of_more_than_24_lines_or_2_kb_is_refused():
    fits = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 24 + b"\r\n"
    assert status(fits) == b"200"
    assert status(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 25 + b"\r\n") == b"431"
    assert status(b"GET /" + b"x" * 2043) == b"431"


def test_an_app_that_asks_for_more_than_the_body_gets_an_error():
    class Asks:
        async def handle_request(self, reader, writer):
            await reader.readexactly(6)

    assert answer(b"POST /x HTTP/1.1\r\nContent-Length: 5\r\n\r\nabcdefg", app=Asks()) == b""
