# Mangled replies by the thousand: whatever comes, no wrong value is accepted.

from both import run
from chance import Chance
from wire import GOOD, Bench, reply, sealed

REQUEST = b"\x01\x04\x00\x06\x00\x0c\x10\x0e"


# Things a line may carry that are not the answer; none holds the answer.
def junk(chance):
    wrong = bytes(24)
    broken = bytearray(reply(wrong))
    broken[chance.below(len(broken))] ^= 1 << chance.below(8)
    return (
        bytes(broken),
        reply(wrong)[: chance.below(29)],
        reply(wrong, unit=2),
        reply(wrong, function=3),
        reply(wrong[:22]),
        sealed(b"\x02\x84\x02"),
        REQUEST,
        REQUEST[: chance.below(8)],
        b"\x01\x04\x18" * chance.below(30),
        b"\0" * chance.below(5),
        chance.some(400),
    )[chance.below(11)]


def answer_of(chance):
    def answer(request, number):
        coming = [(chance.below(300), junk(chance)) for _ in range(chance.below(4))]
        if number % 2 == 0:
            # The good one is clear of what comes before by a silence, as the slave sees to it.
            coming = [(0, content) for _, content in coming[:1] if len(content) < 30]
            coming.append((40, reply()))
        return coming

    return answer


def check(seeds, character_ms):
    async def main():
        before = 0
        for number in range(1, 21):
            result = await bench.read(pause_ms=60)
            assert result == GOOD or isinstance(result, str), (seed, number, result)
            good[number % 2] += result == GOOD
            assert bench.port.now - before < 3500, (seed, number)
            before = bench.port.now

    good = [0, 0]
    for seed in seeds:
        bench = Bench(answer_of(Chance(seed)), character_ms=character_ms)
        run(main())
    return good


def test_no_wrong_value_is_ever_accepted_in_lumps():
    good = check(range(60), 0)
    assert good[1] == 0 and good[0] > 300


def test_no_wrong_value_is_ever_accepted_character_by_character():
    good = check(range(100, 130), 1.0417)
    assert good[1] == 0 and good[0] > 100
