# The Modbus line against a scripted unit, in virtual time.

import asyncio

from both import raises, run
from modbus import rtu
from wire import GOOD, Bench, reply, sealed

OTHER = bytes(range(101, 125))
REQUEST = b"\x01\x04\x00\x06\x00\x0c\x10\x0e"


# Reads twice of a unit that does `first` at the first request and answers the second well.
def twice(first, **options):
    def answer(request, number):
        return first if number == 1 else [(20, reply(OTHER))]

    async def main():
        return [await bench.read(), await bench.read()]

    bench = Bench(answer, **options)
    return run(main()), bench


# The first read gives `kind`, the next poll is right, and `counts` are all there is.
def check_recovers(first, kind, counts, **options):
    results, bench = twice(first, **options)
    assert results == [kind, OTHER], results
    expected = dict(counts)
    for outcome in ("ok", "ok" if kind == GOOD else kind):
        expected[outcome] = expected.get(outcome, 0) + 1
    assert bench.counts() == expected, bench.counts()
    return bench


def test_a_read_asks_for_the_registers_and_gives_their_bytes():
    results, bench = twice([(20, reply())])
    assert results == [GOOD, OTHER]
    assert [request for _, request in bench.port.written] == [REQUEST, REQUEST]


def test_the_crc_is_that_of_the_specification():
    assert rtu.crc16(b"123456789", 0, 9) == 0x4B37
    assert rtu.crc16(b"xx\x02\x07yy", 2, 4) == 0x1241


def test_a_dead_unit_is_a_timeout_at_the_deadline():
    bench = check_recovers([], "timeout", {})
    sent, again = (at for at, _ in bench.port.written)
    assert "timeout" in str(bench.error) and "unit 1" in str(bench.error)
    assert 1000 < again - sent < 1100


def test_a_wrong_crc_is_seen_at_once_and_the_next_poll_follows_at_once():
    broken = bytearray(reply())
    broken[9] ^= 4
    bench = check_recovers([(20, bytes(broken))], "crc", {})
    assert bench.port.written[1][0] - bench.port.written[0][0] < 200


def test_a_truncated_frame_ends_early_and_the_next_poll_is_right():
    for length in (3, 4, 17, 28):
        bench = check_recovers([(20, reply()[:length])], "truncated", {})
        assert bench.port.written[1][0] - bench.port.written[0][0] < 200


def test_an_answer_from_another_unit_is_refused():
    check_recovers([(20, reply(unit=2))], "unit", {})


def test_an_answer_to_another_function_is_refused():
    check_recovers([(20, reply(function=3))], "function", {})


def test_an_answer_of_another_length_is_refused():
    for length in (2, 4, 22, 26, 250):
        check_recovers([(20, reply(bytes(length)))], "length", {})


def test_an_exception_is_named_with_its_code():
    bench = check_recovers([(20, sealed(b"\x01\x84\x02"))], "exception", {})
    assert "exception 2" in str(bench.error)


def test_an_exception_of_another_unit_or_function_is_not_ours():
    check_recovers([(20, sealed(b"\x02\x84\x02"))], "unit", {})
    check_recovers([(20, sealed(b"\x01\x83\x02"))], "function", {})


def test_an_exception_with_a_wrong_crc_is_not_believed():
    check_recovers([(20, b"\x01\x84\x02\x00\x00")], "crc", {})


def test_an_echo_of_the_request_is_skipped():
    check_recovers([(0, REQUEST), (20, reply())], GOOD, {"echo": 1})


def test_an_echo_alone_is_no_answer():
    check_recovers([(0, REQUEST)], "timeout", {"echo": 1})


def test_an_echo_that_looks_like_the_head_of_an_answer_is_skipped():
    async def main():
        return await bench.read(start=0x1800)

    bench = Bench(lambda request, number: [(0, request), (20, reply())])
    assert run(main()) == GOOD
    assert bench.counts() == {"ok": 1, "echo": 1}


def test_a_leading_zero_is_skipped():
    check_recovers([(10, b"\0"), (20, reply())], GOOD, {"noise": 1})


def test_noise_before_the_answer_is_skipped():
    for noise in (b"\x01", b"\x01\x04", b"\x01\x04\x18", b"\xff" * 40, b"\x01\x84", b"\x01" * 9):
        check_recovers([(20, noise + reply())], GOOD, {"noise": 1})


def test_an_answer_behind_more_noise_than_there_is_room_for_is_not_believed():
    results, bench = twice([(10, b"\x55" * 1000), (200, reply())])
    assert results == ["noise", OTHER]
    assert bench.counts()["ok"] == 1


def test_noise_after_the_answer_is_thrown_away():
    check_recovers([(20, reply() + b"\0\xff")], GOOD, {"noise": 1})
    check_recovers([(20, reply()), (48, b"\x01\x04")], GOOD, {"noise": 1})


def test_noise_alone_is_no_answer():
    check_recovers([(20, b"\x37" * 30)], "timeout", {"noise": 1})


def test_a_late_reply_is_never_the_answer_to_the_next_request():
    for late_ms in (545, 560, 700, 900, 1000, 1040):
        check_recovers([(late_ms, reply())], "timeout", {"late": 1})


def test_a_late_reply_of_another_length_is_skipped_within_the_read():
    async def main():
        return [await bench.read(count=6), await bench.read()]

    def answer(request, number):
        return [(1200, reply(bytes(12)))] if number == 1 else [(200, reply())]

    bench = Bench(answer)
    assert run(main()) == ["timeout", GOOD]
    assert bench.counts() == {"timeout": 1, "ok": 1, "late": 1}


# Somebody else asks our unit for as many registers, and the answer looks like one to us.
FOREIGN = sealed(b"\x01\x04\x00\x40\x00\x0c")
WRONG = reply(bytes(24))


# Whatever is heard in the first exchange, no read gives WRONG, and the last are right.
def check_foreign(first):
    async def main():
        for start in range(4):
            results.append(await bench.read(start=start))

    def answer(request, number):
        return first if number == 1 else [(20, reply(OTHER))]

    results = []
    bench = Bench(answer)
    run(main())
    assert results[2:] == [OTHER, OTHER] and bytes(24) not in results, results
    return results[:2]


def test_an_answer_behind_a_request_of_somebody_else_is_not_believed():
    assert check_foreign([(12, FOREIGN), (40, WRONG)]) == ["noise", OTHER]
    assert check_foreign([(12, FOREIGN), (40, WRONG + reply())]) == ["noise", OTHER]


def test_an_answer_that_somebody_else_waits_for_is_not_taken_by_the_next_read():
    for at_ms in (50, 80, 200):
        assert check_foreign([(20, reply() + FOREIGN), (at_ms, WRONG)]) == [GOOD, "noise"]
    check_foreign([(20, reply()), (44, FOREIGN), (80, WRONG)])


def test_an_answer_to_a_request_of_somebody_else_that_was_heard_in_parts_is_not_believed():
    for cut in range(1, 8):
        check_foreign([(20, reply() + FOREIGN[:cut]), (60, FOREIGN[cut:] + WRONG)])


def test_a_request_of_somebody_else_with_its_answer_keeps_nobody_waiting():
    async def main():
        assert await bench.read() == GOOD
        before = bench.port.now
        assert await bench.read() == GOOD
        return bench.port.now - before

    bench = Bench(lambda request, number: [(20, reply()), (20, FOREIGN + WRONG)])
    assert run(main()) < 100


def test_a_silence_is_never_shorter_than_asked_for_by_parts_of_a_millisecond():
    async def main():
        for _ in range(2):
            await bench.read()

    bench = Bench(lambda request, number: [(20, reply())])
    run(main())
    assert bench.port.written[1][0] - bench.port.first_heard >= 4 + 1


def test_a_mangled_reply_does_not_open_the_door_for_other_registers():
    async def main():
        return [await bench.read(start=100), await bench.read()]

    def answer(request, number):
        if number == 1:
            return [(20, reply(OTHER)[:9]), (300, reply(OTHER))]
        return [(20, reply())]

    bench = Bench(answer)
    assert run(main()) == ["truncated", GOOD]


def test_a_read_that_is_cancelled_leaves_the_line_usable():
    async def main(after):
        task = asyncio.create_task(bench.read())
        for _ in range(after):
            await asyncio.sleep(0)
        task.cancel()
        try:
            await task
        except asyncio.CancelledError:
            pass
        return await bench.read(start=0)

    def answer(request, number):
        return [(150, reply())] if request == REQUEST else [(20, reply(OTHER))]

    for after in range(1, 7):
        bench = Bench(answer)
        assert run(main(after)) == OTHER, after


def test_tasks_that_share_the_line_take_turns():
    async def worker(start):
        for _ in range(5):
            results.append((start, await bench.read(start=start)))

    async def main():
        await asyncio.gather(*(worker(start) for start in (0, 6, 12)))

    def answer(request, number):
        return [(20, reply(bytes((request[3],)) * 24))]

    results = []
    bench = Bench(answer)
    run(main())
    assert len(results) == 15
    assert all(data == bytes((start,)) * 24 for start, data in results)


def test_between_frames_there_are_three_and_a_half_characters():
    for baud, stop, gap_ms in ((9600, 1, 3.6), (1200, 2, 32), (19200, 1, 1.8), (115200, 1, 1.75)):
        _, bench = twice([(20, reply())], baud=baud, stop=stop)
        assert bench.port.written[1][0] - bench.port.first_heard >= gap_ms, baud


def test_the_pause_a_meter_asks_for_is_kept():
    async def main():
        for _ in range(3):
            await bench.read(pause_ms=60)

    answered = []

    def answer(request, number):
        answered.append(bench.port.now + 30)
        return [(30, reply())]

    bench = Bench(answer)
    run(main())
    sent = [at for at, _ in bench.port.written]
    assert all(later - before >= 60 for before, later in zip(answered, sent[1:]))


def test_a_read_at_9600_baud_takes_few_sleeps_and_little_time():
    for latency_ms in (4, 20, 35, 60, 120):
        results, bench = twice([(9 + latency_ms, reply())], character_ms=1.0417)
        written = bench.port.written[1][0]
        assert results == [GOOD, OTHER]
        assert written <= 9 + latency_ms + 31 + 20, (latency_ms, written)
        assert bench.port.sleeps <= 12, bench.port.sleeps


def test_a_line_that_is_never_silent_is_an_error_after_a_bounded_time():
    async def main():
        bench.port.send(0, b"\x2a" * 1000)
        return await bench.read(pause_ms=60)

    bench = Bench(lambda request, number: [], character_ms=1.0417)
    assert run(main()) == "noise"
    assert bench.port.now <= 700 and not bench.port.written


def test_a_port_that_is_gone_is_closed_and_opened_again_every_half_second():
    async def main():
        assert await bench.read() == GOOD
        bench.port.gone = bench.port.absent = True
        while bench.port.now < 5000:
            assert await bench.read() == "gone"
        bench.port.absent = False
        since = bench.port.now
        assert await bench.read() == GOOD
        return bench.port.now - since

    bench = Bench(lambda request, number: [(20, reply())])
    assert run(main()) < 700
    opened = bench.port.opened
    assert bench.port.closed == 1 and len(opened) >= 9
    assert min(opened[i + 1] - opened[i] for i in range(1, len(opened) - 1)) >= 500
    assert "no such device" in str(bench.error)


def test_a_port_that_goes_in_mid_read_is_gone_at_once():
    async def main():
        task = asyncio.create_task(bench.read())
        for _ in range(3):
            await asyncio.sleep(0)
        bench.port.gone = True
        assert await task == "gone"
        return await bench.read()

    bench = Bench(lambda request, number: [(100, reply())])
    assert run(main()) == GOOD


def test_a_write_error_is_a_line_that_is_gone():
    async def main():
        bench.port.stuck = True
        assert [await bench.read(), await bench.read()] == ["gone", "gone"]
        bench.port.stuck = False
        return await bench.read()

    bench = Bench(lambda request, number: [(20, reply())])
    assert run(main()) == GOOD
    assert bench.port.closed == 2 and bench.counts() == {"ok": 1, "gone": 2}


def test_a_line_that_was_idle_for_days_reads_at_once():
    async def main():
        assert await bench.read(timeout_ms=100) == "timeout"
        for _ in range(40):
            bench.port.now += 5 * 3600 * 1000
            before = bench.port.now
            assert await bench.read() == GOOD
            assert bench.port.now - before < 200

    bench = Bench(lambda request, number: [] if number == 1 else [(20, reply())])
    run(main())


def test_a_request_that_cannot_be_is_refused_by_name():
    def read(*arguments):
        return run(bench.line.read_registers(*arguments))

    bench = Bench(lambda request, number: [])
    raises(
        ValueError,
        "unit 0, function 4, 1 registers from 0: expected unit 1..247",
        read,
        0,
        4,
        0,
        1,
    )
    raises(ValueError, "unit 248", read, 248, 4, 0, 1)
    raises(ValueError, "function 6", read, 1, 6, 0, 1)
    raises(ValueError, "126 registers from 0", read, 1, 4, 0, 126)
    raises(ValueError, "2 registers from 65535", read, 1, 4, 65535, 2)


def test_a_line_error_says_what_was_asked():
    _, bench = twice([])
    error = bench.error
    assert isinstance(error, rtu.LineError) and isinstance(error, OSError)
    assert str(error) == "unit 1, function 4, 12 registers from 6: timeout"


def test_a_line_that_was_closed_opens_its_port_with_the_next_read():
    async def main():
        first = await bench.read()
        bench.line.close()
        bench.line.close()
        return first, bench.port.closed, await bench.read()

    bench = Bench(lambda request, number: [(20, reply())])
    assert run(main()) == (GOOD, 1, GOOD)
    assert len(bench.port.opened) == 2
