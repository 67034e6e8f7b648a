# The listener in front of the page: what reaches a handler, and what is refused before it.

from guarded import GET, answer, body, said, says, served, status

from both import run

HEAD = b"HTTP/1.1 200 \r\nConnection: close\r\n"
POST = b"POST /x HTTP/1.1\r\nContent-Length: %d\r\n\r\n"


def test_a_request_reaches_the_handler_and_its_answer_the_client():
    assert answer(GET) == HEAD + b"\r\nGET /api/status \nhost: x\n"


def test_a_query_does_not_keep_a_request_from_its_route_and_is_there_beside_it():
    got = body(b"GET /api/status?at=1&at=%41? HTTP/1.1\r\nHost: x\r\n\r\n")
    assert got == b"GET /api/status at=1&at=%41?\nhost: x\n"


def test_a_request_in_single_bytes_reaches_the_handler():
    pieces = [GET[at : at + 1] for at in range(len(GET))]
    assert body(*pieces) == b"GET /api/status \nhost: x\n"


def test_the_fields_that_somebody_reads_are_there_whatever_their_case_and_place():
    lines = (
        b"Accept: */*\r\nCOOKIE:  a=B; c=\xc3\xa4\t\r\nUser-Agent: cookie: no\r\nHost: x:80\r\n"
    )
    lines += b"authorization: Bearer Abc\r\nOrigin: http://x\r\nX: host: y\r\n"
    got = body(b"GET / HTTP/1.1\r\n" + lines + b"\r\n")
    expected = (
        b"host: x:80\ncookie: a=B; c=\xc3\xa4\nauthorization: Bearer Abc\norigin: http://x\n"
    )
    assert got == b"GET / \n" + expected


def test_a_field_that_is_there_twice_is_refused_when_it_is_read():
    twice = b"GET / HTTP/1.1\r\nCookie: a\r\ncookie: b\r\n\r\n"
    assert status(twice) == b"400"
    assert status(twice, handle=says()) == b"200"


def test_a_body_reaches_the_handler_however_it_comes():
    head = POST % 6
    for pieces in ((head + b"abcdef",), (head, b"abc", b"def"), (head + b"a", b"bcdefgh")):
        assert body(*pieces) == b"POST /x \ncontent-length: 6\nabcdef"


def test_a_body_of_2_kb_fits_behind_a_head_of_2_kb():
    for size in (1900, 1980):
        head = b"POST /x HTTP/1.1\r\nCookie: " + b"x" * size + b"\r\nContent-Length: 2048\r\n\r\n"
        got = body(head, bytes(1000), b"z" * 1048)
        assert got.startswith(b"POST /x \ncookie: " + b"x" * size + b"\n")
        assert got.endswith(b"\n" + bytes(1000) + b"z" * 1048)


def test_a_body_of_any_length_is_read_in_parts():
    async def counts(exchange):
        size = parts = 0
        while exchange.left:
            part = await exchange.read(700)
            assert 0 < len(part) <= 700
            size += len(part)
            parts += 1
        assert await exchange.read() == b""
        await exchange.answer(200, ["%d" % size if parts > 100 else "few"])

    assert body(POST % 100000, *[b"p" * 1000] * 100, handle=counts) == b"100000"


def test_a_client_whose_body_nobody_reads_gets_its_answer():
    assert body(POST % 2000, b"p" * 2000, handle=says("so")) == b"so"


def test_an_answer_longer_than_any_buffer_arrives_whole():
    long = b"a" * 2100
    got = answer(GET, handle=says(long, b"b" * 10, "c" * 90, headers=b"X: 1\r\n"))
    assert got == HEAD + b"X: 1\r\n\r\n" + long + b"b" * 10 + b"c" * 90


def test_text_is_answered_in_utf_8():
    assert (
        body(GET, handle=says("\u00e4" * 1500, "\u00f6")) == ("\u00e4" * 1500 + "\u00f6").encode()
    )


def test_head_gets_the_head_alone():
    assert answer(b"HEAD" + GET[3:], handle=says("page", headers=b"X: 1\r\n")) == (
        HEAD + b"X: 1\r\n\r\n"
    )


def test_what_is_not_http_is_refused_before_the_handler():
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
        b"GET / HTTP/1.1\r\nContent-Length : 5\r\n\r\n",
        b"GET / HTTP/1.1\r\n: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: \xff\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\nHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: a\rHost: b\r\n\r\n",
        b"GET / HTTP/1.1\r\nCookie: \x00\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-length: 2\r\n\r\n",
    ):
        assert status(raw) == b"400", raw


def test_a_refusal_says_its_code():
    text = b'{"error":{"code":"http_411"}}\n'
    got = answer(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n")
    assert got.startswith(b"HTTP/1.1 411 \r\nConnection: close\r\n")
    assert b"\r\nContent-Type: application/json\r\n" in got
    assert got.endswith(b"\r\nContent-Length: %d\r\n\r\n%s" % (len(text), text))


def test_a_refusal_in_any_letters_comes_whole():
    async def refuses(exchange):
        raise ValueError(400, b"", '"code":"setting","text":"\u00e4\u2026"')

    async def talk(port, guard):
        return await said(port, b"GET / HTTP/1.1\r\n\r\n")

    head, text = run(served(talk, refuses)).split(b"\r\n\r\n")
    assert text.decode() == '{"error":{"code":"setting","text":"\u00e4\u2026"}}\n'
    assert head.endswith(b"\r\nContent-Length: %d" % len(text))


def test_a_body_of_more_than_2_kb_is_refused():
    assert status(b"POST / HTTP/1.1\r\nContent-Length: 2049\r\n\r\n") == b"413"


def test_a_head_of_more_than_24_lines_or_2_kb_is_refused():
    fits = b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 24 + b"\r\n"
    assert status(fits) == b"200"
    assert status(b"GET / HTTP/1.1\r\n" + b"A: b\r\n" * 25 + b"\r\n") == b"431"
    assert status(b"GET /" + b"x" * 2043) == b"431"


def test_a_body_that_ends_before_its_length_reaches_no_handler():
    seen = []

    async def takes(exchange):
        seen.append(await exchange.body())

    async def talk(port, guard):
        return await said(port, POST % 6 + b"abc", last=True)

    assert run(served(talk, takes)) == b"" and seen == []
