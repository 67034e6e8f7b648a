# The front of a board: one LED that says how it is, one button. Loaded on a board only. The LED
# tells states apart by how it blinks, so a plain one is enough; the colour comes on top.
#
#   steady                       works                                   green
#   steady, a gap every 2 s      works, and cars are cut back            yellow
#   1 s on, 1 s off              starting: no reading yet                white
#   two flashes every 2 s        its own Wi-Fi is on (access point)      blue
#   three flashes                no Wi-Fi                                violet
#   four flashes                 the meter does not answer               red
#   flickers                     a charger is broken or silent           red
#
# The button held for 5 s (the LED shows two flashes) is for the Wi-Fi, which watches it too. Held
# for 15 s (it flickers) and let go it is for factory settings: a note in the data directory, by
# which the next start does it, whole even if the power fails now.

from app import log
from balance.rows import CONTROLLED, STATE_C, STATE_D, STATE_E, USABLE
from clock import sleep_ms
from micropython import const

# 20 steps of 0.1 s from the lowest bit, and above them the colour (boards/esp32.py).
WORKS = const(2 << 20 | 0xFFFFF)
CUT_BACK = const(6 << 20 | 0x3FFFF)
STARTING = const(7 << 20 | 0x003FF)
ACCESS_POINT = const(1 << 20 | 0b101)
NO_WIFI = const(5 << 20 | 0b10101)
NO_METER = const(4 << 20 | 0b1010101)
FAULT = const(4 << 20 | 0x55555)

_STEPS = const(20)
_STEP_MS = const(100)
_ACCESS_POINT_STEPS = const(50)
_FACTORY_STEPS = const(150)
_FACTORY = "/factory_settings"

_CONNECTED = const(2)  # of a station (app/wifi.py)


class Panel:
    """Shows what `board` and `cycle` say; `end(code)` ends the program."""

    def __init__(self, board, cycle, data_dir: str, end):
        self._board = board
        self._cycle = cycle
        self._data_dir = data_dir
        self._end = end
        self._step = self._held = 0

    async def run(self) -> None:
        while True:
            self.step()
            await sleep_ms(_STEP_MS)

    def step(self) -> None:
        """A tenth of a second."""
        self._watch_button()
        pattern = self.pattern()
        on = pattern >> self._step & 1
        self._board.light(pattern >> _STEPS if on else 0)
        self._step = (self._step + 1) % _STEPS

    def pattern(self) -> int:
        """What the LED shows: the worst there is."""
        if self._held >= _ACCESS_POINT_STEPS:
            return FAULT if self._held >= _FACTORY_STEPS else ACCESS_POINT
        grid = self._cycle.grid
        if self._board.portal:
            return ACCESS_POINT
        if self._board.wifi not in (None, _CONNECTED):
            return NO_WIFI
        if grid.lost:
            return NO_METER
        if not (grid.ever or grid.static):
            return STARTING
        return self._of_chargers(self._cycle.rows)

    def _of_chargers(self, rows):
        worst = WORKS
        for index in range(rows.count):
            state = rows.state[index]
            usable = rows.flags[index] & USABLE
            if not usable or state >= STATE_E or rows.aside[index] != CONTROLLED:
                return FAULT
            if STATE_C <= state <= STATE_D and rows.bound[index] < 3:  # a phase is full
                worst = CUT_BACK
        return worst

    def _watch_button(self):
        if self._board.pressed():
            self._held += 1
            return
        if self._held >= _FACTORY_STEPS:
            self._note_factory()
        self._held = 0

    def _note_factory(self):
        log.warning("button: factory settings")
        try:
            with open(self._data_dir + _FACTORY, "w") as file:
                file.write("1")
        except OSError as error:
            log.error("button: {}".format(error))
        else:
            self._end(0)
