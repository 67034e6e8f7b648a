"""What the house draws over time, from a scenario and its seed: the same for every manager."""

import math
import random

# The sun moves slowly enough for this, and clouds have edges of their own.
_SUN_MS = 60_000
_CLOUD_MS = (20_000, 300_000)


class House:
    """changes: [(ms, [3 mA])] in order; once: [(on ms, off ms)] of loads that come and go once."""

    def __init__(self, scenario):
        self._end_ms = scenario.duration_ms
        self.once = []
        self._moves = {0: [0, 0, 0]}
        self._last = {}
        self._base(scenario)
        for number, load in enumerate(scenario.loads):
            self._load(load, random.Random(f"{scenario.seed} load {number}"))
        if scenario.pv:
            self._sun(scenario.pv, random.Random(f"{scenario.seed} clouds"))
        self.changes = self._added_up()

    @property
    def highest_ma(self) -> list:
        """The most it ever draws on each phase."""
        return [max(ma[phase] for _, ma in self.changes) for phase in range(3)]

    # From then on so much more, or less.
    def _move(self, ms, phase_ma, sign=1):
        if ms <= self._end_ms:
            move = self._moves.setdefault(ms, [0, 0, 0])
            for phase in range(3):
                move[phase] += sign * phase_ma[phase]

    # From then on that much of a kind, instead of what it was.
    def _set(self, kind, ms, phase_ma):
        self._move(ms, self._last.get(kind, [0, 0, 0]), -1)
        self._move(ms, phase_ma)
        self._last[kind] = phase_ma

    def _base(self, scenario):
        self._set("base", 0, scenario.house["base_a"])
        for step in sorted(scenario.house["step"], key=lambda step: step["at"]):
            self._set("base", step["at"], step["base_a"])
        for ms, phase_ma in scenario.trace:
            self._set("trace", ms, phase_ma)

    def _load(self, load, chance):
        begin = round(chance.uniform(*load["from"]))
        end = self._end_ms + 1 if load["to"] is None else load["to"]
        if load["on_s"] is None:
            self._on(load, begin, end)
            if 0 < begin < end <= self._end_ms:
                self.once.append((begin, end))
            return
        while begin < end:
            off = begin + round(1000 * chance.uniform(*load["on_s"]))
            self._on(load, begin, min(off, end))
            begin = off + round(1000 * chance.uniform(*load["off_s"]))

    def _on(self, load, begin, end):
        self._move(begin, load["a"])
        self._move(end, load["a"], -1)

    # A half sine from sunrise to sunset, each day; under a cloud a share of it is missing.
    def _sun(self, pv, chance):
        begin, length = pv["rise"], max(pv["set"] - pv["rise"], 1)
        cloudy, until = False, 0
        for ms in range(0, self._end_ms, _SUN_MS):
            if ms >= until:
                cloudy = not cloudy
                until = ms + round(chance.uniform(*_CLOUD_MS))
            height = math.sin(math.pi * ((ms - begin) % 86_400_000) / length)
            up = (ms - begin) % 86_400_000 < length
            share = max(height, 0) * up * (1 - pv["clouds"] * cloudy)
            self._set("sun", ms, [-round(peak * share) for peak in pv["peak_a"]])

    def _added_up(self):
        now, changes = [0, 0, 0], []
        for ms in sorted(self._moves):
            now = [ma + more for ma, more in zip(now, self._moves[ms], strict=True)]
            changes.append((ms, now))
        return changes
