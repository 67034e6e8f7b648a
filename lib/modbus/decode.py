# From a meter's registers to a reading: signed mA and signed W on three phases, by the meter's
# map, as `modbus.maps` gives it. Integers only: an ESP32's floats have 23 bits and live on the
# heap.

from array import array

from micropython import const

from clock import diff_ms, now_ms
from modbus.rtu import LineError, crc16

# More than this is no measurement. No meter's transformer goes to 10 kA; 3 MW is 10 kA at 300 V.
_MOST_MA = const(10000000)
_MOST_W = const(3000000)

# Whole registers above this are no number: 0x7FFFFFFF, 0xFFFFFFFF and their like say so.
_MOST_RAW = const(0x0FFFFFFF)
_MOST_FLOAT = const(0xFFFFFF)

# Below this a power's sign is chance, and the current counts as drawn from the grid.
_SIGN_FROM_W = const(5)

# A connected phase is within these (230 V and a brown-out: EN 50160 has 207 to 253 V), one that is
# not is below the last and carries nothing. Read as another type or in another order, 230 V is far
# outside, so a wrong map shows here first.
_LEAST_V = const(150)
_MOST_V = const(280)
_OFF_V = const(10)
_OFF_MA = const(200)
_VOLTAGES_EVERY_MS = const(60000)


def number(data, at: int, form: tuple, most: int) -> int | None:
    """The value at `data[at]` by the form of a map (type, byte of the highest value first, ...,
    multiplier, divisor), multiplied, divided and rounded. None for what is no number, or for more
    than `most`. The type may be a function with the arguments and the result of `float32`."""
    kind, order, multiplier, divisor = form
    most_raw = _MOST_RAW if divisor > 100 else min(most * divisor // multiplier, _MOST_RAW)
    if not isinstance(kind, str):
        value = kind(data, at, order, multiplier, most_raw)
    elif kind == "float32":
        value = float32(data, at, order, multiplier, min(most_raw, _MOST_FLOAT))
    else:
        value = _whole(data, at, kind, order)
        if value is not None:
            value = value * multiplier if abs(value) <= most_raw else None
    if value is None or divisor == 1:
        return value
    rounded = (abs(value) + divisor // 2) // divisor
    return -rounded if value < 0 else rounded


# Two's complement without a value of 2^30 in between: an ESP32's small integers end there.
def _whole(data, at, kind, order):
    signed = kind[0] == "i"
    size = 2 if kind[-2:] == "16" else 4
    places = order[:2] if size == 2 else order
    flip = 0xFF if signed and data[at + places[0]] & 0x80 else 0
    if size == 4 and data[at + places[0]] ^ flip > _MOST_RAW >> 24:
        return None
    value = 0
    for place in places:
        value = value << 8 | data[at + place] ^ flip
    if size == 2 and value == (0x7FFF if signed else 0xFFFF):
        return None
    return -value - 1 if flip else value


def float32(data, at: int, order: tuple, per_unit: int, most: int) -> int | None:
    """The IEEE 754 number at `data[at]`, times `per_unit` (1 to 1000), rounded to an integer.

    Exact to 0.001, with intermediate values below 2^30. None for what is `most` (below 2^24) or
    more before the multiplication, not finite, or denormal: no meter measures 1e-38, but registers
    in the wrong order look like that.
    """
    high = data[at + order[0]]
    middle = data[at + order[1]]
    exponent = (high & 0x7F) << 1 | middle >> 7
    mantissa = (middle & 0x7F) << 16 | data[at + order[2]] << 8 | data[at + order[3]]
    if exponent == 0:
        return None if mantissa else 0
    # The number is mantissa / 2^shift. 20 bits after the point are kept: times 1000 still fits.
    mantissa |= 0x800000
    shift = 150 - exponent
    if shift < 0 or mantissa >> shift >= most:
        return None
    value = mantissa >> shift
    fraction = mantissa & (1 << min(shift, 24)) - 1
    if shift > 20:
        fraction >>= shift - 20
        shift = 20
    value = value * per_unit + (fraction * per_unit + (1 << shift >> 1) >> shift)
    return -value if high & 0x80 else value


class Reading:
    """Phase currents (mA) and powers (W) in the meter's order; negative: into the grid. Voltages
    (V) as they were last looked at, 0 without."""

    def __init__(self):
        self.phase_ma = array("i", (0, 0, 0))
        self.phase_w = array("i", (0, 0, 0))
        self.phase_v = array("h", (0, 0, 0))


class Meter:
    """A meter at `address` of `line`; `map` as `maps.load` gives it; `invert`: it is mounted the
    other way; `phase`: the grid's phase (1 to 3) that a meter of one phase is on.

    Voltages that are not among what is always read are read first, and then once a minute.
    `mark` is another number whenever the registers of the first read differ from those before.
    """

    def __init__(self, line, map, address: int, invert: bool = False, phase: int = 1):
        self._line = line
        function, self._reads, currents, current, powers, power, exports, pause_ms = map[:8]
        self._voltage_reads, voltages, voltage = map[8:]
        self._function = function
        self.pause_ms = pause_ms
        self._registers = currents, powers, exports, voltages
        self._forms = current, power, power, voltage
        self._address = address
        self._sign = -1 if invert else 1
        self._values = array("i", [0] * 12)
        self._first = 0 if len(currents) == 3 else phase - 1
        self._checked = False
        self._checked_at = 0
        self.mark = 0

    async def read(self, reading) -> None:
        """Fills `reading`, or raises LineError and leaves it as it was."""
        due = not self._checked or diff_ms(now_ms(), self._checked_at) >= _VOLTAGES_EVERY_MS
        self._checked = False
        for reads in self._voltage_reads if due else (), self._reads:
            for start, count in reads:
                data = await self._line.read_registers(
                    self._address, self._function, start, count, pause_ms=self.pause_ms
                )
                if start == self._reads[0][0]:
                    self.mark = crc16(data, 0, len(data))
                self.take(data, start, start + count)
        self.fill(reading)
        if due:
            self._checked_at = now_ms()
        self._checked = True

    def take(self, data, start: int, end: int) -> None:
        """Takes the values that are among the registers from `start`, just read; LineError."""
        for kind in range(4):
            registers = self._registers[kind]
            form = self._forms[kind]
            for i in range(len(registers)):
                if start <= registers[i] < end:
                    at = 2 * (registers[i] - start)
                    value = number(data, at, form, _MOST_MA if kind == 0 else _MOST_W)
                    if value is None:
                        size = 2 if form[0] in ("int16", "uint16") else 4
                        shown = "".join(["%02X" % byte for byte in data[at : at + size]])
                        self._refuse("register %d is %s, expected a number", registers[i], shown)
                    self._values[3 * kind + self._first + i] = value

    def fill(self, reading) -> None:
        """Fills `reading` with what was taken; LineError if the voltages cannot be."""
        if self._registers[3]:
            self._check()
        values = self._values
        for phase in range(3):
            current = abs(values[phase])
            power = (values[phase + 3] - values[phase + 6]) * self._sign
            reading.phase_ma[phase] = -current if power <= -_SIGN_FROM_W else current
            reading.phase_w[phase] = power
            reading.phase_v[phase] = values[phase + 9]

    def _check(self):
        live = False
        for phase in range(self._first, self._first + len(self._registers[3])):
            volts = self._values[phase + 9]
            current = abs(self._values[phase])
            if _LEAST_V <= volts <= _MOST_V:
                live = True
            elif abs(volts) >= _OFF_V:
                self._refuse("L%d is at %d V, expected 150 to 280 V", phase + 1, volts)
            elif current > _OFF_MA:
                text = "L%d has %d mA at %d V, expected none below 10 V"
                self._refuse(text, phase + 1, current, volts)
        if not live:
            self._refuse("no phase is above 10 V, expected 150 to 280 V")

    def _refuse(self, text, *values):
        self._line.count("value")
        raise LineError("value", "meter at address %d: %s" % (self._address, text % values))
