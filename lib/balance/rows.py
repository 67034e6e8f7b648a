# One row per charger, as arrays made once, so that a cycle allocates nothing. The arrays are
# public: the parts of the core read and write them by index, the rest of the firmware reads them.
#
# Limits          rotation, max_ma, min_ma, reserve_ma, watchdog_s, priority, weight
# Seen            state, flags, silent_ms, failures, draw_ma, draw_age_ms
# Told            set_ma, least_ma, most_ma, settling_ms, refusals (see ledger.py)
# Booked          aside, booked_ma
# Since plug-in   session, phases, cap_ma, charge_das, connected_s, cut_s (see sessions.py)
# Decided         want_ma, bound, turn, hold_s
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

# `session`: AUTO: its minimum is found out. PROBING: the raised minimum has not proved itself.
# SETTLED_MINIMUM: nothing more to be found out until unplug. IDLE: it was offered current for a
# while and drew none. ENDED: so for long. GUEST: it came on past one of higher rank. CUT: it got
# less while it drew and has not shown yet that this is enough for it. YIELDED: it made way for one
# whose turn it was.
AUTO = const(1)
PROBING = const(2)
SETTLED_MINIMUM = const(4)
IDLE = const(8)
ENDED = const(16)
GUEST = const(32)
CUT = const(64)
YIELDED = const(128)

# In `weight`: its user has paused it, until unplug.
USER_PAUSED = const(128)

# `aside`: whether telling it something can be relied upon. If not, it is reserved for.
CONTROLLED = const(0)
UNREACHABLE = const(1)
DISOBEYING = const(2)

# `bound`, what stopped a charger at its current: 0 to 2 is the phase that is full. From OFF on it
# has no place.
AT_MAXIMUM = const(3)
AT_MINIMUM = const(4)
RISING = const(5)
OFF = const(6)
WAITING = const(7)
LEFT_OVER = const(8)

# `turn` counts sixtieths of `rotation_s` since it was switched on or off, so that 64 cars that
# wait 64 times 24 h fit.
ROTATION = const(60)

AGE_MAX = const(65535)

# A charger's own phase currents older than this say nothing about now.
DRAW_FRESH_MS = const(12000)

# IEC 61851-1: the least that a charger can offer. The automatic minimum starts with it.
LEAST_OFFER_MA = const(6000)

# A line of the settings that cannot be used is one charger "?" that is reserved for as if it
# drew the most a charger of this class can, on all three phases (design, promise 8).
_BAD_RESERVE_MA = const(32000)

# As `rotation`: nobody knows.
UNKNOWN = const(0xFF)


class Rows:
    """Up to `capacity` chargers; the first `count` are in use.

    `phases` is the mask of the grid's phases that its car may use (bit 0: L1); `rotation` holds
    for each of the charger's own phases two bits, the grid's phase 0 to 2, or 3; `draw_ma` has
    three values a charger, in the grid's order; `watchdog_s` is how long after its last answer it
    has fallen back by itself for certain, or 0; `cap_ma` is the most that is of use to its car;
    `charge_das` is what it had on its fullest phase since plug-in, in 0.1 As, until that counts
    half; `weight` has USER_PAUSED beside the weight.
    """

    def __init__(self, capacity: int = 64):
        bytes_ = bytes(capacity)
        words = bytes(2 * capacity)
        self.capacity = capacity
        self.count = 0
        self.rotation = bytearray(bytes_)
        self.max_ma = array("H", words)
        self.min_ma = array("H", words)
        self.reserve_ma = array("H", words)
        self.watchdog_s = bytearray(bytes_)
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
        self.session = bytearray(bytes_)
        self.phases = bytearray(bytes_)
        self.cap_ma = array("H", words)
        self.charge_das = array("i", bytes(4 * capacity))
        self.connected_s = array("H", words)
        self.cut_s = bytearray(bytes_)
        self.want_ma = array("H", words)
        self.bound = bytearray(b"\x06" * capacity)
        self.turn = array("H", words)
        self.hold_s = array("H", words)

    def add(self, charger: dict, minimum: dict) -> int:
        """Appends a charger from its checked line of chargers.jsonl; returns its index."""
        index = self.extend()
        self.apply(index, charger, minimum)
        return index

    def add_unusable(self) -> int:
        """Appends a charger whose line in the settings is bad: reserved, never told anything."""
        index = self.extend()
        self.phases[index] = 7
        self.rotation[index] = UNKNOWN
        self.reserve_ma[index] = self.booked_ma[index] = _BAD_RESERVE_MA
        self.weight[index] = 1
        return index

    def apply(self, index: int, charger: dict, minimum: dict) -> None:
        """Takes new settings for a charger; what it was told stays as it is."""
        from balance.lines import apply

        apply(self, index, charger, minimum)

    def wired(self, index: int) -> int:
        """The mask of the grid's phases that the charger has; all of them if that is unknown."""
        rotation = self.rotation[index]
        if rotation == UNKNOWN:
            return 7
        mask = 0
        for own in range(3):
            mask |= 1 << (rotation >> 2 * own & 3)
        return mask & 7

    def largest_draw_ma(self, index: int) -> int:
        """What its car draws on the phase where it draws most."""
        first = 3 * index
        return max(self.draw_ma[first], self.draw_ma[first + 1], self.draw_ma[first + 2])

    def extend(self) -> int:
        """One more row, which counts for nothing yet; its index."""
        if self.count == self.capacity:
            raise ValueError("chargers: more than {}".format(self.capacity))
        self.aside[self.count] = UNREACHABLE  # until it is read
        self.count += 1
        return self.count - 1


def on_phase(sums, first: int, phase: int) -> int:
    """What eight sums by mask of phases, which begin at `first`, come to on one phase."""
    if phase == 0:
        return sums[first + 1] + sums[first + 3] + sums[first + 5] + sums[first + 7]
    if phase == 1:
        return sums[first + 2] + sums[first + 3] + sums[first + 6] + sums[first + 7]
    return sums[first + 4] + sums[first + 5] + sums[first + 6] + sums[first + 7]
