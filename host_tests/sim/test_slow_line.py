"""The line at its own end and, opened by name, at the other.

What takes time is measured by the clock of the line's own loop, which jumps to the next moment at
which something is due; so a busy machine changes nothing.
"""

import asyncio
import os
import select
import selectors

import pytest
from amprail_tools.sim.slow_line import FAULTS, SlowLine

REQUEST = bytes(range(8))
REPLY = bytes(range(100, 129))
MARK = b"the end"


@pytest.fixture
def make(thread):
    lines = []

    def make_line(*kind):
        lines.append(SlowLine(*kind))
        thread.call(lines[-1].start)
        return lines[-1]

    yield make_line
    for line in lines:
        thread.call(line.stop)
        assert not os.path.lexists(line.path)


class Opened:
    """The other end, as the firmware has it."""

    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def __enter__(self):
        return self

    def __exit__(self, *error):
        os.close(self.file)

    def read(self, count):
        """So many bytes, whenever they come."""
        data = b""
        while len(data) < count and select.select([self.file], [], [], 10)[0]:
            data += os.read(self.file, count - len(data))
        return data

    def read_until_mark(self):
        """What comes before MARK."""
        data = b""
        while not data.endswith(MARK) and select.select([self.file], [], [], 10)[0]:
            data += os.read(self.file, 1)
        assert data.endswith(MARK)
        return data[: -len(MARK)]


class Jumping(asyncio.SelectorEventLoop):
    """A loop whose time passes only when nothing else is left to do."""

    def __init__(self):
        self.now = 0.0
        super().__init__(self.Selector(self))

    def time(self):
        return self.now

    class Selector(selectors.DefaultSelector):
        def __init__(self, loop):
            super().__init__()
            self.loop = loop

        def select(self, timeout=None):
            ready = super().select(0 if timeout else timeout)
            if timeout and not ready:
                self.loop.now += timeout
            return ready


@pytest.fixture
def jumping():
    loop = Jumping()
    yield loop
    loop.close()


KINDS_OF_LINE = [(9600, 10), (9600, 11), (19200, 10), (1200, 10)]


@pytest.mark.parametrize(("baud", "bits"), KINDS_OF_LINE)
def test_each_byte_of_a_reply_comes_when_a_uart_would_bring_it(jumping, baud, bits):
    written = []

    async def main():
        line = SlowLine(baud, bits)
        line.start()
        with pytest.MonkeyPatch.context() as patch, Opened(line.path) as other:
            patch.setattr(os, "write", lambda file, data: written.append((data[:], jumping.now)))
            line.reply(REQUEST, REPLY)
            assert line.sent_until == pytest.approx(len(REPLY) * bits / baud)
            await asyncio.sleep(1)
            patch.undo()
            for data, _ in written:
                os.write(line._master, data)
            assert other.read(len(REPLY)) == REPLY
        line.stop()

    jumping.run_until_complete(main())
    assert b"".join(data for data, _ in written) == REPLY
    moments = [moment * baud / bits for _, moment in written]
    assert moments == pytest.approx(range(1, len(REPLY) + 1))


def test_a_request_is_heard_when_its_last_bit_is_through(jumping):
    async def main():
        line, heard = SlowLine(2400, 10), jumping.create_future()
        line.receive = lambda data: heard.set_result((data, jumping.now))
        line.start()
        with Opened(line.path) as other:
            os.write(other.file, REQUEST)
            result = await heard
        line.stop()
        return result

    data, moment = jumping.run_until_complete(main())
    assert data == REQUEST
    assert moment == pytest.approx(len(REQUEST) * 10 / 2400)


def test_it_can_be_opened_again_and_again(thread, make):
    line = make(115200)
    for _ in range(3):
        with Opened(line.path) as other:
            thread.call(line.send, b"abc")
            assert other.read(3) == b"abc"


def test_unplugged_the_name_is_gone_and_the_open_end_hangs_up(thread, make):
    line = make(115200)
    with Opened(line.path) as other:
        thread.call(line.unplug)
        with pytest.raises(OSError, match="Input/output"):
            os.write(other.file, b"x")
        assert not os.path.lexists(line.path)
        thread.call(line.send, b"nobody hears this")


def test_plugged_in_again_it_has_the_same_name_and_works(thread, make):
    line = make(115200)
    path = line.path
    for _ in range(2):
        thread.call(line.unplug)
        thread.call(line.plug_in)
    assert line.path == path
    with Opened(path) as other:
        thread.call(line.send, b"abc")
        assert other.read(3) == b"abc"


AFTER_FAULT = {
    "lost": b"",
    "truncated": REPLY[:14],
    "echo": REQUEST + REPLY,
    "leading_zero": b"\0" + REPLY,
}


def answer(thread, line, kind=None, *options):
    """A reply, with a fault if any, and MARK behind it, all sent at one moment."""

    def send():
        if kind:
            line.fault(kind, *options)
        line.reply(REQUEST, REPLY)
        line.send(MARK)

    thread.call(send)


@pytest.mark.parametrize("kind", AFTER_FAULT)
def test_a_fault_changes_one_reply_and_not_the_next(thread, make, kind):
    line = make(115200)
    with Opened(line.path) as other:
        answer(thread, line, kind)
        assert other.read_until_mark() == AFTER_FAULT[kind]
        answer(thread, line)
        assert other.read_until_mark() == REPLY


def test_damage_and_noise_are_what_they_are_called(thread, make):
    line = make(115200)
    got = {}
    with Opened(line.path) as other:
        for kind in FAULTS:
            answer(thread, line, kind)
            got[kind] = other.read_until_mark()
    different = sum(a != b for a, b in zip(got["corrupted"], REPLY, strict=True))
    assert different == 1
    assert len(got["byte_lost"]) == len(REPLY) - 1
    assert got["noise_before"].endswith(REPLY)
    assert got["noise_after"].startswith(REPLY)
    assert len(got["noise_before"]) == len(got["noise_after"]) == len(REPLY) + 3


def test_a_late_reply_comes_late(thread, make):
    line = make(115200)
    with Opened(line.path) as other:
        answer(thread, line, "late", 1, 0.2)
        assert other.read_until_mark() == b""
        assert other.read(len(REPLY)) == REPLY


def test_an_unknown_fault_is_refused(make):
    with pytest.raises(ValueError, match="gremlin"):
        make(9600).fault("gremlin")
