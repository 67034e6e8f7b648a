# From registers to readings.

import struct

from both import raises, run
from modbus import decode
from modbus.decode import Meter, Reading, float32
from modbus.maps import load
from modbus.rtu import LineError

ABCD = (0, 1, 2, 3)
CDAB = (2, 3, 0, 1)


class FakeLine:
    """An SDM630 with `data` from register 6 on, where its currents and powers are."""

    def __init__(self, data, volts=(230, 230, 230)):
        self.data = data
        self.volts = volts
        self.asked = None
        self.counted = []
        self.voltage_reads = 0

    async def read_registers(self, unit, function, start, count, pause_ms):
        if start == 0:
            self.voltage_reads += 1
            return memoryview(floats(*self.volts))
        self.asked = unit, function, start, count, pause_ms
        return memoryview(self.data)

    def count(self, kind):
        self.counted.append(kind)


def floats(*values):
    return struct.pack(">%df" % len(values), *values)


def real(data, per_unit=1000, most=10000, order=ABCD):
    return float32(b"??" + data, 2, order, per_unit, most)


def number(data, kind, multiplier, divisor, order=ABCD):
    return decode.number(b"??" + data, 2, (kind, order, multiplier, divisor), 10000000)


def read(values, invert=False):
    line = FakeLine(floats(*values))
    reading = Reading()
    run(Meter(line, load("eastron_sdm630"), 1, invert).read(reading))
    return list(reading.phase_ma), list(reading.phase_w), line


def test_one_request_gives_currents_signed_by_the_power():
    currents, powers, line = read((7.5, 8.25, 9.125, 1700, -1880.5, 2050))
    assert currents == [7500, -8250, 9125]
    assert powers == [1700, -1881, 2050]
    assert line.asked == (1, 4, 6, 12, 60)


def test_invert_turns_the_direction():
    currents, powers, _ = read((7.5, 8.25, 9.125, 1700, -1880.5, 2050), invert=True)
    assert currents == [-7500, 8250, -9125]
    assert powers == [-1700, 1881, -2050]


def test_a_power_that_is_nearly_nothing_counts_as_import():
    for power, sign in ((-4.4, 1), (4.4, 1), (-0.0, 1), (0.0, 1), (-5.0, -1), (-6.0, -1)):
        assert read((1.0, 0, 0, power, 0, 0))[0][0] == sign * 1000
    for power, sign in ((-4.4, 1), (4.4, 1), (5.0, -1)):
        assert read((1.0, 0, 0, power, 0, 0), invert=True)[0][0] == sign * 1000


def test_a_signed_current_says_nothing_by_itself():
    assert read((-3.0, 0, 0, 700, 0, 0))[0][0] == 3000
    assert read((-3.0, 0, 0, -700, 0, 0))[0][0] == -3000


def test_a_number_that_cannot_be_is_no_reading():
    nan = float("nan")
    for bad in (nan, -nan, float("inf"), float("-inf"), 1e4, -1e4, 1e30, 1e-39):
        for place in range(6):
            values = [1.0] * 6
            values[place] = bad
            if place >= 3 and abs(bad) == 1e4:
                continue
            line = FakeLine(floats(*values))
            reading = Reading()
            reading.phase_ma[0] = 77
            meter = Meter(line, load("eastron_sdm630"), 1)
            error = raises(LineError, "register %d" % (6 + 2 * place), run, meter.read(reading))
            assert error.kind == "value" and line.counted == ["value"]
            assert list(reading.phase_ma) == [77, 0, 0]


def test_registers_in_the_wrong_order_are_no_reading():
    line = FakeLine(b"\x00\x00\x43\x66" * 6)  # 230.0 with its registers swapped
    raises(LineError, "00004366", run, Meter(line, load("eastron_sdm630"), 1).read(Reading()))
    assert real(b"\x00\x00\x43\x66", order=CDAB) == 230000


def test_voltages_are_read_before_the_first_reading_and_once_a_minute():
    clock = [1000]
    line = FakeLine(floats(1, 2, 3, 4, 5, 6))
    real_now, decode.now_ms = decode.now_ms, lambda: clock[0]
    try:
        meter = Meter(line, load("eastron_sdm630"), 1)
        reads = []
        for _ in range(500):
            run(meter.read(Reading()))
            reads.append(line.voltage_reads)
            clock[0] += 250
    finally:
        decode.now_ms = real_now
    assert reads[0] == 1 and reads[239] == 1 and reads[240] == 2 and reads[-1] == 3


def test_voltages_are_read_again_after_each_reading_that_failed():
    line = FakeLine(floats(1, 2, 3, 4, 5, 6))
    meter = Meter(line, load("eastron_sdm630"), 1)
    run(meter.read(Reading()))
    good, line.data = line.data, floats(1e30, 2, 3, 4, 5, 6)
    raises(LineError, "register 6", run, meter.read(Reading()))
    line.data = good
    line.volts = (230, 120, 230)
    for times in (2, 3, 4):
        raises(LineError, "L2 is at 120 V, expected 150 to 280 V", run, meter.read(Reading()))
        assert line.voltage_reads == times
    line.volts = (230, 230, 230)
    run(meter.read(Reading()))
    assert line.counted == ["value"] * 4


def test_a_phase_without_voltage_is_not_connected_and_carries_nothing():
    cases = (
        ((230, 0, 9.4), (5, 0.2, 0), ""),
        ((230, 0, 9.6), (5, 0, 0), "L3 is at 10 V, expected 150 to 280 V"),
        ((230, 0, 0), (5, 0.201, 0), "L2 has 201 mA at 0 V, expected none below 10 V"),
        ((0, 0, 0), (0, 0, 0), "no phase is above 10 V, expected 150 to 280 V"),
        ((150, 280, 230), (5, 5, 5), ""),
        ((149, 280, 230), (5, 5, 5), "L1 is at 149 V"),
        ((150, 281, 230), (5, 5, 5), "L2 is at 281 V"),
        ((-230, 230, 230), (5, 5, 5), "L1 is at -230 V"),
        ((23040, 230, 230), (5, 5, 5), "L1 is at 23040 V"),
        ((float("nan"), 230, 230), (5, 5, 5), "register 0 is 7FC00000"),
    )
    for volts, amps, text in cases:
        meter = Meter(FakeLine(floats(*amps, 0, 0, 0), volts), load("eastron_sdm630"), 3)
        if text:
            text = "meter at address 3: " + text
            assert raises(LineError, text, run, meter.read(Reading())).kind == "value"
        else:
            run(meter.read(Reading()))


def test_milliamperes_are_exact():
    cases = ((0.0, 0), (-0.0, 0), (1e-37, 0), (0.0004, 0), (0.0006, 1), (16.0, 16000))
    cases += ((0.001, 1), (9999.999, 9999999), (63.4567, 63457), (-12.3454, -12345))
    for value, expected in cases:
        assert real(struct.pack(">f", value)) == expected, value


def test_every_exponent_and_many_mantissas_are_rounded_right():
    state = 1
    for exponent in range(1, 255):
        for _ in range(20):
            state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
            bits = (state >> 3 & 0x80000000) | exponent << 23 | state & 0x7FFFFF
            mantissa = 0x800000 | bits & 0x7FFFFF
            data = struct.pack(">I", bits)
            # mantissa * 2^(exponent - 150) * 1000, in 1/1024 of a milli-unit
            shift = exponent - 140
            exact = mantissa * 1000 << shift if shift >= 0 else mantissa * 1000 >> -shift
            if mantissa << exponent >= 10000 << 150:
                assert real(data) is None
                continue
            result = abs(real(data))
            assert abs(result * 1024 - exact) <= 514, (exponent, hex(bits))
            assert result <= 10000000


def test_a_meter_type_that_is_not_known_is_named():
    assert load("eastron_sdm630")[1] == ((6, 12),)
    for name in ("abb", "", "../x", "eastron_sdm630\n", None, 7):
        raises(ValueError, "is not known", load, name)


def test_whole_registers_are_read_with_their_sign_and_order():
    assert number(b"\xff\xff\xff\x85", "int32", 1, 10) == -12
    assert number(b"\xff\x85\xff\xff", "int32", 1, 1, CDAB) == -123
    assert number(b"\x00\x00\x04\xd2", "uint32", 10, 1) == 12340
    assert number(b"\xff\x85", "int16", 10, 1) == -1230
    assert number(b"\x00\x00\x00\x7d", "uint32", 1, 10) == 13
    for nothing in (b"\x7f\xff\xff\xff", b"\x80\x00\x00\x00", b"\x00\x98\x96\x81"):
        assert number(nothing, "int32", 1, 1) is None
    assert number(b"\xff\xff\xff\xff", "uint32", 1, 1) is None
    assert number(b"\x80\x00", "int16", 1, 1) is None


def test_the_mark_changes_with_the_last_bit_of_the_registers_and_not_with_voltages():
    def mark(data, volts):
        meter = Meter(FakeLine(data, volts), load("eastron_sdm630"), 1)
        run(meter.read(Reading()))
        return meter.mark

    data = floats(7.5, 8.25, 9.125, 1700, 1880, 2050)
    other = data[:-1] + bytes((data[-1] ^ 1,))
    assert mark(data, (230, 230, 230)) == mark(data, (231, 229, 233))
    assert mark(data, (230, 230, 230)) != mark(other, (230, 230, 230))


class TwoReads(FakeLine):
    """A Carlo Gavazzi EM24: currents and powers are read one after the other."""

    powers = 0

    async def read_registers(self, unit, function, start, count, pause_ms):
        if start == 0:
            return memoryview(bytes((8, 252, 0, 0)) * 3)
        if start == 18:
            self.powers += 1
        return memoryview(bytes((0, self.powers if start == 18 else 0, 0, 0)) * 3)


def test_the_mark_is_that_of_the_first_read_only():
    meter = Meter(TwoReads(b""), load("cg_em24"), 1)
    reading = Reading()
    run(meter.read(reading))
    mark, power = meter.mark, reading.phase_w[0]
    for _ in range(8):
        run(meter.read(reading))
    assert meter.mark == mark and reading.phase_w[0] != power
