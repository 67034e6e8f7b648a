# What a charger said, in the form that every driver fills and the delivery reads. One is made for
# each worker and filled again with every reply.

from array import array

A, B, C, D, E, F = range(6)  # IEC 61851-1
NO_STATE = 255
NOT_SAID = -1


class Answer:
    """`state` A..F or NO_STATE, `allowed_ma` or NOT_SAID, and, where `has_phases`, `phase_ma`:
    what the car draws, in mA, in the order of the charger's own phases."""

    def __init__(self):
        self.phase_ma = array("i", (0, 0, 0))
        self.clear()

    def clear(self) -> None:
        self.state = NO_STATE
        self.allowed_ma = NOT_SAID
        self.has_phases = False
        for phase in range(3):
            self.phase_ma[phase] = 0
