# A SunSpec meter is found by its list of models, and nothing that the list says is trusted.

import struct

from both import raises, run
from modbus.decode import Reading
from modbus.rtu import LineError
from modbus.sunspec import SunSpec

AMPS = (16.5, 0.25, 30.0)
WATTS = (3795, -58, 6900)


class Device:
    """A device with registers; a read that touches one it has not is exception 2."""

    def __init__(self, base=40000):
        self.base = base
        self.data = bytearray(b"SunS")
        self.asked = []
        self.counted = []
        self.broken = False

    def model(self, number, data=b"", length=None):
        """Appends a model; returns where."""
        at = self.base + len(self.data) // 2
        length = len(data) // 2 if length is None else length
        self.data.extend(struct.pack(">HH", number, length))
        self.data.extend(data)
        return at

    def put(self, register, data):
        at = 2 * (register - self.base)
        self.data[at : at + len(data)] = data

    async def read_registers(self, unit, function, start, count, pause_ms=0):
        self.asked.append((start, count))
        if self.broken:
            raise LineError("timeout", "unit %d: timeout" % unit)
        assert unit == 7 and function == 3
        at = 2 * (start - self.base)
        if at < 0 or at + 2 * count > len(self.data):
            raise LineError("exception", "unit 7: exception 2")
        return memoryview(self.data)[at : at + 2 * count]

    def count(self, kind):
        self.counted.append(kind)


def whole(factors=(-2, -1, 0), volts=230.4, amps=AMPS, watts=WATTS):
    """The registers of model 203 behind its id and length; factors: A_SF, V_SF, W_SF."""
    a, v, w = factors
    words = [-0x8000] * 105

    def set_words(first, values, factor):
        for at, value in enumerate(values):
            words[first - 2 + at] = min(round(value / 10**factor), 32766)

    set_words(2, [sum(amps)], a)
    set_words(3, amps, a)
    set_words(7, [volts] * 4, v)
    set_words(18, [sum(watts)], w)
    set_words(19, watts, w)
    words[4], words[13], words[20] = a, v, w
    return struct.pack(">105h", *words)


def floats(volts=230.4):
    values = [float("nan")] * 62
    values[0] = sum(AMPS)
    values[1:4] = AMPS
    values[4:8] = [volts] * 4
    values[13] = sum(WATTS)
    values[14:17] = WATTS
    return struct.pack(">62f", *values)


def device(number=203, data=None, base=40000):
    made = Device(base)
    made.model(1, b"\0A" * 66)
    made.at = made.model(number, whole() if data is None else data)
    made.model(0xFFFF, length=0)
    return made


def read(made, meter=None, invert=False, phase=1):
    reading = Reading()
    run((meter or SunSpec(made, 7, invert, phase)).read(reading))
    return list(reading.phase_ma), list(reading.phase_w)


def failure(made, text, meter=None, kind="value"):
    reading = Reading()
    reading.phase_ma[0] = 77
    meter = meter or SunSpec(made, 7)
    error = raises(LineError, text, run, meter.read(reading))
    assert error.kind == kind
    assert list(reading.phase_ma) == [77, 0, 0]
    return meter


def test_model_203_is_found_and_read_with_its_scale_factors():
    for factors in ((-2, -1, 0), (-3, -2, 0), (-2, 0, 0), (-2, -1, 1)):
        made = device(data=whole(factors, watts=(3790, -60, 6900)))
        assert read(made) == ([16500, -250, 30000], [3790, -60, 6900])
        assert made.asked == [(40000, 2), (40002, 2), (40070, 2), (40070, 23)]


def test_model_213_is_found_and_read_as_floats():
    made = device(213, floats())
    assert read(made) == ([16500, -250, 30000], [3795, -58, 6900])
    assert made.asked[-1] == (40070, 36)
    assert read(made, invert=True)[0] == [-16500, 250, -30000]


def test_every_model_of_a_meter_is_read_and_one_of_one_phase_is_on_its_phase():
    for number in (202, 203, 204):
        assert read(device(number))[0] == [16500, -250, 30000]
    for number in (212, 213, 214):
        assert read(device(number, floats()))[0] == [16500, -250, 30000]
    assert read(device(201), phase=2)[0] == [0, 16500, 0]
    assert read(device(211, floats()), phase=3)[0] == [0, 0, 16500]


def test_the_list_is_walked_once_and_again_after_an_error():
    made = device()
    meter = SunSpec(made, 7)
    read(made, meter)
    del made.asked[:]
    read(made, meter)
    assert made.asked == [(40070, 23)]
    made.broken = True
    failure(made, "timeout", meter, "timeout")
    made.broken = False
    del made.asked[:]
    read(made, meter)
    assert made.asked[0] == (40000, 2) and len(made.asked) == 4


def test_the_other_bases_are_tried_one_with_each_reading():
    for base, tries in ((50000, 1), (0, 2)):
        made = device(base=base)
        meter = SunSpec(made, 7)
        for _ in range(tries):
            failure(made, "exception 2", meter, "exception")
        assert read(made, meter)[0] == [16500, -250, 30000]


def test_factors_that_change_are_seen_with_the_next_reading():
    made = device()
    meter = SunSpec(made, 7)
    read(made, meter)
    made.put(made.at + 2, whole((-3, -2, 1), watts=(3790, -60, 6900)))
    assert read(made, meter) == ([16500, -250, 30000], [3790, -60, 6900])


def test_a_meter_that_is_another_one_all_at_once_is_no_reading_and_is_looked_for():
    made = device()
    meter = SunSpec(made, 7)
    read(made, meter)
    old = made.data
    moved = Device()
    moved.model(1, b"\0B" * 64)
    moved.model(203, whole())
    made.data = moved.data
    failure(made, "expected model 203", meter)
    assert read(made, meter)[0] == [16500, -250, 30000]
    made.data = old
    failure(made, "expected model 203", meter)
    read(made, meter)
    made.put(made.at + 1, b"\0\x05")
    failure(made, "of 5 registers", meter)


def test_a_list_that_is_no_list_is_left():
    nothing = Device()
    nothing.put(40000, b"SunC")
    failure(nothing, "does not begin with SunS")
    ends = Device()
    ends.model(1, b"\0A" * 66)
    ends.model(0xFFFF, length=0)
    failure(ends, "ends at 40070")
    empty = Device()
    empty.model(0, length=0)
    failure(empty, "model 0 at 40002 has no registers")
    endless = Device()
    for number in range(300):
        endless.model(1000 + number, b"\0\0")
    failure(endless, "does not end")
    assert len(endless.asked) <= 70
    far = Device()
    far.model(1, length=65000)
    failure(far, "does not end")
    assert max([start + count for start, count in far.asked]) <= 65536


def test_scale_factors_that_cannot_be_are_no_reading():
    for place, bad, name in ((4, -0x8000, "A_SF"), (20, 11, "W_SF"), (13, -11, "V_SF")):
        data = list(struct.unpack(">105h", whole()))
        data[place] = bad
        failure(device(data=struct.pack(">105h", *data)), "%s is %d" % (name, bad))
    data = list(struct.unpack(">105h", whole()))
    data[4] = -7  # 32767 would be 3 mA: whatever it draws, it would look like nothing
    failure(device(data=struct.pack(">105h", *data)), "A_SF is -7, expected -3 to 10")
    for factor in range(-3, 11):
        data[4] = factor
        made = device(data=struct.pack(">105h", *data))
        if factor > 0:
            failure(made, "expected a number")
        else:
            assert read(made)[0][0] == 1650000 * 10 ** (factor + 3) // 1000


def test_what_is_not_implemented_is_no_reading():
    for register in (3, 5, 8, 10, 19, 21):
        data = bytearray(whole())
        data[2 * register - 4 : 2 * register - 2] = b"\x80\x00"
        failure(device(data=data), "register %d is 8000" % (40070 + register))
    for register in (4, 12, 30):
        data = bytearray(floats())
        data[2 * register - 4 : 2 * register] = b"\x7f\xc0\0\0"
        failure(device(213, data), "register %d is 7FC00000" % (40070 + register))


def test_voltages_that_cannot_be_are_no_reading():
    failure(device(data=whole(volts=120.0)), "L1 is at 120 V, expected 150 to 280 V")
    failure(device(data=whole((-2, 0, 0), volts=2300.0)), "L1 is at 2300 V")
    failure(device(213, floats(volts=0.0)), "L1 has 16500 mA at 0 V")


def test_any_registers_are_a_reading_within_bounds_or_a_line_error():
    state = 12345
    for turn in range(150):
        made = Device()
        for at in range(40002, 40200):
            state = (state * 1103515245 + 12345) & 0x3FFFFFFF
            word = state >> 12
            if at == 40002:
                word = (203, 213, 201, 1)[turn & 3]
            elif at == 40003:
                word = word % 150
            elif turn & 4 and at in (40008, 40017, 40024):
                word = (word % 9 - 4) & 0xFFFF
            made.data.extend(struct.pack(">H", word & 0xFFFF))
        try:
            currents, powers = read(made)
        except LineError:
            continue
        assert max([abs(x) for x in currents]) <= 10000000
        assert max([abs(x) for x in powers]) <= 3000000
