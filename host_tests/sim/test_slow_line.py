"""The line at its own end and, opened by name, at the other."""

import os
import select
import time

import pytest
from amprail_tools.sim.slow_line import FAULTS, SlowLine

REQUEST = bytes(range(8))
REPLY = bytes(range(100, 129))


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

    def read(self, count, timeout_s=0.5):
        """Up to count bytes, and when the first and the last came."""
        data, first, now = b"", None, time.monotonic()
        end = now + timeout_s
        while len(data) < count and now < end:
            if select.select([self.file], [], [], end - now)[0]:
                data += os.read(self.file, count - len(data))
                first = first or time.monotonic()
            now = time.monotonic()
        return data, first, now


@pytest.mark.parametrize(("baud", "bits"), [(9600, 10), (9600, 11), (19200, 10), (1200, 10)])
def test_a_reply_takes_as_long_as_on_a_wire(thread, make, baud, bits):
    line = make(baud, bits)
    with Opened(line.path) as other:
        begin = time.monotonic()
        thread.call(line.reply, REQUEST, REPLY)
        data, first, last = other.read(len(REPLY))
    wire_s = len(REPLY) * bits / baud
    assert data == REPLY
    assert last - begin >= wire_s - 0.001
    assert last - begin < wire_s + 0.5
    assert wire_s < 0.2 or last - first > wire_s / 4  # not all at once


def test_a_request_is_heard_when_its_last_bit_is_through(thread, make):
    line, heard = make(2400, 10), []
    line.receive = lambda data: heard.append((data, time.monotonic()))
    with Opened(line.path) as other:
        begin = time.monotonic()
        os.write(other.file, REQUEST)
        while not heard and time.monotonic() < begin + 1:
            time.sleep(0.001)
    assert heard[0][0] == REQUEST
    assert 0.033 <= heard[0][1] - begin < 0.08


def test_it_can_be_opened_again_and_again(thread, make):
    line = make(115200)
    for _ in range(3):
        with Opened(line.path) as other:
            thread.call(line.send, b"abc")
            assert other.read(3)[0] == b"abc"


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
        assert other.read(3)[0] == b"abc"


AFTER_FAULT = {
    "lost": b"",
    "truncated": REPLY[:14],
    "echo": REQUEST + REPLY,
    "leading_zero": b"\0" + REPLY,
}


@pytest.mark.parametrize("kind", AFTER_FAULT)
def test_a_fault_changes_one_reply_and_not_the_next(thread, make, kind):
    line = make(115200)
    with Opened(line.path) as other:
        thread.call(line.fault, kind)
        thread.call(line.reply, REQUEST, REPLY)
        assert other.read(99, 0.05)[0] == AFTER_FAULT[kind]
        thread.call(line.reply, REQUEST, REPLY)
        assert other.read(99, 0.05)[0] == REPLY


def test_damage_and_noise_are_what_they_are_called(thread, make):
    line = make(115200)
    got = {}
    with Opened(line.path) as other:
        for kind in FAULTS:
            thread.call(line.fault, kind)
            thread.call(line.reply, REQUEST, REPLY)
            got[kind] = other.read(99, 0.05)[0]
    different = sum(a != b for a, b in zip(got["corrupted"], REPLY, strict=True))
    assert different == 1
    assert len(got["byte_lost"]) == len(REPLY) - 1
    assert got["noise_before"].endswith(REPLY)
    assert got["noise_after"].startswith(REPLY)
    assert len(got["noise_before"]) == len(got["noise_after"]) == len(REPLY) + 3


def test_a_late_reply_comes_late(thread, make):
    line = make(115200)
    with Opened(line.path) as other:
        thread.call(line.fault, "late", 1, 0.2)
        thread.call(line.reply, REQUEST, REPLY)
        assert other.read(99, 0.1)[0] == b""
        assert other.read(99, 0.2)[0] == REPLY


def test_an_unknown_fault_is_refused(make):
    with pytest.raises(ValueError, match="gremlin"):
        make(9600).fault("gremlin")
