"""Says in plain lines what happens at a simulated site."""

import queue
import threading

SHOWN = 8  # chargers in one line


def _amperes(ma: int) -> str:
    return f"{ma / 1000:.1f} A" if ma else "pause"


# A thread does the writing: a terminal that is stopped must not stop the simulation.
class Narrator:
    """Writes to `log` (a text stream, or None for silence); times in s since the beginning."""

    def __init__(self, site, log):
        self._site = site
        self._lines = queue.Queue(1000) if log else None
        self._told, self._full = {}, set()
        self._next_told_s = self._next_phases_s = 0.0
        self._above_since_s = None
        self._thread = threading.Thread(target=self._write, args=(log,), daemon=True)
        if log:
            self._thread.start()

    def _write(self, log):
        while (line := self._lines.get()) is not None:
            try:
                print(line, file=log, flush=True)
            except (OSError, ValueError):
                pass  # nobody listens any more

    def stop(self) -> None:
        if self._lines:
            self._put(None)
            self._thread.join(0.3)

    def _put(self, line):
        try:
            self._lines.put_nowait(line)
        except queue.Full:
            pass

    def restart(self) -> None:
        """The time is 0 again."""
        self._next_told_s = self._next_phases_s = 0.0
        self._above_since_s = None

    def say(self, text: str) -> None:
        if self._lines:
            self._put(f"{self._site.record.seconds:7.1f} s  {text}")

    def step(self, now_s: float) -> None:
        """Called often; says only what is new, setpoints every 2 s, phases every 5 s."""
        if not self._lines:
            return
        self._say_limit(now_s)
        if now_s >= self._next_told_s:
            self._next_told_s = now_s + 2
            self._say_setpoints()
            self._say_full()
        if now_s >= self._next_phases_s:
            self._next_phases_s = now_s + 5
            self._say_phases()

    def _say_limit(self, now_s):
        record = self._site.record
        above = any(record.above_s)
        if above and self._above_since_s is None:
            self._above_since_s = now_s
            self.say(f"above the limit of {_amperes(record.limit_ma)}: {self._phases()}")
        elif not above and self._above_since_s is not None:
            self.say(f"below the limit again after {now_s - self._above_since_s:.1f} s")
            self._above_since_s = None

    def _say_setpoints(self):
        now = {number: charger.told_ma for number, charger in enumerate(self._site.chargers, 1)}
        changed = [
            f"#{number} {_amperes(ma)}"
            for number, ma in now.items()
            if abs(ma - self._told.get(number, ma)) >= 500
        ]
        if changed or not self._told:
            self._told = now
        if changed:
            more = f" and {len(changed) - SHOWN} more" if len(changed) > SHOWN else ""
            self.say(f"chargers were told: {', '.join(changed[:SHOWN])}{more}")

    def _say_full(self):
        full = {number for number, car in enumerate(self._site.cars, 1) if car.full}
        for number in sorted(full - self._full):
            self.say(f"the car at charger #{number} is full and stops")
        self._full = full

    def _say_phases(self):
        cars = self._site.cars
        charging = sum(any(car.phase_ma) for car in cars)
        plugged = sum(car.plugged for car in cars)
        limit = _amperes(self._site.record.limit_ma)
        self.say(f"{self._phases()} of {limit}; {charging} of {plugged} cars charge")

    def _phases(self):
        phases = self._site.record.phase_ma
        return "  ".join(f"L{number} {ma / 1000:.1f} A" for number, ma in enumerate(phases, 1))
