# The LED and the button of a board's front (firmware/app/panel.py), in steps of 0.1 s.

import os

from app.panel import ACCESS_POINT, CUT_BACK, FAULT, NO_METER, NO_WIFI, STARTING, WORKS, Panel
from balance.cycle import Cycle
from balance.rows import KNOWN, STATE_B, STATE_C, STATE_F, UNREACHABLE, USABLE
from settings.schema import check_site

DATA = "panel_test_data"


class Board:
    def __init__(self):
        self.shown = []
        self.down = False
        self.wifi = self.portal = None

    def light(self, colour):
        if len(self.shown) < 20:
            self.shown.append(colour)

    def pressed(self):
        return self.down


class Front:
    """A panel with one charger that charges, on a connection that was read."""

    def __init__(self):
        self.board = Board()
        self.cycle = Cycle(4)
        self.ends = []
        self.panel = Panel(self.board, self.cycle, DATA, self.ends.append)
        rows = self.cycle.rows
        rows.count = 1
        rows.state[0] = STATE_C
        rows.flags[0] = KNOWN | USABLE
        rows.bound[0] = 3
        self.cycle.apply(check_site({"limit_ma": 63000, "supply_ma": 63000}))
        self.cycle.grid.read((1000, 1000, 1000))
        self.cycle.grid.advance(10)

    def steps(self, count):
        """What the LED shows in so many steps."""
        self.board.shown = []
        for _ in range(count):
            self.panel.step()
        return self.board.shown

    def hold(self, steps):
        """The button, held and let go."""
        self.board.down = True
        self.steps(steps)
        self.board.down = False
        self.steps(1)


def flashes(shown):
    """How often it goes on in one turn, and for how many steps it is on."""
    on = [colour > 0 for colour in shown]
    return sum(now and not before for before, now in zip(on[-1:] + on, on)), sum(on)


def test_each_state_has_its_own_number_of_flashes():
    front = Front()
    seen = []
    for pattern in (WORKS, CUT_BACK, STARTING, ACCESS_POINT, NO_WIFI, NO_METER, FAULT):
        front.panel.pattern = lambda: pattern
        seen.append(flashes(front.steps(20)))
    assert seen == [(0, 20), (1, 18), (1, 10), (2, 2), (3, 3), (4, 4), (10, 10)]


def test_it_is_steady_and_green_while_all_is_well():
    assert Front().steps(20) == [2] * 20


def test_what_is_wrong_is_shown_the_worst_first():
    front = Front()
    rows = front.cycle.rows
    pattern = front.panel.pattern
    rows.bound[0] = 1
    assert pattern() == CUT_BACK
    rows.state[0] = STATE_B
    assert pattern() == WORKS
    rows.state[0] = STATE_F
    assert pattern() == FAULT
    rows.state[0] = STATE_C
    rows.aside[0] = UNREACHABLE
    assert pattern() == FAULT
    rows.aside[0] = 0
    rows.flags[0] = KNOWN
    assert pattern() == FAULT
    front.cycle.grid.age_ms = 10000
    assert pattern() == NO_METER
    for state in (0, 1, 3):
        front.board.wifi = state
        assert pattern() == NO_WIFI
    front.board.portal = front
    assert pattern() == ACCESS_POINT
    front.board.wifi, front.board.portal = 2, None
    assert pattern() == NO_METER


def test_it_starts_until_there_is_a_reading_where_there_is_a_meter():
    front = Front()
    front.cycle.grid.ever = False
    assert front.panel.pattern() == STARTING
    front.cycle.grid.static = True
    assert front.panel.pattern() == WORKS


def asked(steps):
    """What holding the button for so long asks for, and how the program ends."""
    os.mkdir(DATA)
    try:
        front = Front()
        front.hold(steps)
        names = os.listdir(DATA)
        for name in names:
            os.remove(DATA + "/" + name)
        return names, front.ends
    finally:
        os.rmdir(DATA)


def test_15_s_ask_for_factory_settings_and_less_for_nothing():
    for steps in (1, 49, 50, 149):
        assert asked(steps) == ([], [])
    assert asked(150) == (["factory_settings"], [0])
    assert asked(900) == (["factory_settings"], [0])


def test_the_led_says_what_letting_go_would_do():
    front = Front()
    front.board.down = True
    front.steps(49)
    assert front.panel.pattern() == WORKS
    front.steps(1)
    assert front.panel.pattern() == ACCESS_POINT
    front.steps(100)
    assert front.panel.pattern() == FAULT


def test_a_data_directory_that_cannot_be_written_is_no_end():
    front = Front()  # there is none
    front.hold(150)
    assert front.ends == []
    assert front.steps(1) == [2]
