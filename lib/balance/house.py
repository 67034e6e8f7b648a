# What the house drew lately: how much of the room may be counted on, and how far it jumps.
#
# A raise counts on the highest house of a window. That is 8 s; it doubles, to 2 min at most, when
# the chargers are cut by more than a quarter that they had got within a minute before, and halves
# after 10 quiet minutes, or up to 40 where that proved too early: an oven that comes and goes
# every half minute does not make the chargers swing. Smaller swings are followed, or a busy house
# would leave much of its connection unused.

from array import array

from micropython import const

_SLOTS = const(8)
_NOTHING_MA = const(0x20000000)

# The window: 8 slots of 1 s to 15 s.
_WINDOW_SLOT_MS = (1000, 2000, 4000, 8000, 15000)

_JUMP_SLOT_MS = const(1000)
_GIVEN_SLOT_MS = const(8000)
_SWING_PART = const(4)
_QUIET_MS = const(600000)
_QUIET_MAX_MS = const(2400000)
_EARLY_MS = const(120000)


class House:
    """The house of each phase in mA: what is neither a charger's nor reserved for one.

    largest_jump_ma: its largest rise within 8 s.
    """

    def __init__(self):
        self.largest_jump_ma = array("i", (0, 0, 0))
        self._highest = _Lowest()  # of the house with its sign turned
        self._calm = _Lowest()
        self._given = _Lowest()
        self._window = self._quiet_ms = 0
        self._patience_ms = _QUIET_MS
        self._halved = False

    def advance(self, elapsed_ms: int) -> None:
        """Lets time pass."""
        self._quiet_ms += elapsed_ms
        if self._quiet_ms >= self._patience_ms:
            if self._halved:
                self._patience_ms = _QUIET_MS
            self._halved = True
            self._quiet_ms = 0
            self._window = max(self._window - 1, 0)
        self._calm.advance(elapsed_ms, _JUMP_SLOT_MS)
        self._given.advance(elapsed_ms, _GIVEN_SLOT_MS)
        self._highest.advance(elapsed_ms, _WINDOW_SLOT_MS[self._window])

    def note(self, phase: int, house_ma: int) -> None:
        """It is this now."""
        self._highest.note(phase, -house_ma)

    def note_jump(self, phase: int, house_ma: int) -> None:
        """The same where no charger can have made a jump."""
        self._calm.note(phase, house_ma)
        jump_ma = house_ma - self._calm.lowest(phase, house_ma)
        self.largest_jump_ma[phase] = max(self.largest_jump_ma[phase], jump_ma)

    def highest_ma(self, phase: int) -> int:
        """The highest of the window."""
        return -self._highest.lowest(phase, _NOTHING_MA)

    def forget(self) -> None:
        """All chargers have been read: what those drew that had not been was no house."""
        self._highest.clear()

    def given(self, booked_ma) -> None:
        """What the chargers were given on each phase. Room that some made for another stays
        booked, and is no swing."""
        for phase in range(3):
            self._given.note(phase, booked_ma[phase])

    def cut(self, phase: int, before_ma: int, after_ma: int) -> None:
        """The chargers on a phase were told less since a reading was above target. If they had got
        as much within a minute before, the house swings."""
        part_ma = before_ma // _SWING_PART
        got_ma = before_ma - self._given.lowest(phase, before_ma)
        if before_ma - after_ma > part_ma and got_ma > part_ma:
            if self._halved and self._quiet_ms < _EARLY_MS:
                self._patience_ms = min(2 * self._patience_ms, _QUIET_MAX_MS)
            self._halved = False
            self._quiet_ms = 0
            self._window = min(self._window + 1, len(_WINDOW_SLOT_MS) - 1)
            self._given.clear()  # one swing counts once


# The lowest that was noted on each phase in each of the last 8 slots of time.
class _Lowest:
    def __init__(self):
        self._values = array("i", (_NOTHING_MA,) * (3 * _SLOTS))
        self._slot = self._ms = 0

    def advance(self, elapsed_ms, slot_ms):
        self._ms += elapsed_ms
        while self._ms >= slot_ms:
            self._ms -= slot_ms
            self._slot = (self._slot + 1) % _SLOTS
            for phase in range(3):
                self._values[3 * self._slot + phase] = _NOTHING_MA

    def note(self, phase, ma):
        place = 3 * self._slot + phase
        self._values[place] = min(self._values[place], ma)

    def lowest(self, phase, ma):
        for place in range(phase, 3 * _SLOTS, 3):
            ma = min(ma, self._values[place])
        return ma

    def clear(self):
        for place in range(3 * _SLOTS):
            self._values[place] = _NOTHING_MA
