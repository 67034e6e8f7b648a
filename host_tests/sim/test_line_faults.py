"""The virtual line beside the real one: the same faults, on a pty at real speed."""

import asyncio
import os
import random

import pytest
from amprail_tools import line_stress
from amprail_tools.sim.meter import Meter
from amprail_tools.sim.slow_line import SlowLine

line_stress.use_bench_device()
from line_faults import REPLY  # noqa: E402
from modbus import rtu  # noqa: E402

from clock import now_ms  # noqa: E402

START, COUNT = 0, 12

# What a read may give that is damaged so; "ok" where the answer is still there. The virtual line
# must give nothing else, and the real one neither.
OUTCOMES = {
    "bit flips": {"crc", "timeout", "truncated", "unit", "function", "length", "noise"},
    "dropped bytes": {"truncated", "timeout", "crc", "noise"},
    "doubled bytes": {"crc", "timeout", "truncated", "length", "noise", "ok"},
    "noise": {"ok"},
    "silence": {"timeout"},
    "other unit": {"unit"},
    "other function": {"function", "timeout", "exception"},
    "other count": {"truncated", "crc", "length", "timeout", "noise"},
}


class Port:
    def __init__(self, path):
        self.file = os.open(path, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)

    def write(self, frame):
        os.write(self.file, frame)

    def readinto(self, view):
        try:
            return os.readv(self.file, [view]) or None
        except BlockingIOError:
            return None

    def close(self):
        os.close(self.file)


@pytest.fixture
def real_time(monkeypatch):
    monkeypatch.setattr(rtu, "now_ms", now_ms)
    monkeypatch.setattr(rtu, "sleep_ms", asyncio.sleep_ms)


def check(kind, data, sent):
    """The outcome; a value that is accepted is what the meter has just sent."""
    if isinstance(data, str):
        return data
    assert data == sent[-1], (kind, data, sent[-1])
    return "ok"


async def outcomes(kind, baud, times):
    line, found, ports = SlowLine(baud), [], []
    line.start()
    meter = Meter(line, lambda: [5000, 6000, 7000], refresh_s=0.01)
    meter.latency_s = (0.002, 0.01)
    meter.start()
    sent, chance, damaged = [], random.Random(1), []

    def reply(request, frame):
        sent.append(frame[3:-2])
        pieces = [(0, frame)]
        if damaged:
            pieces = REPLY[damaged.pop()](request, frame, chance, line_stress.Unit().seal)
        for _, data in pieces:
            line.send(data)

    line.reply = reply
    ports.append(Port(line.path))
    master = rtu.Line(lambda: ports[0], baud)
    for number in range(2 * times):
        damaged[:] = [] if number % 2 else [kind]
        try:
            data = bytes(await master.read_registers(1, 4, START, COUNT, 800))
        except rtu.LineError as error:
            data = error.kind
        found.append(check(kind, data, sent))
    ports[0].close()
    meter.stop()
    line.stop()
    return found


@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_real_line_does_with_a_fault_what_the_virtual_one_does(real_time, kind):
    found = asyncio.run(outcomes(kind, 19200, 2))
    assert set(found[::2]) <= OUTCOMES[kind], found
    assert set(found[1::2]) == {"ok"}, found


@pytest.mark.parametrize("kind", OUTCOMES)
def test_the_virtual_line_gives_no_other_outcomes(kind):
    kinds = line_stress.stress(kind, 100, (19200, "N", 0), 300)["kinds"]
    assert set(kinds) <= OUTCOMES[kind] | {"ok"}
