# The table of routes: who answers what, and that no route is open by mistake.

import asyncio
import gc
import os
import sys

from app.web import Web
from both import a_folder, run
from clock import sleep_ms
from guarded import cancelled, said
from net.access import Access
from peer import a_port, open_files

HEAP = "256K"

BEARER = b" HTTP/1.1\r\nAuthorization: Bearer 0123456789abcdef\r\nX:"
PAGE = bytes(range(256)) * 9
PIECES = ('{"rows":[', '"\u00e4"', "]}")


def test_a_module_that_is_answering_stays_and_goes_afterwards():
    import app.visit

    there = []

    async def answer(web, exchange):
        web.tick()
        there.append("app.visit" in sys.modules)
        await exchange.answer(200)
        made.append(web)

    made = []
    app.visit.answer = answer
    run(asked([b"GET /api/login"]))
    made[0].tick()
    there.append("app.visit" in sys.modules)
    assert there == [True, False]


class Snapshot:
    def status(self):
        yield from PIECES


class Broken:
    def __init__(self, pieces):
        self.pieces = pieces

    def status(self):
        yield from self.pieces
        raise RuntimeError("a broken part")


def unclaimed(port, host="127.0.0.1"):
    access = Access(host, port)
    access.names = (b"localhost", host.encode())
    access.token = b"0123456789abcdef"
    return access


async def asked(lines, snapshot=None, code_dir="/nowhere", kind=Web, host="127.0.0.1"):
    """The answers to requests, one after the other, as (head, body)."""
    gc.collect()
    before = open_files()
    taken = [2]
    while taken:
        taken.clear()
        port = a_port()
        parts = (snapshot or Snapshot(), unclaimed(port, host), (code_dir, "/nowhere"))
        web = kind(*parts, ("127.0.0.1", port), taken.append)
        task = asyncio.create_task(web.run())
        await sleep_ms(20)
    try:
        answers = []
        for line in lines:
            answer = await said(port, line + b" HTTP/1.1\r\nHost: localhost\r\n\r\n")
            answers.append(answer.split(b"\r\n\r\n", 1))
        return answers
    finally:
        await cancelled(task)
        assert open_files() <= before, "a file is left open"


def ask(line, **options):
    return run(asked([line], **options))[0]


def with_page():
    """A new `code_dir` with a page."""
    folder = a_folder()
    os.mkdir(folder + "/page")
    with open(folder + "/page/index.en.html.gz", "wb") as file:
        file.write(PAGE)
    return folder


def test_the_status_is_answered_as_json():
    head, text = ask(b"GET /api/status?x=1")
    assert head.startswith(b"HTTP/1.1 200 \r\n")
    assert b"\r\nContent-Type: application/json\r\n" in head
    assert text == "".join(PIECES).encode()


def test_the_page_is_answered_whole_and_may_not_be_framed():
    folder = with_page()
    try:
        (head, page), (again, nothing) = run(asked([b"GET /", b"HEAD /"], code_dir=folder))
    finally:
        os.remove(folder + "/page/index.en.html.gz")
        os.rmdir(folder + "/page")
        os.rmdir(folder)
    assert page == PAGE and nothing == b"" and head == again
    for line in (b"Content-Encoding: gzip", b"Content-Security-Policy: frame-ancestors 'none'"):
        assert b"\r\n" + line + b"\r\n" in head + b"\r\n"


def test_a_path_that_no_route_has_is_not_found():
    for path in (b"/no", b"/api", b"/api/status/", b"/API/STATUS", b"/%2f", b"//", b"/../main.py"):
        head, text = ask(b"GET " + path + BEARER)
        assert head.startswith(b"HTTP/1.1 404 "), path
        assert text == b'{"error":{"code":"http_404"}}\n'


def test_a_method_that_a_path_does_not_have_is_told_those_it_has():
    for method in (b"POST", b"DELETE", b"GETHEAD", b"HEA"):
        head, text = ask(method + b" /api/status")
        assert head.startswith(b"HTTP/1.1 405 "), method
        assert b"\r\nAllow: OPTIONS, GET, HEAD\r\n" in head
        assert text == b'{"error":{"code":"http_405"}}\n'


def test_options_are_told_without_a_body():
    head, text = ask(b"OPTIONS /api/status")
    assert head.startswith(b"HTTP/1.1 204 ") and text == b""
    assert head.endswith(b"\r\nAllow: OPTIONS, GET, HEAD")


def test_a_part_that_fails_costs_one_answer():
    lines = [b"GET /api/status", b"GET /", b"HEAD /api/status", b"GET /no"]
    for pieces, code in ((PIECES, b"500"), (PIECES * 200, b"200")):
        answers = run(asked(lines, snapshot=Broken(pieces)))
        assert [head[9:12] for head, _ in answers] == [code, b"500", b"200", b"404"]


def test_no_route_but_the_login_is_open_where_others_could_ask():
    lines = [b"GET /api/status", b"HEAD /api/status", b"POST /api/logout", b"GET /"]
    answers = run(asked(lines, host="0.0.0.0"))
    assert [head[9:12] for head, _ in answers] == [b"401", b"401", b"401", b"500"]
    assert answers[0][1] == b'{"error":{"code":"login"}}\n'


def test_a_route_without_a_known_mark_is_refused():
    for mark in (b"", b"X ", b"o ", b"0 "):

        class Marked(Web):
            def routes(self):
                return b"\nGET /open %sstatus\n" % mark

        lines = [
            b"GET /open",
            b"GET /open" + BEARER,
        ]
        (head, _), (known, text) = run(asked(lines, kind=Marked))
        assert (head[9:12], known[9:12]) == (b"401", b"403"), mark
        assert text == b'{"error":{"code":"mark"}}\n'


def test_every_rare_route_has_a_known_mark_and_a_function_that_answers():
    from app.api import table

    seen = set()
    for line in table.ROUTES.split("\n")[:-1]:
        method, path, mark, room, module, name = line.split()
        assert 1 <= int(room) <= 32
        assert mark in ("U", "C") and method in ("GET", "PUT", "POST", "DELETE")
        assert (method, path) not in seen and path[:5] == "/api/"
        seen.add((method, path))
        found = __import__("app.api." + module, None, None, (name,))
        assert hasattr(found, name), line


def test_who_is_not_known_is_not_told_what_else_there_is():
    for line in (
        b"GET /api/nothing",
        b"GET /api/settings",
        b"OPTIONS /api/site",
        b"PUT /api/backup",
    ):
        head, text = ask(line)
        assert head[9:12] == b"401" and text == b'{"error":{"code":"login"}}\n', line


def test_a_rare_route_is_found_or_said_not_to_be_there():
    for line, status in (
        (b"GET /api/nothing", b"404"),
        (b"GET /api/chargers/1", b"405"),
        (b"GET /api/chargers/1/2/3", b"404"),
        (b"GET /api/chargers//pause", b"404"),
        (b"DELETE /api/site", b"405"),
        (b"OPTIONS /api/site", b"204"),
        (b"GET /apix", b"404"),
    ):
        head, _ = ask(line + BEARER)
        assert head[9:12] == status, (line, head)
    head, _ = ask(b"PATCH /api/chargers/1" + BEARER)
    assert b"Allow: OPTIONS, PUT, DELETE\r\n" in head + b"\r\n"


def test_modules_go_once_a_minute_also_where_one_needs_another():
    import sys

    seen = []

    class Seen(Web):
        def routes(self):
            seen.append(self)
            return Web.routes(self)

    lines = [b"GET /api/login", b"POST /api/claim"]
    for order in (lines, lines[::-1]):
        run(asked(order, kind=Seen))
        assert "app.login" in sys.modules and "app.owner" in sys.modules
        seen[-1].tick()
        assert "app.login" not in sys.modules and "app.owner" not in sys.modules


def test_modules_that_answered_rarely_are_gone_afterwards():
    import sys

    ask(b"GET /api/nothing" + BEARER)
    assert [name for name in sys.modules if name[:8] == "app.api."] == []


def test_a_module_that_another_one_takes_along_is_let_go_once():
    made = []

    class Kept(Web):
        def __init__(self, *parts):
            super().__init__(*parts)
            made.append(self)

    run(asked([b"GET /api/login", b"POST /api/claim"], kind=Kept))
    assert "app.login" in sys.modules and "app.owner" in sys.modules
    made[-1].tick()
    assert "app.login" not in sys.modules and "app.owner" not in sys.modules
