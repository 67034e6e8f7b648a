"""What a charger may be drawing, from what it was told and what it said: promise 1 once more.

Worked out from the messages alone, not as the ledger does it: a value is possible from when it is
told until a later value is read back, and for 5 s more, as a car has so long to follow.
"""

from .physics import FOLLOWS_MS, LEAST_OFFER_MA, A, B, C

SILENT_MS = 10_000
FORGOTTEN_MS = 60_000
FAILURES = 3
REFUSALS = 3
SAMPLE_FRESH_MS = 12_000
SETTLES_MS = 6500
NEARLY_MA = 1000


class Book:
    """One charger as one run of the core got to know it."""

    def __init__(self, line, wired, now_ms):
        fallback = line["fallback_ma"]
        self.reserve_ma = line["max_ma"] if fallback is None else fallback
        self.known = False
        self.known_ms = now_ms
        self.told_ma = 0
        self.state = A
        self._wired = wired
        self._unknown = line["phases"] == "?"
        self._read_ma = 0
        self._sent_ma = 0  # told before, and perhaps still allowed
        self._following = []  # (mA, until when its car may still draw that, whether it was read)
        self._failures = self._refusals = 0
        self._answered_ms = now_ms
        self._back_ms = -1  # since when it answers again, if it has not been read yet
        self._settling_ms = now_ms  # the last change was confirmed
        self._confirmed = self._written = False
        self._least_ma = 0
        self.most_ma = 0  # told since it was settled, as long as the grid's meter may show it
        self._sample = (0, 0, 0)
        self._sampled_ms = -SAMPLE_FRESH_MS

    # -- what was said --

    def tell(self, ma, now_ms):
        self._settle(now_ms)
        before = self._read_ma if self._confirmed else self.told_ma
        self._sent_ma = max(self._sent_ma, before)
        self._least_ma = min(self._least_ma, ma)
        self.most_ma = max(self.most_ma, ma)
        self._confirmed = self._written = False
        self.told_ma = ma

    def written(self, ma):
        self._written = ma == self.told_ma
        self._sent_ma = max(self._sent_ma, ma)

    # Who comes back may have fallen back, and its car may draw that until it has followed. How
    # long it was silent the core knows as of its last cycle.
    def answered(self, now_ms, ran_ms):
        if self.known and self.unreachable(ran_ms):
            self._back_ms = now_ms
        self._failures = 0
        self._answered_ms = ran_ms

    def failed(self):
        self._failures += 1

    def reported(self, state):
        self.state = state

    def read_back(self, ma, now_ms):
        if not self.known:
            self.known, self.known_ms = True, now_ms
            self.told_ma = ma if ma >= LEAST_OFFER_MA else 0
            self._read_ma = self._least_ma = self.most_ma = ma
            self._confirmed, self._settling_ms = True, now_ms - FOLLOWS_MS
            return
        if self._back_ms >= 0:
            if now_ms > self._back_ms:
                self._sent_ma = max(self._sent_ma, self.reserve_ma)
            self._back_ms = -1
        for before, was_read in ((self._read_ma, True), (self._sent_ma, False)):
            if before > max(ma, self.told_ma):
                self._following.append((before, now_ms + FOLLOWS_MS, was_read))
        self._read_ma, self._sent_ma = ma, 0
        self._refusals = self._refusals + 1 if self._written and ma > self.told_ma else 0
        if self._refusals >= REFUSALS:  # it keeps what it says, whatever it was told
            self._following = [entry for entry in self._following if entry[2]]
        if not self._confirmed:
            self._confirmed, self._settling_ms = ma <= self.told_ma, now_ms

    def measured(self, own_ma, now_ms):
        sample = [max(own_ma) if self._unknown else 0] * 3
        for own, grid in enumerate(self._wired):
            sample[grid] = max(sample[grid], own_ma[own])
        self._sample, self._sampled_ms = sample, now_ms

    # -- what follows --

    def unreachable(self, now_ms):
        silent_ms = now_ms - self._answered_ms
        failed = self._failures and silent_ms >= SILENT_MS
        return not self.known or self._failures >= FAILURES or failed or silent_ms >= FORGOTTEN_MS

    # Told 0, and it says so and that its car has stopped.
    def _stopped(self):
        return self._confirmed and not self.told_ma and self.state in (A, B)

    def booked_ma(self, now_ms):
        """The most that it may be drawing now."""
        if not self.known:
            return self.reserve_ma
        if self._stopped():
            self._following = []
        most = max(self.told_ma, self._read_ma, self._sent_ma)
        if self._following:
            self._following = [entry for entry in self._following if entry[1] > now_ms]
            most = max([most] + [entry[0] for entry in self._following])
        reserved = self._back_ms >= 0 or self.unreachable(now_ms)
        return max(most, self.reserve_ma) if reserved else most

    def shows(self, phase, ma, now_ms):
        """True if its own meter told the core that it draws no more than that, and that counts."""
        return self._measures(now_ms) and self._settled() and self._sample[phase] <= ma

    def hides(self, phase, draw_ma, now_ms):
        """True if a cut counts on this charger for more than its car draws."""
        self._settle(now_ms)
        if self.most_ma - draw_ma < NEARLY_MA:
            return False
        return not self.shows(phase, draw_ma + NEARLY_MA, now_ms)

    def _measures(self, now_ms):
        return now_ms - self._sampled_ms < SAMPLE_FRESH_MS

    def _settle(self, now_ms):
        if self._confirmed and now_ms - self._settling_ms >= FOLLOWS_MS:
            self._least_ma = self.told_ma
        if self._confirmed and now_ms - self._settling_ms >= SETTLES_MS:
            self.most_ma = self.told_ma

    def _settled(self):
        return self._confirmed and self._sampled_ms - self._settling_ms >= FOLLOWS_MS

    def counted_ma(self, phase, now_ms):
        """The least that it counts for in a reading (design, section 4)."""
        if self.unreachable(now_ms):
            return min(self.told_ma, self.reserve_ma)
        if self.state != C:
            return 0
        if self._refusals >= REFUSALS:
            return self._read_ma
        self._settle(now_ms)
        if not self._measures(now_ms):
            return self._least_ma
        drawn = self._sample[phase]
        # A car that draws a little less than it is told goes on doing so.
        if self._settled() and drawn + NEARLY_MA >= self._least_ma:
            return self._least_ma
        return min(self._least_ma, drawn)
