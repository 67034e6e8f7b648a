# The metering task: reads the meter at the grid connection 4 times a second and wakes the cycle. A
# bad reply is a missing reading, never a number; the core notices by the age of the last one.

from app import log
from clock import diff_ms, now_ms, sleep_ms
from micropython import const
from modbus.decode import Reading
from modbus.rtu import LineError

_PERIOD_MS = const(250)
_PAUSE_MS = const(20)
_SILENT_AFTER = const(8)


class Metering:
    """Reads `meter` (modbus.decode.Meter) into the grid of `cycle`."""

    def __init__(self, meter, grid, wake, beat):
        self._meter = meter
        self._reading = Reading()
        self._grid = grid
        self._wake = wake
        self._beat = beat
        self._missed = 0

    async def run(self) -> None:
        while True:
            begin = now_ms()
            try:
                await self._meter.read(self._reading)
            except LineError as error:
                self._miss(error)
            else:
                self._take()
            self._wake()
            self._beat("metering")
            spent = diff_ms(now_ms(), begin)
            await sleep_ms(max(_PERIOD_MS - spent, _PAUSE_MS))

    def _take(self):
        self._grid.read(self._reading.phase_ma)
        if self._missed >= _SILENT_AFTER:
            log.info("the meter answers again")
        self._missed = 0

    def _miss(self, error):
        self._missed += 1
        if self._missed == _SILENT_AFTER:
            log.warning("the meter does not answer: {}".format(error))


def opener(open_port, name: str, baud: int, parity: str, stop: int):
    """A call without arguments for modbus.rtu.Line."""
    return lambda: open_port(name, baud, parity, stop)
