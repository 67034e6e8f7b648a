# The metering task: reads the meter at the grid connection as fast as it refreshes, at least 4
# times a second, and wakes the cycle. A bad reply is a missing reading, never a number; the core
# notices by the age of the last one.

from app import log, start
from clock import add_ms, diff_ms, now_ms, sleep_ms
from micropython import const
from modbus.decode import Reading
from modbus.rtu import LineError

# A current is known at the latest one refresh, one period and one request after it flows. Makers
# name 0.1 to 1 s for the refresh or nothing at all, so even of a slow meter a period is a fourth
# of that. A faster one is read 8 times a second and not more: a reading with its cycle is 0.45 ms
# on the Unix port, so that is 1.8 ms a second on top of the budget, and 10 would be 2.7.
_SLOWEST_MS = const(250)
_FASTEST_MS = const(125)

# The interval of the refresh is the shortest time in which so many changes of the registers came,
# over their number. A value that repeats by chance and a lost reading hide a refresh and make it
# longer; that changes are found late makes it shorter, by one refresh in all, so by 1/16 at most.
_CHANGES = const(16)

_PAUSE_MS = const(20)
_SILENT_AFTER = const(8)
_LONGEST_MS = const(0x1FFFFFFF)


class Metering:
    """Reads `meter` (modbus.decode.Meter, on `line`) into the grid of `cycle`.

    refresh_ms: the meter's interval as measured, 0: not known yet; poll_ms: the time between the
    last two requests.
    """

    def __init__(self, line, meter, grid, wake, beat):
        self.line = line
        self.meter = meter
        self._reading = Reading()
        self._grid = grid
        self._wake = wake
        self._beat = beat
        self._missed = 0
        self._period_ms = _SLOWEST_MS
        self.refresh_ms = self.poll_ms = 0
        self._mark = self._changes = -1
        self._span_ms = 0

    async def run(self) -> None:
        due = begin = now_ms()
        while True:
            last, begin = begin, now_ms()
            self.poll_ms = diff_ms(begin, last)
            self._span_ms = min(self._span_ms + self.poll_ms, _LONGEST_MS)
            try:
                await self.meter.read(self._reading)
            except (LineError, MemoryError) as error:
                self._miss(error)
                if isinstance(error, MemoryError):
                    start.relieve()
            else:
                self._take()
            self._wake()
            self._beat("metering")
            due = add_ms(due, self._period_ms)
            wait = diff_ms(due, now_ms())
            if wait < -_SLOWEST_MS:  # more than one period is not made up for
                due = now_ms()
            await sleep_ms(max(wait, _PAUSE_MS))

    def _take(self):
        self._grid.read(self._reading.phase_ma)
        if self.meter.mark != self._mark:
            self._mark = self.meter.mark
            self._note_change()
        if self._missed >= _SILENT_AFTER:
            log.info("the meter answers again")
        self._missed = 0

    # The period is three fourths of the interval: were they equal, every reading would be another
    # and the meter might be faster still.
    def _note_change(self):
        self._changes += 1
        if self._changes == _CHANGES:
            interval = self._span_ms // _CHANGES
            self.refresh_ms = min(interval, self.refresh_ms or interval)
            self._period_ms = min(max(self.refresh_ms * 3 >> 2, _FASTEST_MS), _SLOWEST_MS)
            self._changes = 0
        if self._changes == 0:
            self._span_ms = 0

    # A meter that cannot keep up is not hurried until it has answered for a while.
    def _miss(self, error):
        self._period_ms = _SLOWEST_MS
        self._missed += 1
        if self._missed == _SILENT_AFTER:
            log.warning("the meter does not answer: {}".format(error))


def opener(open_port, name: str, baud: int, parity: str, stop: int):
    """A call without arguments for modbus.rtu.Line."""
    return lambda: open_port(name, baud, parity, stop)
