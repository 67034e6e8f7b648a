# A meter that describes itself ("SunSpec Device Information Model Specification", models 201..204
# and 211..214 of github.com/sunspec/models): a list of models, each an id, a length and its
# registers, behind the word SunS. The meter's model is looked for once, and again after an error.
#
# Its id, its length and its scale factors lie in what is read with each reading, so a meter that
# moves them, as it may after a restart, is noticed at once.

from micropython import const

from modbus.decode import Meter
from modbus.rtu import LineError, crc16

_BASES = (40000, 50000, 0)
_SUNS = b"SunS"
_END = const(0xFFFF)
_MOST_MODELS = const(64)
_ABCD = (0, 1, 2, 3)

# Of a model: what is read from its first register on; currents, powers and voltages in it.
_WHOLE = (23, (3, 4, 5), (19, 20, 21), (8, 9, 10))
_FLOAT = (36, (4, 6, 8), (30, 32, 34), (12, 14, 16))

# Of a meter of one phase only the total power has to be there.
_WHOLE_ONE = (23, (3,), (18,), (8,))
_FLOAT_ONE = (36, (4,), (28,), (12,))

# The decimal exponents of a whole model, in A, W and V. With one of A below -3 no more than 3 A
# would fit into the register.
_FACTORS = ((6, "A_SF", -3, 3), (22, "W_SF", -10, 0), (15, "V_SF", -10, 0))


class SunSpec:
    """The first meter in the list of the device at `address` of `line`; the rest as for
    `decode.Meter`."""

    pause_ms = 0

    def __init__(self, line, address: int, invert: bool = False, phase: int = 1):
        self._line = line
        self._address = address
        self._mounted = invert, phase
        self._base = 0  # which of `_BASES` is tried
        self._at = None
        self._model = 0
        self._known = None  # what `_meter` was made for
        self._meter = None
        self.mark = 0

    async def read(self, reading) -> None:
        """Fills `reading`, or raises LineError and leaves it as it was."""
        at, self._at = self._at, None
        if at is None:
            at = await self._find()
        count = _layout(self._model)[0]
        data = await self._line.read_registers(self._address, 3, at, count)
        self.mark = crc16(data, 0, len(data))
        self._adapt(data, at, count)
        self._meter.take(data, at, at + count)
        self._meter.fill(reading)
        self._at = at

    # Walks the list at one base: another one is tried with the next reading.
    async def _find(self):
        base = _BASES[self._base]
        try:
            head = await self._line.read_registers(self._address, 3, base, 2)
            if head != _SUNS:
                self._refuse("register %d does not begin with SunS", base)
            return await self._walk(base + 2)
        except LineError as error:
            if error.kind in ("exception", "timeout", "value"):
                self._base = (self._base + 1) % len(_BASES)
            raise

    async def _walk(self, at):
        for _ in range(_MOST_MODELS):
            if at > 65534:
                break
            head = await self._line.read_registers(self._address, 3, at, 2)
            model, length = _word(head, 0), _word(head, 1)
            if model == _END:
                self._refuse("SunSpec's list ends at %d, expected a model 201..204, 211..214", at)
            if length == 0:
                self._refuse("SunSpec model %d at %d has no registers", model, at)
            if 201 <= model <= 204 or 211 <= model <= 214:
                self._model = model
                return at
            at += 2 + length
        return self._refuse("SunSpec's list does not end, expected a meter in %d", _MOST_MODELS)

    # Makes `_meter` for what the model says; nothing if it is what it was.
    def _adapt(self, data, at, count):
        if _word(data, 0) != self._model or _word(data, 1) < count - 2:
            text = "SunSpec model %d of %d registers at %d, expected model %d of %d or more"
            self._refuse(text, _word(data, 0), _word(data, 1), at, self._model, count - 2)
        forms = [("float32", _ABCD, unit, 1) for unit in (1000, 1, 1)]
        if self._model < 210:
            forms = [self._form(data, factor) for factor in _FACTORS]
        known = at, self._model, forms
        if known != self._known:
            _, currents, powers, voltages = _layout(self._model)
            places = [tuple([at + x for x in group]) for group in (currents, powers, voltages)]
            currents, powers, voltages = places
            current, power, voltage = forms
            map = 3, (), currents, current, powers, power, (), 0, (), voltages, voltage
            self._meter = Meter(self._line, map, self._address, *self._mounted)
            self._known = known

    # Exponents beyond these leave no value of 16 bits but 0, or none at all: nothing is lost, and
    # no number gets larger than an ESP32's small integers.
    def _form(self, data, factor):
        register, name, low, to_milli = factor
        exponent = (_word(data, register) ^ 0x8000) - 0x8000
        if not low <= exponent <= 10:
            self._refuse("SunSpec's %s is %d, expected %d to 10", name, exponent, low)
        exponent = min(max(exponent + to_milli, -9), 8)
        return "int16", _ABCD, 10 ** max(exponent, 0), 10 ** max(-exponent, 0)

    def _refuse(self, text, *values):
        self._line.count("value")
        raise LineError("value", "meter at address %d: %s" % (self._address, text % values))


def _layout(model):
    if model < 210:
        return _WHOLE_ONE if model == 201 else _WHOLE
    return _FLOAT_ONE if model == 211 else _FLOAT


def _word(data, register):
    return data[2 * register] << 8 | data[2 * register + 1]
