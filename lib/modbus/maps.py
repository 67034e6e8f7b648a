# From `site.json` to a meter. It is needed at start only and goes again, so that decoding, which
# stays, is small.

from modbus.decode import Meter


def open_meter(line, settings: dict):
    """The meter of `site.json`'s `meter` on `line`, with `async read(reading)`; ValueError."""
    address, invert, phase = settings["address"], settings["invert"], settings["phase"]
    return Meter(line, load(settings["type"]), address, invert, phase)


def load(name: str):
    """The table of a meter type, which is the name of a file in modbus/meters; ValueError for one
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
