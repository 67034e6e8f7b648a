"""Our frames against those of two Modbus implementations that are not ours."""

import importlib
import random
import sys
from types import SimpleNamespace

import pytest
from both import run
from modbus.rtu import crc16
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    ReadInputRegistersResponse,
)
from umodbus import functions
from wire import Bench, reply

CASES = [
    (random.Random(seed).randint(1, 247), 3 + seed % 2, start, count)
    for seed, (start, count) in enumerate(
        [(6, 12), (0, 1), (65535, 1), (0x5B0C, 16), (0, 125), (0x1806, 12), (0xFF00, 125)]
    )
]


def sent(case: tuple) -> bytes:
    """What our line writes to ask for this."""
    bench = Bench(lambda request, number: [])
    run(bench.read(*case))
    return bench.port.written[0][1]


@pytest.fixture
def umodbus_frame(monkeypatch):
    """umodbus' own sender, with a UART that keeps what is written."""
    written = []
    uart = SimpleNamespace(write=lambda frame: written.append(bytes(frame)))
    monkeypatch.setitem(sys.modules, "machine", SimpleNamespace(UART=None, Pin=None))
    clock = SimpleNamespace(ticks_us=lambda: 0, sleep_us=lambda us: None)
    clock.ticks_diff = lambda later, earlier: later - earlier
    serial = importlib.import_module("umodbus.serial")
    monkeypatch.setattr(serial, "time", clock)
    monkeypatch.setattr(serial, "UART", lambda *arguments, **options: uart)
    sender = serial.Serial(pins=(1, 2))

    def frame(pdu, unit):
        sender._send(pdu, unit)
        return written.pop()

    return frame


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_what_umodbus_sends(umodbus_frame, case):
    unit, function, start, count = case
    build = {3: functions.read_holding_registers, 4: functions.read_input_registers}[function]
    assert sent(case) == umodbus_frame(build(start, count), unit)


@pytest.mark.parametrize("case", CASES)
def test_a_request_is_what_pymodbus_sends(case):
    unit, function, start, count = case
    kind = {3: ReadHoldingRegistersRequest, 4: ReadInputRegistersRequest}[function]
    pdu = kind(address=start, count=count, dev_id=unit)
    assert sent(case) == FramerRTU(DecodePDU(False)).buildFrame(pdu)


def test_a_reply_of_the_tests_is_what_pymodbus_answers():
    registers = [0x0102 + 0x0202 * i for i in range(12)]
    pdu = ReadInputRegistersResponse(registers=registers, dev_id=1)
    assert reply() == FramerRTU(DecodePDU(True)).buildFrame(pdu)


def test_the_crc_agrees_with_pymodbus_on_anything():
    chance = random.Random(1)
    for _ in range(300):
        data = chance.randbytes(chance.randint(0, 255))
        crc = crc16(data, 0, len(data))
        assert crc.to_bytes(2, "big") == FramerRTU.compute_CRC(data).to_bytes(2, "big") or (
            crc.to_bytes(2, "little") == FramerRTU.compute_CRC(data).to_bytes(2, "big")
        )
