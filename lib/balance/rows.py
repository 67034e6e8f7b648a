# One row per charger, as arrays made once, so that a cycle allocates nothing. The arrays are
# public: the parts of the core read and write them by index, the rest of the firmware reads them.
#
# Limits          phases, rotation, max_ma, min_ma, reserve_ma, priority, weight
# Seen            state, flags, silent_ms, failures, draw_ma, draw_age_ms
# Told            set_ma, least_ma, most_ma, settling_ms, refusals (see ledger.py)
# Booked          aside, booked_ma
# Decided         want_ma, bound, hold_s, waiting_s
#
# Ages are milliseconds or seconds that the cycle adds up and saturates: no stamp grows old here.

from array import array

from micropython import const

# IEC 61851-1 states as they are kept in `state`.
STATE_A = const(0)
STATE_B = const(1)
STATE_C = const(2)
STATE_D = const(3)
STATE_E = const(4)
STATE_F = const(5)

# `flags`: KNOWN: read at least once. DIRTY: its setpoint has to be written. CONFIRMED: it reads
# back no more than it was told. FRESH: confirmed since the last cycle,
# so that it does not settle before its time. METERED: `draw_ma`
# holds values. DRAW_SETTLED: they were measured with the present setpoint settled. USABLE: its
# line in the settings is good. DISOBEYS: it answers and does not take the setpoint.
KNOWN = const(1)
DIRTY = const(2)
CONFIRMED = const(4)
FRESH = const(8)
METERED = const(16)
DRAW_SETTLED = const(32)
USABLE = const(64)
DISOBEYS = const(128)

# `aside`: whether telling it something can be relied upon. If not, it is reserved for.
CONTROLLED = const(0)
UNREACHABLE = const(1)
DISOBEYING = const(2)

AGE_MAX = const(65535)

# A line of the settings that cannot be used is one charger "?" that is reserved for as if it
# drew the most a charger of this class can, on all three phases (design, promise 8).
_BAD_RESERVE_MA = const(32000)
_UNCONNECTED = const(3)


class Rows:
    """Up to `capacity` chargers; the first `count` are in use.

    `phases` is a mask of the grid's phases (bit 0: L1); `rotation` holds for each of the
    charger's own phases two bits, the grid's phase 0 to 2, or 3; `draw_ma` has three values a
    charger, in the grid's order.
    """

    def __init__(self, capacity: int = 64):
        bytes_ = bytes(capacity)
        words = bytes(2 * capacity)
        self.capacity = capacity
        self.count = 0
        self.phases = bytearray(bytes_)
        self.rotation = bytearray(bytes_)
        self.max_ma = array("H", words)
        self.min_ma = array("H", words)
        self.reserve_ma = array("H", words)
        self.priority = array("b", bytes_)
        self.weight = bytearray(bytes_)
        self.state = bytearray(bytes_)
        self.flags = bytearray(bytes_)
        self.silent_ms = array("H", words)
        self.failures = bytearray(bytes_)
        self.draw_ma = array("H", bytes(6 * capacity))
        self.draw_age_ms = array("H", words)
        self.set_ma = array("H", words)
        self.least_ma = array("H", words)
        self.most_ma = array("H", words)
        self.settling_ms = array("H", words)
        self.refusals = bytearray(bytes_)
        self.aside = bytearray(bytes_)
        self.booked_ma = array("H", words)
        self.want_ma = array("H", words)
        self.bound = bytearray(bytes_)
        self.hold_s = array("H", words)
        self.waiting_s = array("H", words)

    def add(self, charger: dict, minimum: dict) -> int:
        """Appends a charger from its checked line of chargers.jsonl; returns its index."""
        index = self._append()
        self.apply(index, charger, minimum)
        return index

    def add_unusable(self) -> int:
        """Appends a charger whose line in the settings is bad: reserved, never told anything."""
        index = self._append()
        self.phases[index] = 7
        self.rotation[index] = 0xFF
        self.reserve_ma[index] = self.booked_ma[index] = _BAD_RESERVE_MA
        self.weight[index] = 1
        return index

    def apply(self, index: int, charger: dict, minimum: dict) -> None:
        """Takes new settings for a charger; what it was told stays as it is."""
        self.phases[index], self.rotation[index] = _phases(charger["phases"])
        self.max_ma[index] = charger["max_ma"]
        least = charger["min_ma"] or _minimum(self.phases[index], minimum)
        self.min_ma[index] = min(least, charger["max_ma"])
        fallback = charger["fallback_ma"]
        self.reserve_ma[index] = charger["max_ma"] if fallback is None else fallback
        self.booked_ma[index] = max(self.booked_ma[index], self.reserve_ma[index])
        self.priority[index] = charger["priority"]
        self.weight[index] = charger["weight"]
        self.flags[index] |= USABLE

    def _append(self) -> int:
        if self.count == self.capacity:
            raise ValueError("chargers: more than {}".format(self.capacity))
        self.aside[self.count] = UNREACHABLE  # until it is read
        self.count += 1
        return self.count - 1


def _phases(text):
    if text == "?":
        return 7, 0xFF
    mask = 0
    rotation = 0xFF
    for own in range(len(text)):
        grid = int(text[own]) - 1
        mask |= 1 << grid
        rotation &= ~(_UNCONNECTED << 2 * own) | grid << 2 * own
    return mask, rotation & 0xFF


# The automatic minimum starts at 6 A, the least that IEC 61851-1 lets a charger offer.
def _minimum(mask, minimum):
    if minimum["auto"]:
        return 6000
    return minimum["one_phase_ma"] if mask in (1, 2, 4) else minimum["three_phase_ma"]
