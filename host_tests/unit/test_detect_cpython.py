"""Every meter of the survey of maps is recognised by what that says of it.

`meters.json` has the registers, `meter_signatures.json` what each meter answers to which question.
"""

import json
import struct
from pathlib import Path

import pytest
from both import run
from bus import AMPERES, FORMATS, VOLTS, WATTS, Bus, Slave
from modbus import signatures
from modbus.detect import Search

METERS = json.loads(Path(__file__).with_name("meters.json").read_text())
DETECT = json.loads(Path(__file__).with_name("meter_signatures.json").read_text())

# Samples that are read with the words the other way round: no type of ours.
SAMPLES = (330, 340)


def usable():
    return [m for m in METERS if m["sign_from"] != "none" and m["current_regs"][0] is not None]


def filled(meter: dict) -> Slave:
    """Its registers as the survey has them; written here without what reads them."""
    slave = Slave()
    function = meter["function"]
    for kind in ("current_regs", "power_regs", "voltage_regs"):
        registers = numbers(meter[kind])
        for register in range(min(registers), max(registers) + 2):
            slave.words[function, register] = 0
    start, count = meter["read"]
    for register in range(start, start + count):
        slave.words[function, register] = 0
    order = meter["word_order"]
    for at, current in enumerate(meter["current_regs"]):
        if current is None:
            continue
        put(slave, function, current, meter["type"], AMPERES[at] / meter["scale"], order)
        power, raw = meter["power_regs"][at], WATTS[at] / meter["power_scale"]
        kind = meter["power_type"]
        if isinstance(power, list):
            put(slave, function, power[0], kind, max(raw, 0), order)
            put(slave, function, power[1], kind, max(-raw, 0), order)
        else:
            put(slave, function, power, kind, raw, order)
        volts = VOLTS[at] / meter["voltage_scale"]
        put(slave, function, meter["voltage_regs"][at], meter["voltage_type"], volts, order)
    return slave


def numbers(registers):
    return [
        number
        for entry in registers
        if entry is not None
        for number in (entry if isinstance(entry, list) else [entry])
    ]


def put(slave, function, register, kind, value, order):
    raw = struct.pack(FORMATS[kind], value if kind == "float32" else round(value))
    swapped = (2, 3, 0, 1) if order == "CDAB" and len(raw) == 4 else None
    slave.put(function, register, raw, swapped)


def answers(meter: dict) -> list:
    """What it may answer to its own question; [None]: it has no question, or nobody knows."""
    detect = DETECT[meter["id"]]
    if not detect or detect["expect"] is None:
        return [None]
    expect, count = detect["expect"], detect["count"]
    if isinstance(expect, str):
        return [expect.encode().ljust(2 * count, b"\0")]
    if detect.get("range"):
        expect = range(expect[0], expect[1] + 1)
    return [value.to_bytes(2 * count, "big") for value in expect]


def found(slave):
    results = []
    run(Search(Bus(slave).open_port, results.append).run([(9600, "N", 1)], [1]))
    assert len(results) == 1
    return results[0]


@pytest.mark.parametrize("meter", usable(), ids=lambda meter: meter["id"])
def test_each_meter_is_recognised_with_each_of_its_answers(meter):
    for answer in answers(meter):
        slave = filled(meter)
        if answer is not None:
            detect = DETECT[meter["id"]]
            slave.put(detect["function"], detect["register"], answer)
        result = found(slave)
        assert meter["id"] in result.types, (answer, result.types, result.trouble)
        phases = sum(register is not None for register in meter["current_regs"])
        assert result.phases == phases
        assert list(result.phase_v)[:phases] == list(VOLTS)[:phases]
        assert list(result.phase_w)[:phases] == pytest.approx(WATTS[:phases], abs=1)


@pytest.mark.parametrize("number", SAMPLES)
def test_samples_in_another_word_order_are_not_read_as_the_type(number):
    meter = next(meter for meter in METERS if meter["id"] == "cg_em3xx")
    slave = filled({**meter, "word_order": "ABCD"})
    slave.put(3, 11, number.to_bytes(2, "big"))
    result = found(slave)
    assert not result.phases


def test_every_type_of_the_survey_can_be_found():
    named = signatures.UNSIGNED.split()
    for line in signatures.SIGNATURES.splitlines():
        named += line.split()[4:]
    assert set(named) >= {meter["id"] for meter in usable()} - {"sunspec_203", "sunspec_213"}
    assert "sunspec" in named
