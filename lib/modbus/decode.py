# From a meter's registers to a reading: signed mA and signed W on three phases, by the meter's
# table in `modbus/meters`. Integers only: an ESP32's floats have 23 bits and live on the heap.

from array import array

from micropython import const

from modbus.rtu import LineError

_KNOWN = ("eastron_sdm630",)

# More than this is no measurement. No meter's transformer goes to 10 kA; 3 MW is 10 kA at 300 V.
_MOST_A = const(10000)
_MOST_W = const(3000000)

# Below this a power's sign is chance, and the current counts as drawn from the grid.
_SIGN_FROM_W = const(5)


def load(name: str):
    """The table of a meter type; ValueError for a type that is not known."""
    if name not in _KNOWN:
        raise ValueError("meter type %r: expected one of %s" % (name, ", ".join(_KNOWN)))
    return __import__("modbus.meters." + name, None, None, ("COUNT",))


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
    """Phase currents (mA) and powers (W) in the meter's order; negative: into the grid."""

    def __init__(self):
        self.phase_ma = array("i", (0, 0, 0))
        self.phase_w = array("i", (0, 0, 0))


class Meter:
    """A meter at `address` of `line`, whose table is `map`; `invert`: mounted the other way."""

    def __init__(self, line, map, address: int, invert: bool = False):
        self._line = line
        self._map = map
        self._address = address
        self._sign = -1 if invert else 1
        self._values = array("i", (0, 0, 0, 0, 0, 0))

    async def read(self, reading) -> None:
        """Fills `reading`, or raises LineError and leaves it as it was."""
        map = self._map
        values = self._values
        data = await self._line.read_registers(
            self._address, map.FUNCTION, map.START, map.COUNT, pause_ms=map.PAUSE_MS
        )
        for i in range(6):
            at = map.PLACES[i]
            if i < 3:
                value = float32(data, at, map.ORDER, 1000, _MOST_A)
            else:
                value = float32(data, at, map.ORDER, 1, _MOST_W)
            if value is None:
                self._line.count("value")
                text = "meter at address %d: register %d is %02X%02X%02X%02X, expected a number"
                where = (self._address, map.START + at // 2)
                raise LineError("value", text % (where + tuple(data[at : at + 4])))
            values[i] = value
        for phase in range(3):
            current = abs(values[phase])
            power = values[phase + 3] * self._sign
            reading.phase_ma[phase] = -current if power <= -_SIGN_FROM_W else current
            reading.phase_w[phase] = power
