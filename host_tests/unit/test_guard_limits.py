# The listener in front of the page: slow, silent, vanishing and too many clients, failing apps.

import asyncio

from both import run
from clock import diff_ms, now_ms, sleep_ms
from guarded import GET, Echo, Fails, hurry, said, served
from net.guard import Guard


def test_a_silent_client_is_dropped_after_its_time():
    async def talk(port, guard):
        hurry()
        began = now_ms()
        got = await said(port)
        return got[9:12], diff_ms(now_ms(), began), guard.counts["timeout"]

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
        while guard.counts["timeout"] == 0 and diff_ms(now_ms(), began) < 5000:
            writer.write(b"G")
            await writer.drain()
            await sleep_ms(20)
        writer.close()
        await writer.wait_closed()
        return diff_ms(now_ms(), began)

    assert 1490 <= run(served(talk)) < 1900


def test_a_client_that_does_not_read_is_dropped_after_its_time():
    class Endless:
        async def handle_request(self, reader, writer):
            while True:
                await writer.awrite(bytes(1000))

    async def talk(port, guard):
        hurry()
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(GET)
        await writer.drain()
        for _ in range(300):
            if guard.counts["failed"]:
                break
            await sleep_ms(20)
        writer.close()
        await writer.wait_closed()
        return guard.counts["failed"]

    assert run(served(talk, Endless())) == 1


def test_a_client_too_many_is_told_so_and_the_others_areserved():
    async def talk(port, guard):
        held = []
        for _ in range(3):
            held.append(await asyncio.open_connection("127.0.0.1", port))
        await sleep_ms(20)
        began = now_ms()
        refused = await said(port, GET)
        took_ms = diff_ms(now_ms(), began)
        answers = []
        for reader, writer in held:
            writer.write(GET)
            await writer.drain()
            answers.append((await reader.read(500))[9:12])
            writer.close()
            await writer.wait_closed()
        await sleep_ms(30)
        return refused[9:12], took_ms, answers, (await said(port, GET))[9:12]

    code, took_ms, answers, after = run(served(talk, clients=3))
    assert code == b"503" and took_ms < 300
    assert answers == [b"200"] * 3
    assert after == b"200"


def test_an_app_that_fails_costs_one_connection():
    for error in (RuntimeError("x"), OSError(104, "reset")):

        async def talk(port, guard):
            return await said(port, GET), await said(port, GET), guard.counts["failed"]

        assert run(served(talk, Fails(error))) == (b"", b"", 2)


def test_an_app_without_memory_is_told_to_come_again():
    async def talk(port, guard):
        return (await said(port, GET))[9:12], (await said(port, GET))[9:12]

    assert run(served(talk, Fails(MemoryError()))) == (b"503", b"503")


def test_clients_that_vanish_cost_nothing():
    async def talk(port, guard):
        for piece in (b"", b"GET", GET, b"POST / HTTP/1.1\r\nContent-Length: 9\r\n\r\nab"):
            for _ in range(5):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                if piece:
                    writer.write(piece)
                    await writer.drain()
                writer.close()
                await writer.wait_closed()
                await sleep_ms(5)
        await sleep_ms(50)
        return (await said(port, GET))[9:12]

    assert run(served(talk)) == b"200"


def test_a_port_in_use_is_an_error():
    async def talk(port, guard):
        try:
            await Guard(Echo()).serve("127.0.0.1", port)
        except OSError:
            return True

    assert run(served(talk))


def test_an_accept_that_fails_is_survived():
    async def talk(port, guard):
        begin = guard.exchanges[0].begin

        def failing(sock):
            sock.close()
            raise OSError(24, "too many open files")

        guard.exchanges[0].begin = failing
        lost = await said(port, GET), await said(port, GET), await said(port, GET)
        guard.exchanges[0].begin = begin
        return lost, (await said(port, GET))[9:12], guard.counts["failed"]

    assert run(served(talk)) == ((b"", b"", b""), b"200", 3)


def test_a_stop_at_any_moment_leaves_no_socket_open():
    async def talk(port, guard):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        for _ in range(guard.turns):
            await asyncio.sleep(0)
        guard.stop()
        writer.close()
        await writer.wait_closed()

    async def after(turns):
        async def stopped(port, guard):
            guard.turns = turns
            await talk(port, guard)

        await served(stopped)

    for turns in range(5):
        run(after(turns))
