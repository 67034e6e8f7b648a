"""Several meters on one slow line, each at a speed of its own: as a switchboard has them."""

import os
import random
import termios

from .slow_line import SlowLine

SPEEDS = {
    getattr(termios, f"B{baud}"): baud
    for baud in (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
}


# A pty keeps the speed and whether parity is odd. It does not keep that there is parity (Linux
# takes PARENB out), but that it is to be checked (INPCK), which the firmware asks for where it
# sets one. Stop bits are left alone: a receiver looks at the first one only.
class Bus(SlowLine):
    """A line without a speed of its own. `requests` counts the frames that its master sent."""

    def __init__(self, seed: int = 1):
        super().__init__(seed=seed)
        self.requests = 0
        self._taps = []
        self._noise = random.Random(seed)

    def tap(self, baud: int, parity: str = "N", stop: int = 1) -> "Tap":
        """Where a meter that is set so is connected: its `line`."""
        tap = Tap(self, baud, parity, stop)
        self._taps.append(tap)
        return tap

    def speed(self) -> tuple[int, str]:
        """What the master has set: baud and parity."""
        settings = termios.tcgetattr(self._master)
        parity = "O" if settings[2] & termios.PARODD else "E"
        return SPEEDS.get(settings[5], 0), parity if settings[0] & termios.INPCK else "N"

    def _heard(self):
        try:
            data = os.read(self._master, 4096)
            speed = self.speed()
        except (OSError, termios.error):
            return
        if not data or not speed[0]:
            return
        self.requests += 1
        at = max(self._loop.time(), self._heard_until) + len(data) * 10 / speed[0]
        self._heard_until = at
        for tap in self._taps:
            if tap.speed == speed:
                self._loop.call_at(at, tap.receive, data)

    def answer(self, tap: "Tap", request: bytes, frame: bytes) -> None:
        """What a meter says, as a master hears it that has gone on to another speed or not."""
        if self._master is not None and self.speed() == tap.speed:
            self.reply(request, frame)
        else:
            self.reply(request, self._noise.randbytes(max(len(frame) // 2, 1)))


class Tap:
    """The line as one meter has it."""

    def __init__(self, bus: Bus, baud: int, parity: str, stop: int):
        self.speed = baud, parity
        self.character_s = (9 + (parity != "N") + stop) / baud
        self.receive = lambda data: None
        self._bus = bus

    @property
    def sent_until(self) -> float:
        return self._bus.sent_until

    def reply(self, request: bytes, frame: bytes) -> None:
        self._bus.character_s = self.character_s
        self._bus.answer(self, request, frame)
