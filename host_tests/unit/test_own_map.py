# A map of one's own: what site.json says of a meter, checked, made a map of and read.

import struct

from both import raises, run
from modbus.decode import Reading
from modbus.maps import open_meter, own
from modbus.rtu import LineError
from settings.schema import SettingsError, check_site

CURRENT = {"registers": [6, 8, 10], "type": "float32"}
POWER = {"registers": [12, 14, 16], "type": "float32"}
VOLTAGE = {"registers": [0, 2, 4], "type": "float32"}


def site(map, **meter):
    meter.update(type="own")
    if map is not None:
        meter["map"] = map
    return check_site({"limit_ma": 63000, "supply_ma": 63000, "meter": meter})["meter"]


def changed(**changes):
    map = {"function": 4, "current": CURRENT, "power": POWER, "voltage": VOLTAGE}
    map.update(changes)
    return {key: value for key, value in map.items() if value is not None}


def value(base, **changes):
    made = dict(base)
    made.update(changes)
    return made


class Registers:
    def __init__(self, size=64):
        self.data = bytearray(2 * size)
        self.asked = []

    def put(self, register, data):
        self.data[2 * register : 2 * register + len(data)] = data

    async def read_registers(self, unit, function, start, count, pause_ms):
        self.asked.append((function, start, count, pause_ms))
        return memoryview(self.data)[2 * start : 2 * (start + count)]

    def count(self, kind):
        assert kind == "value"


def read(line, meter):
    reading = Reading()
    run(open_meter(line, meter).read(reading))
    return list(reading.phase_ma), list(reading.phase_w)


def test_a_map_of_ones_own_is_read():
    line = Registers()
    line.put(0, struct.pack(">9f", 230, 231, 229, 7.5, 0.25, 60, 1725, -58, 13800))
    meter = site(changed(pause_ms=60))
    assert read(line, meter) == ([7500, -250, 60000], [1725, -58, 13800])
    assert line.asked == [(4, 0, 6, 60), (4, 6, 12, 60)]
    line.put(0, struct.pack(">f", 120))
    raises(LineError, "L1 is at 120 V", read, line, meter)


def test_a_meter_that_gives_few_registers_at_once_is_read_in_parts():
    line = Registers()
    line.put(0, struct.pack(">9f", 230, 231, 229, 7.5, 0.25, 60, 1725, -58, 13800))
    for most, reads in ((2, 9), (3, 9), (4, 5), (6, 3), (11, 3), (12, 2), (18, 2)):
        del line.asked[:]
        assert read(line, site(changed(max_registers=most)))[0] == [7500, -250, 60000]
        assert len(line.asked) == reads, (most, line.asked)
        assert max([asked[2] for asked in line.asked]) <= most
    far = value(VOLTAGE, registers=[0, 1000, 60000])
    assert own(site(changed(voltage=far))["map"])[8] == ((0, 2), (1000, 2), (60000, 2))


def test_voltages_among_the_rest_cost_no_read_and_without_any_none_is_checked():
    line = Registers()
    line.put(20, struct.pack(">9f", 7.5, 0.25, 60, 230, 231, 229, 1725, -58, 13800))
    map = changed(
        current=value(CURRENT, registers=[20, 22, 24]),
        voltage=value(VOLTAGE, registers=[26, 28, 30]),
        power=value(POWER, registers=[32, 34, 36]),
    )
    assert read(line, site(map))[1] == [1725, -58, 13800]
    assert line.asked == [(4, 20, 18, 0)]
    map.pop("voltage")
    line.put(26, b"\0" * 12)
    assert read(line, site(map))[0] == [7500, -250, 60000]


def test_a_signed_current_needs_no_power():
    for kind, form, exponent in (
        ("int16", ">3h", -2),
        ("int32", ">3i", -3),
        ("float32", ">3f", 0),
    ):
        line = Registers()
        size = 1 if kind == "int16" else 2
        tens = 10**-exponent
        line.put(6, struct.pack(form, *[round(amps * tens) for amps in (7, -3, 60)]))
        current = {"registers": [6 + size * at for at in range(3)], "type": kind}
        current["exponent"] = exponent
        map = changed(current=current, power=None, voltage=None)
        assert read(line, site(map))[0] == [7000, -3000, 60000]
        assert read(line, site(map, invert=True))[0] == [-7000, 3000, -60000]
    for kind in ("uint16", "uint32"):
        current = value(CURRENT, type=kind)
        raises(SettingsError, "has no sign", site, changed(current=current, power=None))


def test_a_meter_of_one_phase_is_on_its_phase():
    line = Registers()
    line.put(0, struct.pack(">3f", 230, 7.5, 1725))
    map = changed(
        current=value(CURRENT, registers=[2]),
        voltage=value(VOLTAGE, registers=[0]),
        power=value(POWER, registers=[4]),
    )
    assert read(line, site(map, phase=2)) == ([0, 7500, 0], [0, 1725, 0])


def refused(text, map):
    error = str(raises(SettingsError, text, site, map))
    assert error.startswith("site.json: meter.map") and len(error) < 180, error
    assert "\n" not in error


def test_what_is_wrong_with_a_map_is_named_with_its_key_and_value():
    refused("meter.map: is missing", None)
    refused("meter.map: a list is not an object", [])
    refused("meter.map: 'exponent' is not one of function, ", changed(exponent=1))
    refused("meter.map.function: is missing", changed(function=None))
    refused("meter.map.current: is missing", changed(current=None))
    for bad in (0, 5, "4", True, 4.0):
        refused("meter.map.function: ", changed(function=bad))
    for bad in (1, 126, "60", 60.5, 1 << 70):
        refused("meter.map.max_registers: ", changed(max_registers=bad))
    refused("meter.map.pause_ms: 501 ms is above 0..500 ms", changed(pause_ms=501))
    for key, base in (("current", CURRENT), ("power", POWER), ("voltage", VOLTAGE)):
        where = "meter.map.%s" % key
        for bad in (7, [], "x", False):
            refused(where + ": ", changed(**{key: bad}))
        for bad in ([], [1, 2], [1, 2, 3, 4], 6, "6", [1, 1, 2], [-1, 2, 3], [65535, 1, 2]):
            refused(where + ".registers: ", changed(**{key: value(base, registers=bad)}))
        for bad in ([1.5, 2, 3], [True, 2, 3], [None, 2, 3], [[1], 2, 3], list(range(500))):
            refused(where + ".registers: ", changed(**{key: value(base, registers=bad)}))
        for bad in ("float64", "", None, 32, ["float32"], "FLOAT32"):
            refused(where + ".type: ", changed(**{key: value(base, type=bad)}))
        for bad in ("ABDC", "abcd", "", None, 3, []):
            refused(where + ".order: ", changed(**{key: value(base, order=bad)}))
        for bad in (-7, 4, 0.001, "0", None, 1e99):
            refused(where + ".exponent: ", changed(**{key: value(base, exponent=bad)}))
        refused(where + ": 'exponnet' is not one of", changed(**{key: value(base, exponnet=1)}))
    refused("meter.map.power.registers: ", changed(power=value(POWER, registers=[1])))
    refused("meter.map.voltage.registers: ", changed(voltage=value(VOLTAGE, registers=[1])))


def test_a_map_belongs_to_the_type_own():
    given = {"limit_ma": 63000, "supply_ma": 63000, "meter": {"map": changed()}}
    text = "site.json: meter.map: 'eastron_sdm630' is the type of the meter, expected \"own\""
    raises(SettingsError, text, check_site, given)


def test_any_registers_of_any_map_are_a_reading_within_bounds_or_a_line_error():
    state = 99
    for turn in range(200):
        line = Registers(24)
        for at in range(48):
            state = (state * 1103515245 + 12345) & 0x3FFFFFFF
            line.data[at] = state >> 16 & (0xFF if turn & 1 or at % 4 > 1 else 0x43)
        kind = ("float32", "int32", "uint32", "int16", "uint16")[turn % 5]
        order = ("ABCD", "CDAB", "BADC", "DCBA")[turn % 4]
        exponents = (-turn % 7 - 6, turn % 7 - 3, turn % 8 - 4)
        kinds = [
            {"type": kind, "order": order, "exponent": min(e, most)}
            for e, most in zip(exponents, (0, 3, 3))
        ]
        map = changed(
            current=value(kinds[0], registers=[6, 8, 10]),
            power=value(
                kinds[1] if turn & 2 else value(kinds[1], type="int32"), registers=[12, 14, 16]
            ),
            voltage=value(kinds[2], registers=[0, 2, 4]) if turn & 8 else None,
        )
        try:
            currents, powers = read(line, site(map))
        except LineError:
            continue
        assert max([abs(x) for x in currents]) <= 10000000
        assert max([abs(x) for x in powers]) <= 3000000
