"""The meter at the connection, in virtual time: late, noisy, and sometimes silent."""

import random
from dataclasses import dataclass

# It refreshes a little before each whole period and is read a little after: a load that goes on
# at a whole second is shown 0.9 s later and known 0.2 s after that. So no figure is flattered by
# a clock that happens to fit.
_REFRESH_AT = 0.9
_READ_AT = 0.4


@dataclass(frozen=True)
class MeterKind:
    """outages, frozen: (from, to) in ms, without an answer or with the same values."""

    refresh_ms: int = 1000
    read_ms: int = 250
    noise_ma: int = 300
    missed_pct: float = 0
    outages: tuple = ()
    frozen: tuple = ()


class Meter:
    """Calls `read(phase_ma)` for each reading, `read(None)` for each that is missing."""

    def __init__(self, clock, connection, kind: MeterKind, seed, read):
        self.works = True
        self._clock = clock
        self._connection = connection
        self._kind = kind
        self._noise = random.Random(f"{seed} noise")
        self._missed = random.Random(f"{seed} missed")
        self._read = read
        self._shown = [0, 0, 0]
        clock.every(int(kind.refresh_ms * _REFRESH_AT), kind.refresh_ms, self._refresh)
        clock.every(int(kind.read_ms * _READ_AT), kind.read_ms, self._answer)

    def _refresh(self):
        if not self._within(self._kind.frozen):
            gauss = self._noise.gauss
            true = self._connection.phase_ma
            self._shown = [round(ma + gauss(0, self._kind.noise_ma)) for ma in true]

    def _answer(self):
        missed = self._missed.random() * 100 < self._kind.missed_pct
        missing = missed or not self.works or self._within(self._kind.outages)
        self._read(None if missing else self._shown)

    def _within(self, spans):
        return any(begin <= self._clock.now_ms < end for begin, end in spans)
