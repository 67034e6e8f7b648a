# What a charger said, in the form that every driver fills and the delivery reads. One is made for
# each worker and filled again with every reply.

from array import array

from micropython import const

NO_STATE = const(255)
AS_SET = const(255)


class Answer:
    """`state`: 0..5 for A..F (IEC 61851-1), NO_STATE if not said. `allowed_ma`: -1 if not said.
    Where `has_phases`, `phase_ma`: what the car draws, in the order of the charger's own phases.
    `watchdog_s`: -1 if not said, 0: it has none, else how long after the last write it falls back
    by itself (AS_SET: that is in the settings), to `fallback_ma` (-1 if not said).
    """

    def __init__(self):
        self.phase_ma = array("i", (0, 0, 0))
        self.clear()

    def clear(self) -> None:
        self.state = NO_STATE
        self.allowed_ma = self.watchdog_s = self.fallback_ma = -1
        self.has_phases = False
        for phase in range(3):
            self.phase_ma[phase] = 0
