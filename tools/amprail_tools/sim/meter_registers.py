"""What stands in the registers of a simulated meter, by the survey of meters.

The survey (host_tests/unit/meters.json) was taken from the makers' documents and other projects'
code; the firmware's own tables are not looked at, and pymodbus makes the words.
"""

import json

from amprail_tools import ROOT
from pymodbus.client.mixin import ModbusClientMixin
from pymodbus.simulator import DataType, SimData, SimDevice

SURVEY = ROOT / "host_tests" / "unit" / "meters.json"
SIGNATURES = SURVEY.with_name("meter_signatures.json")

VOLTAGE_V = 230.0

TYPES = {kind.name.lower(): kind for kind in ModbusClientMixin.DATATYPE}
ORDERS = {"ABCD": "big", "CDAB": "little"}

# SDM630 Modbus protocol v2.0: 40 float32 input registers, of which 52 is the total power and 70
# the frequency; holding 0xFC00 is the serial number, 0xFC02 the meter code (0x0070).
SDM630 = "eastron_sdm630"
SDM630_REGISTERS = 80
SDM630_SERIAL = SimData(0xFC00, values=12345678, datatype=DataType.UINT32)


def registers_of(name: str, phase: int = 1) -> "Registers":
    """Those of a meter of the survey; ValueError for one that is not there or has no currents."""
    known = [meter for meter in json.loads(SURVEY.read_text()) if meter["sign_from"] != "none"]
    found = [meter for meter in known if meter["id"] == name]
    if not found:
        names = ", ".join(meter["id"] for meter in known)
        raise ValueError(f"meter type {name!r}: expected one of {names}")
    return Registers(found[0], phase)


def signature_of(name: str) -> tuple[int, int, list[int]] | None:
    """In which registers a meter says what it is: function, first register, words."""
    detect = json.loads(SIGNATURES.read_text())[name]
    if not detect or detect["expect"] is None:
        return None
    size = 2 * detect["count"]
    expect = detect["expect"]
    first = expect if isinstance(expect, str) else expect[0]
    raw = first.encode().ljust(size, b"\0") if isinstance(first, str) else first.to_bytes(size)
    words = [int.from_bytes(raw[at : at + 2]) for at in range(0, size, 2)]
    return detect["function"], detect["register"], words


class Registers:
    """The words of one meter of the survey; between them and where nothing is known stands 0."""

    def __init__(self, meter: dict, phase: int):
        self._meter = meter
        self._phases = range(3) if None not in meter["current_regs"] else [phase - 1]
        self._words = {}
        self.fill([VOLTAGE_V] * 3, [0.0] * 3, [0.0] * 3)
        self._first = min(self._words)
        self._count = max(self._words) + 1 - self._first
        if meter["id"] == SDM630:
            self._count = SDM630_REGISTERS

    def device(self, address: int) -> SimDevice:
        """pymodbus' slave with these registers, as they are when it is asked."""
        bits = [SimData(0, values=False, datatype=DataType.BITS)]
        blocks = {3: [], 4: []}
        values = SimData(self._first, values=[0] * self._count, datatype=DataType.REGISTERS)
        blocks[self._meter["function"]].append(values)
        if self._meter["id"] == SDM630:
            blocks[3].append(SDM630_SERIAL)
        signature = signature_of(self._meter["id"])
        if signature:
            function, register, words = signature
            data = SimData(register, values=words, datatype=DataType.REGISTERS)
            blocks[function].append(data)
        nothing = [SimData(0, values=[0], datatype=DataType.REGISTERS)]
        holding, inputs = (
            sorted(blocks[function], key=lambda data: data.address) or nothing
            for function in (3, 4)
        )
        return SimDevice(address, (bits, bits, holding, inputs), action=self._action)

    async def _action(self, function, first, address, count, registers, values):
        if function == self._meter["function"]:
            for at, word in self._words.items():
                registers[at - first] = word

    def fill(self, volts, amperes, watts) -> None:
        """Takes what the three phases have; negative amperes and watts: into the grid."""
        meter = self._meter
        for place, phase in enumerate(self._phases):
            ampere = amperes[phase]
            signed = meter["sign_from"] == "register"
            self._put("voltage", place, volts[phase])
            self._put("current", place, ampere if signed else abs(ampere))
            self._put("power", place, watts[phase])
        if meter["id"] == SDM630:
            self._set(52, "float32", sum(watts))
            self._set(70, "float32", 50.0)

    def _put(self, quantity, place, value):
        meter = self._meter
        prefix = "" if quantity == "current" else quantity + "_"
        register = meter[quantity + "_regs"][place]
        kind, scaled = meter[prefix + "type"], value / meter[prefix + "scale"]
        if isinstance(register, list):  # what is taken and what is given stand apart
            self._set(register[0], kind, max(scaled, 0))
            self._set(register[1], kind, max(-scaled, 0))
        else:
            self._set(register, kind, scaled)

    def _set(self, register, kind, value):
        value = value if kind == "float32" else round(value)
        order = ORDERS[self._meter["word_order"]]
        words = ModbusClientMixin.convert_to_registers(value, TYPES[kind], order)
        for at, word in enumerate(words, register):
            self._words[at] = word
