"""The simulated meter as an independent client reads it, most of all the SDM630."""

import json
import os
import time
from statistics import mean, stdev

import pytest
from amprail_tools.sim.meter import Meter
from amprail_tools.sim.meter_registers import SURVEY, registers_of
from amprail_tools.sim.slow_line import SlowLine
from pymodbus.client import ModbusSerialClient
from pymodbus.exceptions import ModbusIOException


class Bench:
    """A meter at 38400 baud with a client at it; `truth` is the current."""

    def __init__(self, thread):
        self.thread = thread
        self.truth = [10000, -5000, 0]
        self.line = SlowLine(38400)
        self.meter = Meter(self.line, lambda: self.truth, refresh_s=0.3, noise_a=0)
        self.meter.latency_s = (0.005, 0.01)
        thread.call(self._start)
        self.client = None

    async def _start(self):
        self.line.start()
        self.meter.start()

    def connect(self):
        self.client = ModbusSerialClient(
            self.line.path, baudrate=38400, parity="N", timeout=1.5, retries=0
        )
        assert self.client.connect()

    def stop(self):
        if self.client:
            self.client.close()
        self.thread.call(self.meter.stop)
        self.thread.call(self.line.stop)

    def floats(self, address=6, count=12):
        reply = self.client.read_input_registers(address, count=count, device_id=1)
        assert not reply.isError(), reply
        return self.client.convert_from_registers(reply.registers, self.client.DATATYPE.FLOAT32)


@pytest.fixture
def bench(thread):
    bench = Bench(thread)
    try:
        bench.connect()
        yield bench
    finally:
        bench.stop()


def test_currents_are_rms_and_powers_have_the_sign(bench):
    values = bench.floats()
    assert values[:3] == pytest.approx([10, 5, 0], abs=0.001)
    assert values[3] == pytest.approx(2300, rel=0.01)
    assert values[4] == pytest.approx(-1150, rel=0.01)
    assert values[5] == pytest.approx(0, abs=0.1)


def test_voltages_stand_before_the_currents(bench):
    volts = bench.floats(0, 6)
    assert all(228 < volt < 232 for volt in volts)
    assert min(volts) != max(volts)


def test_values_change_at_a_refresh_only(bench):
    before = bench.floats()
    bench.truth = [20000, 20000, 20000]
    deadline = time.monotonic() + 1
    seen = [before]
    while time.monotonic() < deadline and seen[-1][0] < 15:
        values = bench.floats()
        if values != seen[-1]:
            seen.append(values)
    assert len(seen) <= 3  # at most one refresh before the truth changed
    assert seen[-1][:3] == pytest.approx([20, 20, 20], abs=0.001)


def test_noise_stays_within_its_bound_and_is_there(bench):
    bench.meter.noise_a = 0.3
    amperes = []
    for _ in range(20):
        bench.thread.call(bench.meter.refresh)
        amperes.append(bench.floats()[0])
    assert all(9.7 <= ampere <= 10.3 for ampere in amperes)
    assert max(amperes) - min(amperes) > 0.1


def test_gaussian_noise_has_the_deviation_asked_for(bench):
    bench.meter.noise_a, bench.meter.gaussian = 0.3, True
    amperes = []
    for _ in range(2000):
        bench.thread.call(bench.meter.refresh)
        amperes.append(bench.meter.shown_ma[0] / 1000)
    assert mean(amperes) == pytest.approx(10, abs=0.05)
    assert stdev(amperes) == pytest.approx(0.3, rel=0.1)


def test_what_it_told_and_when_is_noted(bench):
    bench.meter.told.clear()
    before = time.monotonic()
    bench.floats()
    (at, phase_ma), after = bench.meter.told[-1], time.monotonic()
    assert before < at < after
    assert phase_ma == bench.truth


def test_another_address_gets_no_answer(bench):
    with pytest.raises(ModbusIOException):
        bench.client.read_input_registers(6, count=12, device_id=2)
    assert bench.meter.requests == 0


def test_registers_that_do_not_exist_are_an_exception(bench):
    reply = bench.client.read_input_registers(5000, count=2, device_id=1)
    assert reply.exception_code == 2


def test_a_function_that_it_has_not_is_an_exception(bench):
    reply = bench.client.read_fifo_queue(address=0, device_id=1)
    assert reply.exception_code == 1


def test_the_meter_code_is_that_of_an_sdm630(bench):
    assert bench.client.read_holding_registers(0xFC02, count=1, device_id=1).registers == [0x70]


def test_a_silent_meter_says_nothing_until_it_is_back(bench):
    bench.meter.silence(True)
    with pytest.raises(ModbusIOException):
        bench.client.read_input_registers(6, count=12, device_id=1)
    bench.meter.silence(False)
    assert bench.floats()[0] == pytest.approx(10, abs=0.001)


def test_a_broken_request_does_not_spoil_the_next(bench):
    with open(bench.line.path, "wb", buffering=0) as other:
        os.write(other.fileno(), bytes([1, 4, 0, 6]))
        time.sleep(0.02)
    assert bench.floats()[0] == pytest.approx(10, abs=0.001)


def test_a_damaged_reply_is_no_reply_to_the_client(bench):
    bench.thread.call(bench.line.fault, "corrupted")
    with pytest.raises(ModbusIOException):
        bench.client.read_input_registers(6, count=12, device_id=1)
    assert bench.floats()[0] == pytest.approx(10, abs=0.001)


def test_it_answers_again_when_the_line_was_pulled_and_put_back(bench):
    bench.client.close()
    bench.thread.call(bench.line.unplug)
    bench.thread.call(bench.line.plug_in)
    assert bench.client.connect()
    assert bench.floats()[0] == pytest.approx(10, abs=0.001)


def test_every_meter_of_the_survey_with_currents_can_be_played():
    meters = json.loads(SURVEY.read_text())
    playable = [meter for meter in meters if meter["sign_from"] != "none"]
    assert len(playable) >= 30
    for meter in playable:
        registers_of(meter["id"], 2).device(1)


@pytest.mark.parametrize("name", ["nonesuch", "eastron_sdm72dm"])
def test_another_type_is_refused_by_name(name):
    with pytest.raises(ValueError, match=rf"meter type '{name}': expected one of .*cg_em24"):
        registers_of(name)
