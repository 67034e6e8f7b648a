"""Every meter's table against the survey of maps that it was taken from (`meters.json`).

The registers are filled here from the survey, by `struct` and not by what reads them.
"""

import json
import struct
from pathlib import Path

import pytest
from both import run
from hypothesis import given, settings
from hypothesis import strategies as st
from modbus import decode, maps
from modbus.decode import Meter, Reading
from modbus.maps import load
from modbus.rtu import LineError
from pymodbus.client.mixin import ModbusClientMixin

METERS = json.loads(Path(__file__).with_name("meters.json").read_text())
TABLES = Path(decode.__file__).parent / "meters"

AMPS = (7.5, 0.25, 60.0)
WATTS = (1725, -58, 13800)
VOLTS = (230, 231, 229)
FORMATS = {"float32": ">f", "int32": ">i", "uint32": ">I", "int16": ">h"}

# What each type has for "there is no value".
NOTHING = {
    "float32": "7fc00000 ff800000 7f800000 00000001",
    "int32": "7fffffff 80000000",
    "uint32": "ffffffff 80000000 7fffffff",
    "int16": "8000 7fff",
}


class Registers:
    """A line with one meter, which holds the registers of its functions."""

    def __init__(self, most):
        self.most = most or 125
        self.words = {}
        self.asked = []

    def put(self, register, raw, order):
        words = [raw[at : at + 2] for at in range(0, len(raw), 2)]
        for word in words if order == "ABCD" else reversed(words):
            self.words[register] = word
            register += 1

    async def read_registers(self, unit, function, start, count, pause_ms):
        assert count <= self.most
        self.asked.append((function, count))
        data = [self.words.get(start + at, b"\0\0") for at in range(count)]
        return memoryview(b"".join(data))

    def count(self, kind):
        assert kind == "value"


def usable():
    return [m for m in METERS if m["sign_from"] != "none"]


def filled(meter):
    line = Registers(meter["max_regs"])
    kind, order = meter["type"], meter["word_order"]
    fill_voltages(line, meter, VOLTS)
    for at, (current, power) in enumerate(places(meter)):
        line.put(current, packed(kind, AMPS[at] / meter["scale"]), order)
        raw = WATTS[at] / meter["power_scale"]
        if isinstance(power, list):
            line.put(power[0], packed(meter["power_type"], max(raw, 0)), order)
            line.put(power[1], packed(meter["power_type"], max(-raw, 0)), order)
        else:
            line.put(power, packed(meter["power_type"], raw), order)
    return line


def fill_voltages(line, meter, volts):
    for register, value in zip(meter["voltage_regs"], volts, strict=True):
        if register is not None:
            raw = packed(meter["voltage_type"], value / meter["voltage_scale"])
            line.put(register, raw, meter["word_order"])


def places(meter):
    pairs = zip(meter["current_regs"], meter["power_regs"], strict=True)
    return [pair for pair in pairs if pair[0] is not None]


def packed(kind, value):
    return struct.pack(FORMATS[kind], value if kind == "float32" else round(value))


def read(meter, line, **options):
    reading = Reading()
    run(Meter(line, load(meter["id"]), 1, **options).read(reading))
    return list(reading.phase_ma), list(reading.phase_w)


def named(meter):
    return meter["id"]


@pytest.mark.parametrize("meter", usable(), ids=named)
def test_a_meter_gives_the_currents_and_powers_that_its_registers_hold(meter):
    line = filled(meter)
    currents, powers = read(meter, line)
    count = len(places(meter))
    step_ma = 1 if meter["type"] == "float32" else 500 * meter["scale"]
    assert currents == pytest.approx([7500, -250, 60000][:count] + [0] * (3 - count), abs=step_ma)
    assert powers == pytest.approx(list(WATTS)[:count] + [0] * (3 - count), abs=1)
    assert {function for function, _ in line.asked} == {meter["function"]}


@pytest.mark.parametrize("meter", usable(), ids=named)
def test_what_is_no_number_is_no_reading_and_the_register_is_named(meter):
    for current, power in places(meter)[:1]:
        for register, kind in ((current, meter["type"]), (power, meter["power_type"])):
            for nothing in NOTHING[kind].split() if not isinstance(register, list) else ():
                line = filled(meter)
                line.put(register, bytes.fromhex(nothing), meter["word_order"])
                with pytest.raises(LineError, match=f"register {register} is "):
                    read(meter, line)


@pytest.mark.parametrize("meter", usable(), ids=named)
def test_voltages_that_cannot_be_are_no_reading_and_say_which_phase(meter):
    count = len(places(meter))
    for volts, text in (
        ((120, 230, 230), "L1 is at 120 V, expected 150 to 280 V"),
        ((400, 230, 230), "L1 is at 400 V, expected 150 to 280 V"),
        ((2, 230, 230)[:count], r"L1 has 7500 mA at 2 V|no phase is above 10 V"),
        ((0, 0, 0), "at 0 V|no phase is above 10 V"),
    ):
        line = filled(meter)
        fill_voltages(line, meter, (*volts, None, None)[:3])
        with pytest.raises(LineError, match=text) as failure:
            read(meter, line)
        assert failure.value.kind == "value"


@pytest.mark.parametrize("meter", usable(), ids=named)
def test_a_map_asks_for_nothing_but_what_it_needs(meter):
    _, reads, currents, _, powers, _, exports, _, *voltage_items = load(meter["id"])
    voltage_reads, voltages, form = voltage_items
    wide = 1 if "16" in meter["type"] else 2
    assert voltages == tuple(r for r in meter["voltage_regs"] if r is not None)
    assert form[0] == meter["voltage_type"]
    assert form[2] / form[3] == pytest.approx(meter["voltage_scale"])
    asked = [at for start, count in reads for at in range(start, start + count)]
    needed = [*currents, *powers, *exports] + ([] if voltage_reads else [*voltages])
    assert min(needed) == asked[0] and max(needed) + wide - 1 == asked[-1]
    for start, count in voltage_reads:
        assert start == voltages[0] and start + count == voltages[-1] + wide


@pytest.mark.parametrize("phase", [1, 2, 3])
def test_a_meter_of_one_phase_is_on_the_phase_that_is_chosen(phase):
    for meter in usable():
        if len(places(meter)) == 1:
            currents, powers = read(meter, filled(meter), phase=phase, invert=True)
            assert currents[phase - 1] == -7500 and powers[phase - 1] == -1725
            assert sorted(currents)[1:] == [0, 0]


@pytest.mark.parametrize("meter", [m for m in METERS if m["sign_from"] == "none"], ids=named)
def test_a_meter_that_cannot_tell_the_direction_is_refused_in_one_sentence(meter):
    with pytest.raises(ValueError, match=r"measures no .* expected one that does, or"):
        load(meter["id"])


# Those whose numbers or places are in no table: test_iskra and test_sunspec read them.
APART = {"iskra_wm3m4", "sunspec"}


def test_every_table_is_in_the_survey_and_each_of_the_survey_has_one():
    tables = {path.stem for path in TABLES.glob("[a-z]*.py")}
    assert tables == {m["id"] for m in METERS} | APART


ORDERS = ("ABCD", "CDAB", "BADC", "DCBA")
SAMPLES = {"float32": 16.25, "int32": -70000, "uint32": 70000, "int16": -1625, "uint16": 65000}


@pytest.mark.parametrize("order", ORDERS)
@pytest.mark.parametrize("kind", SAMPLES)
def test_every_type_and_order_is_read_from_registers_that_pymodbus_made(kind, order):
    mixin = ModbusClientMixin
    words = mixin.convert_to_registers(
        SAMPLES[kind],
        mixin.DATATYPE[kind.upper()],
        word_order="little" if order in ("CDAB", "DCBA") else "big",
    )
    swapped = order in ("BADC", "DCBA")
    raw = struct.pack(f"{'<' if swapped else '>'}{len(words)}H", *words)
    form = maps._value({"registers": [0], "type": kind, "order": order, "exponent": 0}, 1)[1]
    exact = decode.number(raw, 0, (*form[:2], 100, 1), 100000000)
    assert exact == round(100 * SAMPLES[kind])


WHOLE = st.integers(0, 0xFFFF)


@settings(deadline=None, max_examples=400)
@given(meter=st.sampled_from(usable()), data=st.data())
def test_any_registers_are_a_reading_within_bounds_or_a_line_error(meter, data):
    line = filled(meter)
    registers = sorted(line.words)
    hit = data.draw(st.lists(st.sampled_from(registers), max_size=len(registers)))
    for register in hit:
        line.words[register] = data.draw(WHOLE).to_bytes(2, "big")
    try:
        currents, powers = read(meter, line)
    except LineError:
        return
    assert max(map(abs, currents)) <= 10_000_000
    assert max(map(abs, powers)) <= 3_000_000


def test_an_eltako_that_is_read_as_an_sdm630_is_no_reading():
    eltako = next(m for m in usable() if m["id"] == "eltako_dsz15")
    for idle in (False, True):
        line = filled(eltako)
        if idle:  # no current and no power: the voltages are all there is
            for register in range(6, 18):
                line.words[register] = b"\0\0"
        with pytest.raises(LineError, match="register 0 is 000059D8, expected a number"):
            run(Meter(line, load("eastron_sdm630"), 1).read(Reading()))
