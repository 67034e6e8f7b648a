"""What every simulated charger has: wires, a car at its cable, an HTTP port, and its troubles."""

import asyncio
import time
from abc import ABC, abstractmethod
from collections import deque

from .car import MINIMUM_MA, VOLTAGE_V
from .http_server import HttpServer, Reply, Request

LARGEST_MA = 32000


# A vendor's charger has its API in _handle() and, where it differs from this one, what it offers,
# what it forgets at a restart, and what it does when a car leaves. A manager's words are a
# current and a pause: most vendors keep the two apart, and some forget only one of them.
class Charger(ABC):
    """phases: the grid phase on its L1, L2, L3 as in the settings ("231", "2"); maximum_ma: cable;
    defaults_ma: what it offers after a start until somebody tells it something.

    uid: its serial number; user, password, token: what it asks for, None: nothing. `writes`:
    (monotonic s, mA as written, applied) of the last setpoints; `reads`: (monotonic s, mA that it
    said it allows) of the last states. `flash_writes`: how often something was stored.
    """

    driver = ""
    poll_s = 0.25  # how often what it tells about its state is renewed
    step_ma = 1000  # of its setpoint

    def __init__(
        self,
        car,
        phases="123",
        *,
        maximum_ma=16000,
        defaults_ma=LARGEST_MA,
        has_meter=True,
        latency_s=0.05,
        uid="A",
        user=None,
        password=None,
        token=None,
    ):
        self.car = car
        self.phases = phases
        self.maximum_ma = maximum_ma
        self.defaults_ma = defaults_ma
        self.has_meter = has_meter
        self.uid = uid
        self.credentials = {"user": user, "password": password, "token": token}
        self.server = HttpServer(self._handle, latency_s)
        self.writes = deque(maxlen=1000)
        self.reads = deque(maxlen=1000)
        self.setpoints = self.reboots = self.flash_writes = 0
        self.reboot_s = 4.0
        self.uptime_s = 0.0
        self.current_ma, self.paused = defaults_ma, False
        self._ignores = self._broken = False
        self._wired = [int(phase) - 1 for phase in phases]
        car.wires = len(self._wired)
        self._call = None
        self._was_plugged = car.plugged
        self._since_poll_s = self._since_meter_s = 0.0
        self._measure()

    async def start(self, call) -> None:
        """Opens the port. `call` runs functions in the event loop of this charger."""
        self._call = call
        await self.server.open()

    def disappear(self, mute: bool = False) -> None:
        """Port closed, or with mute: connections are accepted and never answered. Any thread."""
        self._call(self._vanish, mute)

    def appear(self) -> None:
        """The same port answers again. Any thread."""
        self._call(self._return)

    async def _vanish(self, mute):
        self.server.mute = mute
        if not mute:
            self.server.close()

    async def _return(self):
        self.server.mute = False
        await self.server.open()

    def reboot(self) -> None:
        """Restarts: what it offers when nobody told it anything now, and no port for reboot_s."""
        self._call(self._restart)

    async def _return_later(self):
        await asyncio.sleep(self.reboot_s)
        await self._return()

    def _restart(self):
        self.reboots += 1
        self.server.close()
        self.uptime_s = 0.0
        self._forget()
        self._call(self._return_later)

    def _forget(self):
        """What a restart of this vendor's charger makes of what it was told."""
        self.told_ma = self.defaults_ma

    def ignore_writes(self, ignore: bool) -> None:
        """Says yes and does nothing, as with another manager's lower limit."""
        self._ignores = ignore

    def break_down(self, broken: bool) -> None:
        """Shows a fault (state E or F) and offers nothing."""
        self._broken = broken

    @property
    def told_ma(self) -> int:
        """What its manager's words amount to; 0 while they pause it. May be set."""
        return 0 if self.paused else self.current_ma

    @told_ma.setter
    def told_ma(self, ma: int) -> None:
        self.paused = not ma
        self.current_ma = ma or self.current_ma

    @property
    def offered_ma(self) -> int:
        """What the PWM says now; 0 while broken."""
        return 0 if self._broken else min(self.maximum_ma, self.told_ma)

    @property
    def fallback_ma(self) -> int | None:
        """What an installer would enter: what it offers when nobody tells it anything."""
        return min(self.maximum_ma, self.defaults_ma)

    @property
    def letter(self) -> str:
        """The IEC 61851 state: A, B, C, or E while broken."""
        if self._broken:
            return "E"
        pausing = self.car.state == "C" and self.offered_ma < MINIMUM_MA
        return "B" if pausing else self.car.state

    @property
    def grid_ma(self) -> list:
        """What it draws on the grid's L1, L2, L3."""
        phases = [0, 0, 0]
        for drawn, wire in zip(self.car.phase_ma, self._wired, strict=False):
            phases[wire] += drawn
        return phases

    def could_draw_ma(self) -> list:
        """What its car would draw on the grid's phases if it were offered all."""
        draw = 0 if self._broken else self.car.could_draw_ma(self.maximum_ma)
        phases = [0, 0, 0]
        for wire in self._wired[: self.car.uses]:
            phases[wire] = draw
        return phases

    def step(self, dt_s: float) -> None:
        """Goes on by dt_s, and so does the car."""
        self.car.step(dt_s, self.offered_ma)
        if self._was_plugged and not self.car.plugged:
            self._unplugged()
        self._was_plugged = self.car.plugged
        self.uptime_s += dt_s
        self._since_poll_s += dt_s
        self._since_meter_s += dt_s
        if self._since_poll_s >= self.poll_s:
            self._since_poll_s = 0.0
            self._poll()
        if self._since_meter_s >= 1.0:
            self._since_meter_s = 0.0
            self._measure()

    def _unplugged(self):
        """The car has just left."""

    def _poll(self):
        """What it tells about its state is renewed."""

    def _measure(self):
        self.amperes = [ma / 1000 for ma in self.car.phase_ma]
        self.volts = [VOLTAGE_V + 0.5, VOLTAGE_V + 0.25, VOLTAGE_V - 0.75]
        pairs = zip(self.volts, self.amperes, strict=True)
        self.watts = [round(volt * ampere) for volt, ampere in pairs]

    def _write(self, ma: int, accepted: bool = True) -> bool:
        """Counts a setpoint (0: a pause); whether it is to be applied."""
        applied = accepted and not self._ignores
        self.setpoints += 1
        self.writes.append((time.monotonic(), ma, applied))
        return applied

    def _say(self, ma: int) -> int:
        """Counts a reading in which it says that it allows ma."""
        self.reads.append((time.monotonic(), ma))
        return ma

    @abstractmethod
    def _handle(self, request: Request) -> Reply:
        """What it answers to a request."""

    def line(self, number: int) -> dict:
        """Its line of chargers.jsonl."""
        line = {
            "id": number,
            "name": f"Bay {number}",
            "driver": self.driver,
            "url": f"http://{self.server.host}:{self.server.port}",
            "phases": self.phases,
            "max_ma": self.maximum_ma,
            "fallback_ma": self.fallback_ma,
        }
        return line | {name: value for name, value in self.credentials.items() if value}
