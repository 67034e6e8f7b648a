# From `site.json` to a meter. It is needed at start only and goes again, so that decoding, which
# stays, is small.

from modbus.decode import Meter


def open_meter(line, settings: dict):
    """The meter of `site.json`'s `meter` on `line`, with `async read(reading)`; ValueError."""
    address, invert, phase = settings["address"], settings["invert"], settings["phase"]
    map = own(settings["map"]) if settings["type"] == "own" else load(settings["type"])
    if callable(map):
        return map(line, address, invert, phase)
    return Meter(line, map, address, invert, phase)


def load(name: str):
    """The map of a meter type, which is the name of a file in modbus/meters, or the class of a
    meter that describes itself, in the place of `Meter` and without its `map`. ValueError for one
    that is not there, or that cannot tell what each phase takes or gives."""
    try:
        if not _is_plain(name):
            raise ImportError
        table = __import__("modbus.meters." + name, None, None, ("MAP",)).MAP
    except (ImportError, AttributeError, TypeError):
        text = "meter type %r: is not known, expected a name of the README's table of meters"
        raise ValueError(text % (name,))
    if isinstance(table, str):
        text = 'meter type %r: %s: expected one that does, or "meter": null'
        raise ValueError(text % (name, table))
    return table


def _is_plain(name):
    for char in name:
        if not ("a" <= char <= "z" or "0" <= char <= "9" or char == "_"):
            return False
    return name != ""


def own(settings: dict) -> tuple:
    """The map of `site.json`'s `meter.map`, as `settings.schema` lets it through."""
    most = settings["max_registers"]
    current = settings["current"]
    power = settings.get("power")
    voltage = settings.get("voltage")
    reads = _joined(_spans(current) + _spans(power), most)
    voltage_reads = () if _inside(_spans(voltage), reads) else _joined(_spans(voltage), most)
    currents, current_form = _value(current, 1000)
    # A current with a sign of its own has it from the power that it is at 230 V.
    powers, power_form = _value(power, 1) if power else _value(current, 230)
    voltages, voltage_form = _value(voltage, 1)
    return (
        settings["function"],
        reads,
        currents,
        current_form,
        powers,
        power_form,
        (),
        settings["pause_ms"],
        voltage_reads,
        voltages,
        voltage_form,
    )


# The registers and the form of a value in A, W or V, times `unit`.
def _value(value, unit):
    if value is None:
        return (), ()
    order = value["order"]
    if value["type"] in ("int16", "uint16"):  # one register: its bytes may be swapped, no more
        order = "ABCD" if order in ("ABCD", "CDAB") else "BADC"
    places = tuple(["ABCD".index(letter) for letter in order])
    divisor = 10 ** max(-value["exponent"], 0)
    while divisor > 1 and unit % 10 == 0:
        unit //= 10
        divisor //= 10
    multiplier = unit * 10 ** max(value["exponent"], 0)
    return tuple(value["registers"]), (value["type"], places, multiplier, divisor)


# First register and first behind it, for each value.
def _spans(value):
    if value is None:
        return []
    size = 1 if value["type"] in ("int16", "uint16") else 2
    return [(register, register + size) for register in value["registers"]]


# As few reads as there can be with `most` registers each.
def _joined(spans, most):
    reads = []
    for start, end in sorted(spans):
        if reads and end - reads[-1][0] <= most:
            reads[-1] = reads[-1][0], max(end - reads[-1][0], reads[-1][1])
        else:
            reads.append((start, end - start))
    return tuple(reads)


def _inside(spans, reads):
    for start, end in spans:
        if not [1 for first, count in reads if first <= start and end <= first + count]:
            return False
    return True
