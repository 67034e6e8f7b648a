# Iskra WM3M4/WM3M4C. Registers and types: the maker's pyiskra (devices/WM.py, helper.py: T5, T6);
# Tinkerforge bricklib2 (meter_wm3m4c_def.inc, meter_iskra.c). Confidence: high.

from micropython import const

# No meter has a decimal exponent beyond these: what has is another type.
_MOST_EXPONENT = const(9)


def t5(data, at: int, order: tuple, per_unit: int, most: int) -> int | None:
    """Iskra's T5: a decimal exponent in the high byte (signed), a mantissa in the other three.
    Times `per_unit`, a power of ten, rounded; None for what is above `most` before that."""
    return _decimal(data[at + order[0]], _mantissa(data, at, order), per_unit, most)


def t6(data, at: int, order: tuple, per_unit: int, most: int) -> int | None:
    """Iskra's T6: as T5, with a mantissa in two's complement."""
    mantissa = _mantissa(data, at, order)
    if not mantissa & 0x800000:
        return _decimal(data[at + order[0]], mantissa, per_unit, most)
    value = _decimal(data[at + order[0]], 0x1000000 - mantissa, per_unit, most)
    return None if value is None else -value


def _mantissa(data, at, order):
    return data[at + order[1]] << 16 | data[at + order[2]] << 8 | data[at + order[3]]


def _decimal(exponent, value, per_unit, most):
    exponent -= (exponent & 0x80) << 1
    if abs(exponent) > _MOST_EXPONENT:
        return None
    while per_unit > 1:
        per_unit //= 10
        most *= 10
        exponent += 1
    for _ in range(exponent):
        value *= 10
        if value > most:
            return None
    divisor = 10 ** max(-exponent, 0)
    value = (value + divisor // 2) // divisor
    return value if value <= most else None


MAP = (
    4,  # function
    ((126, 22),),  # what is read: the first register and how many
    (126, 128, 130),  # currents
    (t5, (0, 1, 2, 3), 1000, 1),  # as mA
    (142, 144, 146),  # powers
    (t6, (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((107, 6),),  # what is read once a minute, for the voltages
    (107, 109, 111),  # voltages
    (t5, (0, 1, 2, 3), 1, 1),  # as V
)
