# Iskra's numbers: a decimal exponent and a mantissa.

import struct

from both import raises, run
from modbus.decode import Meter, Reading
from modbus.maps import load
from modbus.meters.iskra_wm3m4 import t5, t6
from modbus.rtu import LineError

ABCD = (0, 1, 2, 3)
MOST_MA = 10000000


def encoded(mantissa, exponent):
    return struct.pack(">I", (exponent & 0xFF) << 24 | mantissa & 0xFFFFFF)


def ma(mantissa, exponent):
    return t5(b"??" + encoded(mantissa, exponent), 2, ABCD, 1000, MOST_MA // 1000)


def watt(mantissa, exponent):
    return t6(encoded(mantissa, exponent), 0, ABCD, 1, 3000000)


def test_a_number_is_its_mantissa_times_ten_to_its_exponent():
    assert encoded(123456, -3) == b"\xfd\x01\xe2\x40"
    assert ma(123456, -3) == 123456
    assert ma(123456, -4) == 12346
    assert ma(16, 0) == 16000
    assert ma(1600, -2) == 16000
    assert ma(63, 2) == 6300000
    assert ma(0, 0) == ma(0, 9) == ma(0, -9) == 0
    assert ma(0xFFFFFF, -6) == 16777
    assert ma(5, -4) == 1 and ma(4, -4) == 0
    assert watt(-58, 0) == -58 and watt(-13800, -1) == -1380
    assert watt(6900123, -3) == 6900 and watt(-6900501, -3) == -6901
    assert watt(-0x800000, -1) == -838861 and watt(0x7FFFFF, -1) == 838861


def test_a_number_that_cannot_be_is_none():
    for mantissa, exponent in ((1, 5), (0xFFFFFF, 0), (10001, 0), (1, 9), (1, 10), (0, -10)):
        assert ma(mantissa, exponent) is None, (mantissa, exponent)
    for exponent in (-128, -10, 10, 127):
        assert watt(1, exponent) is watt(-1, exponent) is None
    assert watt(-3000001, 0) is None and watt(3, 7) is None


def test_every_exponent_and_many_mantissas_agree_with_whole_numbers():
    state = 7
    for exponent in range(-9, 10):
        for _ in range(40):
            state = (state * 1103515245 + 12345) & 0x3FFFFFFF
            mantissa = state >> 6 >> (state % 24)
            up, down = 10 ** max(exponent + 3, 0), 10 ** max(-exponent - 3, 0)
            exact = (mantissa * up + down // 2) // down
            assert ma(mantissa, exponent) == (exact if exact <= MOST_MA else None)


class Device:
    def __init__(self, volts=2301):
        self.volts = volts
        self.words = {}
        for phase in range(3):
            self.put(107 + 2 * phase, encoded(volts, -1))
            self.put(126 + 2 * phase, encoded((165000, 25, 3)[phase], (-4, -2, 1)[phase]))
            self.put(142 + 2 * phase, encoded((3795, -58, -69)[phase], (0, 0, 2)[phase]))

    def put(self, register, data):
        self.words[register], self.words[register + 1] = data[:2], data[2:]

    async def read_registers(self, unit, function, start, count, pause_ms):
        assert unit == 33 and function == 4
        return b"".join([self.words.get(start + at, b"\0\0") for at in range(count)])

    def count(self, kind):
        assert kind == "value"


def test_a_wm3m4_is_read():
    reading = Reading()
    run(Meter(Device(), load("iskra_wm3m4"), 33).read(reading))
    assert list(reading.phase_ma) == [16500, -250, -30000]
    assert list(reading.phase_w) == [3795, -58, -6900]


def test_its_voltages_and_its_wrong_numbers_are_no_reading():
    read = Meter(Device(1200), load("iskra_wm3m4"), 33).read
    raises(LineError, "L1 is at 120 V", run, read(Reading()))
    broken = Device()
    broken.put(128, encoded(1, 99))
    read = Meter(broken, load("iskra_wm3m4"), 33).read
    raises(LineError, "register 128 is 63000001, expected a number", run, read(Reading()))
