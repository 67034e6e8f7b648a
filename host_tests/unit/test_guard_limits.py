# The listener in front of the page: slow, silent, vanishing and too many clients, failing apps.

import asyncio
import gc

from both import run
from clock import diff_ms, now_ms, sleep_ms
from guarded import GET, closed, echo, fails, hurry, said, served, told
from net.guard import FAILED, LATE, SERVED, Guard


def test_a_silent_client_is_dropped_after_its_time():
    async def talk(port, guard):
        hurry()
        began = now_ms()
        got = await said(port)
        return got[9:12], diff_ms(now_ms(), began), guard.counts[LATE]

    code, took_ms, timeouts = run(served(talk))
    assert code == b"408" and 90 <= took_ms < 350
    assert timeouts == 1


def test_a_client_that_stops_in_its_head_is_dropped_after_its_time():
    async def talk(port, guard):
        hurry()
        began = now_ms()
        got = await said(port, b"GET / HT")
        return got[9:12], diff_ms(now_ms(), began)

    code, took_ms = run(served(talk))
    assert code == b"408" and 390 <= took_ms < 700


def test_a_client_that_trickles_is_dropped_after_the_time_of_an_exchange():
    async def talk(port, guard):
        hurry()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        began = now_ms()
        while guard.counts[LATE] == 0 and diff_ms(now_ms(), began) < 5000:
            writer.write(b"G")
            await writer.drain()
            await sleep_ms(20)
        await closed(writer)
        return diff_ms(now_ms(), began)

    assert 1490 <= run(served(talk)) < 1900


def test_a_client_that_does_not_read_is_dropped_after_its_time():
    def endless():
        while True:
            yield bytes(1000)

    async def handle(exchange):
        await exchange.answer(200, endless())

    async def talk(port, guard):
        hurry()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await writer.drain()
        for _ in range(300):
            if guard.counts[FAILED]:
                break
            await sleep_ms(20)
        await closed(writer)
        return guard.counts[FAILED]

    assert run(served(talk, handle)) == 1
    assert told == []


def test_a_client_too_many_waits_for_a_place_and_the_others_are_served():
    async def talk(port, guard):
        held = []
        for _ in range(3):
            held.append(await asyncio.open_connection("127.0.0.1", port))
        await sleep_ms(20)
        fourth = asyncio.create_task(said(port, GET))
        await sleep_ms(60)
        waits = not fourth.done()
        answers = []
        for reader, writer in held:
            writer.write(GET)
            await writer.drain()
            answers.append((await reader.read(500))[9:12])
            await closed(writer)
        return waits, answers, await codes([fourth])

    waits, answers, after = run(served(talk, clients=3))
    assert waits
    assert answers == [b"200"] * 3
    assert after == [b"200"]


async def codes(clients):
    answers = []
    for client in clients:
        answers.append((await client)[9:12])
    return answers


def echo_behind(gate):
    """Answers once something is in `gate`."""

    async def waits(exchange):
        while not gate:
            await sleep_ms(5)
        await echo(exchange)

    return waits


def test_one_client_at_a_time_leaves_the_memory_of_the_others_and_lets_nobody_go_away():
    gate = []

    async def talk(port, guard):
        guard.narrow()
        clients = [asyncio.create_task(said(port, GET)) for _ in range(4)]
        await sleep_ms(60)
        places = len(guard.exchanges)
        gate.append(1)
        answers = await codes(clients)
        guard.widen()
        return places, answers, len(guard.exchanges)

    assert run(served(talk, echo_behind(gate), clients=3)) == (1, [b"200"] * 4, 3)


def test_those_who_are_being_answered_are_while_it_becomes_one_at_a_time():
    gate = []

    async def talk(port, guard):
        clients = [asyncio.create_task(said(port, GET)) for _ in range(3)]
        await sleep_ms(60)
        guard.narrow()
        busy = len(guard.exchanges)
        gate.append(1)
        answers = await codes(clients)
        await sleep_ms(30)
        return busy, answers, len(guard.exchanges)

    assert run(served(talk, echo_behind(gate), clients=3)) == (3, [b"200"] * 3, 1)


def test_for_control_who_has_said_nothing_yet_goes_and_who_is_answered_stays():
    gate = []

    async def talk(port, guard):
        asks = asyncio.create_task(said(port, GET))
        silent = [asyncio.create_task(said(port, b"GET /")) for _ in range(2)]
        await sleep_ms(60)
        guard.relieve()
        await sleep_ms(30)
        places = len(guard.exchanges)
        gate.append(1)
        return places, await codes(silent), await codes([asks])

    assert run(served(talk, echo_behind(gate), clients=3)) == (1, [b""] * 2, [b"200"])


def test_without_memory_for_one_more_a_client_waits_until_there_is():
    room = []

    async def talk(port, guard):
        guard.room = lambda: bool(room)
        asks = asyncio.create_task(said(port, GET))
        await sleep_ms(60)
        waits = not asks.done()
        room.append(1)
        return waits, await codes([asks])

    assert run(served(talk)) == (True, [b"200"])


def asked_twice(handle):
    """Two answers, and how many clients failed by then."""

    async def talk(port, guard):
        return await said(port, GET), await said(port, GET), guard.counts[FAILED]

    return run(served(talk, handle))


def test_a_handler_that_fails_is_logged_and_costs_one_connection():
    for error in (RuntimeError("x"), ValueError("x"), OSError(2, "x"), KeyError("x")):
        first, second, failed = asked_twice(fails(error))
        assert first == second and first[9:12] == b"500", first
        assert first.endswith(b'{"error":{"code":"http_500"}}\n')
        assert failed == len(told) == 2
        assert told[0].startswith("/api/status: ") and "x" in told[0]


def test_a_client_that_is_gone_is_no_failure_of_the_handler():
    assert asked_twice(fails(OSError(104, "reset"))) == (b"", b"", 2)
    assert told == []


def test_a_handler_that_fails_in_its_answer_is_logged_and_costs_one_connection():
    def handle_of(piece):
        def pieces():
            yield piece
            raise RuntimeError("x")

        async def handle(exchange):
            await exchange.answer(200, pieces())

        return handle

    first, second, failed = asked_twice(handle_of("begun"))
    assert first == second and first[9:12] == b"500" and b"begun" not in first
    assert failed == len(told) == 2
    first, second, failed = asked_twice(handle_of("b" * 3000))
    assert first == second and first[9:12] == b"200" and first.endswith(b"b" * 3000)
    assert failed == len(told) == 2


def test_a_handler_that_refuses_is_no_failure():
    first, _, failed = asked_twice(fails(ValueError(405, b"Allow: GET\r\n")))
    assert first.startswith(b"HTTP/1.1 405 \r\nConnection: close\r\nAllow: GET\r\n")
    assert failed == 0 and told == []


def test_a_handler_without_memory_tells_clients_to_come_again():
    first, second, _ = asked_twice(fails(MemoryError()))
    assert (first[9:12], second[9:12]) == (b"503", b"503")


def test_an_upload_has_as_long_as_its_handler_says():
    async def handle(exchange):
        exchange.allow_ms(300000)
        while exchange.left:
            await exchange.read()
        await exchange.answer(200)

    async def talk(port, guard):
        hurry()
        head = b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n"
        return (await said(port, head, *[b"x"] * 100, pause_ms=20))[9:12], guard.counts[SERVED]

    assert run(served(talk, handle)) == (b"200", 1)


def test_an_upload_without_progress_is_dropped_after_its_time():
    async def handle(exchange):
        exchange.allow_ms(300000)
        await exchange.body()

    async def talk(port, guard):
        hurry()
        began = now_ms()
        got = await said(port, b"POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n")
        return got[9:12], diff_ms(now_ms(), began)

    code, took_ms = run(served(talk, handle))
    assert code == b"408" and 390 <= took_ms < 700


def test_an_answer_makes_no_coroutine_for_its_pieces():
    if not hasattr(gc, "mem_alloc"):
        return
    used = []

    def handle_of(count):
        async def handle(exchange):
            gc.collect()
            gc.disable()
            before = gc.mem_alloc()
            await exchange.answer(200, (b"piece" for _ in range(count)))
            used.append(gc.mem_alloc() - before)
            gc.enable()

        return handle

    for count in (10, 210):
        asked_twice(handle_of(count))
    assert used[-1] - used[0] <= 200 * 64, used


def test_clients_that_vanish_cost_nothing():
    async def talk(port, guard):
        for piece in (b"", b"GET", GET, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"):
            for _ in range(5):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                if piece:
                    writer.write(piece)
                    await writer.drain()
                await closed(writer)
                await sleep_ms(5)
        await sleep_ms(50)
        return (await said(port, GET))[9:12]

    assert run(served(talk)) == b"200"


def test_a_port_in_use_is_an_error():
    async def talk(port, guard):
        try:
            await Guard(echo, print).serve("127.0.0.1", port)
        except OSError:
            return True

    assert run(served(talk))


def test_an_accept_that_fails_is_survived():
    async def talk(port, guard):
        begin = guard.exchanges[0].begin

        def failing(sock, address):
            sock.close()
            raise OSError(24, "too many open files")

        guard.exchanges[0].begin = failing
        lost = await said(port, GET), await said(port, GET), await said(port, GET)
        guard.exchanges[0].begin = begin
        return lost, (await said(port, GET))[9:12], guard.counts[FAILED]

    assert run(served(talk)) == ((b"", b"", b""), b"200", 3)


def test_an_end_at_any_moment_leaves_no_socket_open():
    async def talk(port, guard):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(guard.turns):
            await asyncio.sleep(0)
        guard.task.cancel()
        await closed(writer)

    async def after(turns):
        async def stopped(port, guard):
            guard.turns = turns
            await talk(port, guard)

        await served(stopped)

    for turns in range(5):
        run(after(turns))
