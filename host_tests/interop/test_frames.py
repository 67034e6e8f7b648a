"""Our bytes against those of two Modbus libraries: pymodbus, and umodbus with its own line.

What we send has to be theirs, byte for byte; what they answer has to be read as they meant it. The
line is in virtual time, so that hundreds of requests take no time.
"""

import sys
import time
from types import SimpleNamespace

import pytest
from both import run
from hypothesis import given, settings
from hypothesis import strategies as st
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.pdu import register_message as messages
from wire import Bench

UNITS = st.integers(1, 247)
FUNCTIONS = st.sampled_from((3, 4))
WORDS = st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125)
REQUESTS = {3: messages.ReadHoldingRegistersRequest, 4: messages.ReadInputRegistersRequest}
REPLIES = {3: messages.ReadHoldingRegistersResponse, 4: messages.ReadInputRegistersResponse}
PYMODBUS = FramerRTU(DecodePDU(True))


class Uart:
    """A `machine.UART` that keeps what umodbus sends."""

    def __init__(self, *arguments, **options):
        self.sent = b""

    def write(self, frame):
        self.sent = bytes(frame)

    def flush(self):
        pass


# Hypothesis calls a test many times, so what umodbus needs of MicroPython is there for the module.
@pytest.fixture(scope="module")
def umodbus():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(sys.modules, "machine", SimpleNamespace(UART=Uart, Pin=None))
        patch.setattr(time, "sleep_us", lambda us: None, raising=False)
        patch.setattr(time, "ticks_us", lambda: 0, raising=False)
        patch.delitem(sys.modules, "umodbus.serial", raising=False)  # of a test before
        from umodbus.serial import Serial

        yield Serial(pins=(1, 2))
        sys.modules.pop("umodbus.serial")


def places(words):
    return st.integers(0, 65536 - len(words))


def asked(unit, function, start, count, answer=b""):
    """(the frame that we send, what is made of the answer)."""
    bench = Bench(lambda frame, number: [(20, answer)] if answer else [])
    result = run(bench.read(unit, function, start, count))
    return bench.port.written[0][1], result, bench


@settings(max_examples=300, deadline=None)
@given(UNITS, FUNCTIONS, st.integers(1, 125), st.data())
def test_requests_are_those_of_both_libraries_byte_for_byte(umodbus, unit, function, count, data):
    from umodbus import functions

    start = data.draw(st.integers(0, 65536 - count))
    ours, _, _ = asked(unit, function, start, count)
    theirs = REQUESTS[function](address=start, count=count, dev_id=unit)
    assert ours == PYMODBUS.buildFrame(theirs)
    build = {3: functions.read_holding_registers, 4: functions.read_input_registers}[function]
    umodbus._send(build(start, count), unit)
    assert ours == umodbus._uart.sent


@settings(max_examples=300, deadline=None)
@given(UNITS, FUNCTIONS, WORDS, st.data())
def test_what_both_libraries_answer_is_read_as_they_meant_it(umodbus, unit, function, words, data):
    start = data.draw(places(words))
    reply = PYMODBUS.buildFrame(REPLIES[function](registers=words, dev_id=unit))
    umodbus.send_response(unit, function, start, len(words), [], words, signed=False)
    assert reply == umodbus._uart.sent
    _, result, _ = asked(unit, function, start, len(words), reply)
    assert result == b"".join(word.to_bytes(2, "big") for word in words)


@pytest.mark.parametrize("function", [3, 4])
@pytest.mark.parametrize("code", [1, 2, 3, 4, 5, 6, 8, 10, 11])
def test_their_exceptions_are_ours_with_the_code(umodbus, function, code):
    reply = PYMODBUS.buildFrame(ExceptionResponse(function, code, device_id=17))
    umodbus.send_exception_response(17, function, code)
    assert reply == umodbus._uart.sent
    _, result, bench = asked(17, function, 6, 12, reply)
    assert result == "exception"
    assert f"exception {code}" in str(bench.error)


@settings(max_examples=300, deadline=None)
@given(UNITS, FUNCTIONS, WORDS, st.data())
def test_what_pymodbus_refuses_as_damaged_we_refuse_too(unit, function, words, data):
    reply = bytearray(PYMODBUS.buildFrame(REPLIES[function](registers=words, dev_id=unit)))
    place = data.draw(st.integers(0, 8 * len(reply) - 1))
    reply[place // 8] ^= 1 << place % 8
    _, result, _ = asked(unit, function, 0, len(words), bytes(reply))
    assert isinstance(result, str)
