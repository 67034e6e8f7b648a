# How often the meter is read, in virtual time: the task, and a meter that refreshes as it likes.

from app import metering
from app.metering import Metering
from both import run
from modbus.rtu import LineError

from chance import Chance

# What the shortest of many spans of 16 changes may be off: a change found late at its begin.
LEAST = 15 / 16


class Over(Exception):
    pass


class Grid:
    readings = 0

    def read(self, phase_ma):
        self.readings += 1


class World:
    """A meter and the time, in which `read_for` runs the task.

    The meter refreshes every refresh_ms, give or take jitter_ms; of 100 values so many repeat, of
    100 requests so many are lost. A request takes took_ms, once a minute longer_ms more, and a
    reading is `reads` of them.
    """

    def __init__(
        self, refresh_ms, jitter_ms=0, repeats=0, lost=0, took_ms=120, reads=1, longer_ms=0
    ):
        self.now = 1000
        self.refresh_ms = refresh_ms
        self.jitter_ms = jitter_ms
        self.repeats = repeats
        self.lost = lost
        self.took_ms = took_ms
        self.reads = reads
        self.longer_ms = longer_ms
        self.mark = 0
        self.woken = 0
        self.grid = Grid()
        self.task = Metering(None, self, self.grid, self._wake, lambda name: None)
        self._chance = Chance(3)
        self._next = self.now + 77
        self._value = 0
        self.error = LineError("timeout", "nothing")

    def read_for(self, seconds):
        """How often a second it was read."""
        self._end = self.now + 1000 * seconds
        self._asked = 0
        metering.now_ms = lambda: self.now
        metering.sleep_ms = self._sleep_ms
        try:
            run(self.task.run())
        except Over:
            return self._asked / seconds
        raise AssertionError("the task returned")

    async def read(self, reading):
        self._asked += 1
        if self._chance.below(100) < self.lost:
            self._pass(500)
            raise self.error
        for number in range(self.reads):
            longer = self.longer_ms if self._asked % 240 == 200 else 0
            self._pass(self.took_ms + longer)
            if number == 0:
                self.mark = self._value

    def _wake(self):
        self.woken += 1

    # A sleep ends a little late now and then.
    async def _sleep_ms(self, ms):
        self._pass(ms + (5 if self._chance.below(20) == 0 else 0))
        if self.now >= self._end:
            raise Over

    def _pass(self, ms):
        self.now += ms
        while self._next <= self.now:
            if self._chance.below(100) >= self.repeats:
                self._value += 1
            jitter = self._chance.below(2 * self.jitter_ms + 1) - self.jitter_ms
            self._next += self.refresh_ms + jitter


def measured(refresh_ms, seconds=60, **kind):
    """(the interval that was measured, readings a second once it was)."""
    world = World(refresh_ms, **kind)
    world.read_for(seconds)
    return world.task.refresh_ms, world.read_for(60)


def test_a_meter_that_refreshes_once_a_second_is_read_4_times_a_second():
    refresh_ms, rate = measured(1000)
    assert LEAST * 1000 <= refresh_ms <= 1000
    assert 4 <= rate <= 4.05


def test_a_faster_meter_is_read_a_third_more_often_than_it_refreshes():
    for real_ms in (200, 250, 300):
        refresh_ms, rate = measured(real_ms)
        assert LEAST * real_ms <= refresh_ms <= real_ms, (real_ms, refresh_ms)
        assert 1000 / real_ms < rate < 1.5 * 1000 / real_ms, (real_ms, rate)


def test_the_fastest_meter_is_read_8_times_a_second_within_12_s_and_no_faster():
    for real_ms in (20, 100, 125):
        refresh_ms, rate = measured(real_ms, 12, took_ms=30)
        assert LEAST * 125 <= refresh_ms <= 125
        assert 7.9 <= rate <= 8.05


def test_a_reading_for_which_there_is_no_memory_is_missing_and_the_next_one_is_not():
    world = World(1000, lost=30)
    world.error = MemoryError("304 bytes")
    assert world.read_for(60) > 2.5 and world.task.refresh_ms


def test_jitter_of_the_refresh_does_not_make_it_look_faster():
    refresh_ms, rate = measured(1000, 300, jitter_ms=300)
    assert 850 <= refresh_ms <= 1000
    assert 4 <= rate <= 4.05


def test_values_that_repeat_by_chance_do_not_make_a_meter_look_slower_for_long():
    refresh_ms, _ = measured(1000, 300, repeats=10)
    assert LEAST * 1000 <= refresh_ms <= 1100
    refresh_ms, _ = measured(200, 300, repeats=10)
    assert LEAST * 200 <= refresh_ms <= 220


def test_lost_readings_do_not_make_it_look_faster_or_much_slower():
    refresh_ms, rate = measured(1000, 300, lost=10)
    assert LEAST * 1000 <= refresh_ms <= 1100
    assert rate > 2.5


def test_a_fast_meter_that_misses_requests_is_asked_less_often():
    _, rate = measured(100, took_ms=30)
    _, with_losses = measured(100, took_ms=30, lost=30)
    assert with_losses < rate / 2


def test_a_meter_of_two_reads_is_not_taken_for_one_that_refreshes_between_them():
    refresh_ms, rate = measured(1000, 300, took_ms=100, reads=2)
    assert LEAST * 1000 <= refresh_ms <= 1000
    assert 4 <= rate <= 4.05


def test_a_very_slow_meter_is_still_read_4_times_a_second():
    refresh_ms, rate = measured(10000, 600)
    assert LEAST * 10000 <= refresh_ms <= 10000
    assert 4 <= rate <= 4.05


def test_a_slow_line_is_read_as_often_as_it_allows():
    refresh_ms, rate = measured(1000, took_ms=330)
    assert LEAST * 1000 <= refresh_ms <= 1000
    assert 2.8 <= rate <= 2.9


def test_values_that_never_change_are_readings_all_the_same_and_nothing_is_measured():
    world = World(1000, repeats=100)
    rate = world.read_for(100)
    assert 4 <= rate <= 4.05
    assert world.task.refresh_ms == 0
    assert world.grid.readings == world.woken == 100 * rate


def test_a_day_without_a_change_is_no_measurement_that_stays():
    world = World(1000, repeats=100, took_ms=20000)
    world.read_for(900000)
    world.repeats = 0
    world.took_ms = 120
    world.read_for(60)
    assert LEAST * 1000 <= world.task.refresh_ms <= 1000


def test_a_longer_request_once_a_minute_is_made_up_for():
    _, rate = measured(1000, longer_ms=200)
    assert 4 <= rate <= 4.05
