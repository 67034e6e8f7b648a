"""A whole site in real time: connection, house, meter on a serial line, chargers, cars."""

import asyncio
import json
import os
import random

from . import installation, script
from .brands import BRANDS, MIX
from .loop_thread import LoopThread
from .meter import Meter
from .narrator import Narrator
from .record import Record
from .slow_line import SlowLine

STEP_S = 0.05


# Handles for tests: `house.set`, `meter.silence`, `unplug_line`, `plug_in_line`, `line.fault`,
# `chargers[i].disappear/appear/ignore_writes/reboot`, `cars[i].plug_in/unplug`. No car is plugged
# in and nothing switches unless a script says so: begin() starts it and the record anew.
class Site:
    """Starts all at once in a thread of its own; stop() ends it and leaves nothing behind.

    chargers 1..64 (ValueError); script None, "demo" or function(site, random) -> iterator of
    (s, function()); log: a text stream for what happens. brands (keys of BRANDS), phases,
    car_phases, has_meter: a value for each charger, taken over and over. lag_s: (shortest,
    longest) of the cars. defaults_ma: the current a charger starts with. noise_a, gaussian,
    refresh_s: of the meter. Other keywords go into site.json.
    """

    def __init__(
        self,
        chargers=8,
        seed=1,
        *,
        baud=9600,
        script=None,
        log=None,
        latency_ms=50,
        brands=MIX,
        phases=installation.PHASES,
        car_phases=installation.CAR_PHASES,
        has_meter=(True, True, True, False),
        maximum_ma=16_000,
        defaults_ma=32_000,
        lag_s=(1.0, 3.0),
        noise_a=0.2,
        gaussian=False,
        refresh_s=1.0,
        reaction_s=6.0,
        **settings,
    ):
        if not 1 <= chargers <= 64:
            raise ValueError(f"chargers {chargers}: expected 1 to 64")
        self._random = random.Random(seed)
        self._script, self._events, self._next = script, iter(()), None
        self.settings = installation.settings(chargers, baud, **settings)
        self.house = installation.house(self.settings)
        self.cars, self.chargers, self.brands = [], [], []
        for n in range(chargers):
            kinds = (brands, phases, has_meter, car_phases)
            brand, wires, has, uses = (kind[n % len(kind)] for kind in kinds)
            car = installation.car(self._random, uses, lag_s)
            charger = BRANDS[brand](
                car,
                wires,
                maximum_ma=maximum_ma,
                defaults_ma=defaults_ma,
                has_meter=has,
                latency_s=latency_ms / 1000,
                uid=f"S{n + 1:02}",
            )
            self.brands.append(brand)
            self.cars.append(car)
            self.chargers.append(charger)
        self._make_meter(noise_a=noise_a, gaussian=gaussian, refresh_s=refresh_s, seed=seed)
        target_ma = installation.target_ma(self.settings)
        limit_ma, supply_ma = self.settings["limit_ma"], self.settings["supply_ma"]
        self.record = Record(limit_ma, target_ma, supply_ma, reaction_s)
        self._narrator = Narrator(self, log)
        self._start()

    def _make_meter(self, **kind):
        line = self.settings["meter"]
        self.line = SlowLine(line["baud"], installation.character_bits(line))
        kind |= {"address": line["address"], "type": line["type"], "phase": line.get("phase", 1)}
        self.meter = Meter(self.line, lambda: self.phase_ma, **kind)

    def _start(self):
        self.error = None
        self._thread = LoopThread("simulated site")
        try:
            self._thread.call(self._open)
        except BaseException:
            self.stop()
            raise

    async def _open(self):
        self.line.start()
        self.meter.start()
        for charger in self.chargers:
            await charger.start(self._thread.call)
        self._thread.spawn(self._run())

    def begin(self, after_refresh_s: float | None = None) -> None:
        """Now is 0 s: for the record, and for the script, which starts.

        after_refresh_s: not now, but that long after the next refresh of the meter.
        """
        if after_refresh_s is None:
            self._thread.call(self._begin)
        else:
            self._thread.call(self._begin_after_refresh, after_refresh_s)

    async def _begin_after_refresh(self, seconds):
        await asyncio.sleep(self.meter.next_refresh + seconds - self._thread.loop.time())
        self._begin()

    def _begin(self):
        self.record.restart()
        self._narrator.restart()
        if self._script:
            function = script.demo if self._script == "demo" else self._script
            self._events = iter(function(self, self._random))
            self._next = next(self._events, None)

    def stop(self) -> None:
        """Ends all; the record stays. RuntimeError if the simulation itself had failed."""
        if not self._thread.running:
            return
        self.record.frozen = True
        self._thread.call(self._close)
        self._thread.stop()
        self._narrator.stop()
        if self.error:
            raise RuntimeError("the simulated site failed") from self.error

    def _close(self):
        self.meter.stop()
        self.line.stop()
        for charger in self.chargers:
            charger.server.close()

    async def _run(self):
        try:
            await self._step_for_ever()
        except Exception as error:  # shown by stop(): nobody waits for this task
            self.error = error
            self.say(f"the simulation failed: {error!r}")

    async def _step_for_ever(self):
        loop = self._thread.loop
        last = due = loop.time()
        while True:
            due = max(due + STEP_S, loop.time())
            await asyncio.sleep(due - loop.time())
            now = loop.time()
            self._step(now - last)
            last = now

    def _step(self, dt_s):
        for charger in self.chargers:
            charger.step(dt_s)
        cars = _sum(charger.grid_ma for charger in self.chargers)
        could = _sum(charger.could_draw_ma() for charger in self.chargers)
        self.record.add(dt_s, self.house.phase_ma, cars, could)
        while self._next and self._next[0] <= self.record.seconds:
            self._next[1]()
            self._next = next(self._events, None)
        self._narrator.step(self.record.seconds)

    @property
    def serial(self) -> str:
        """The path that the firmware opens."""
        return self.line.path

    @property
    def phase_ma(self) -> list:
        """The true currents at the connection now."""
        return _sum([self.house.phase_ma, *(charger.grid_ma for charger in self.chargers)])

    @property
    def setpoints(self) -> int:
        """Writes of a current that have arrived at the chargers."""
        return sum(charger.setpoints for charger in self.chargers)

    def call(self, function, *arguments):
        """Runs a function or coroutine function in the thread of the site; its result."""
        return self._thread.call(function, *arguments)

    def say(self, text: str) -> None:
        """Writes a line of what happens, with its time."""
        self._narrator.say(text)

    def unplug_line(self) -> None:
        """Pulls the dongle: the serial device is gone."""
        self._thread.call(self.line.unplug)

    def plug_in_line(self) -> None:
        """Puts the dongle back; it gets its old name."""
        self._thread.call(self.line.plug_in)

    def write_settings(self, data_dir: str) -> None:
        """Writes site.json and chargers.jsonl for this site."""
        os.makedirs(data_dir, exist_ok=True)
        with open(os.path.join(data_dir, "site.json"), "w", encoding="utf-8") as file:
            json.dump(self.settings, file)
        with open(os.path.join(data_dir, "chargers.jsonl"), "w", encoding="utf-8") as file:
            for number, charger in enumerate(self.chargers, 1):
                file.write(json.dumps(charger.line(number)) + "\n")


def _sum(rows) -> list:
    return [sum(column) for column in zip(*rows, strict=True)]
