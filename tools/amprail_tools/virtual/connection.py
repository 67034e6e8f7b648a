"""The grid connection: what house and cars draw together, and how far above the limit that is."""

# Currents are kept in uA, so that a ramp of whole mA per second stays whole over milliseconds and
# nothing drifts, however long it runs: 1 mA/s is 1 uA/ms.
UA = 1000

# What counts as back, after a load has gone.
BACK = 0.95


class Connection:
    """Per phase, index 0 to 2: above_ms, above_mas (mA s), longest_ms, peak_ma.

    longest_ms: of one unbroken stretch above the limit; beyond_ms: without the first reaction_ms
    of each stretch, which physics needs. `change` is the only way to alter what is drawn.
    """

    def __init__(self, clock, limit_ma: int, reaction_ms: int = 6000):
        self._clock = clock
        self._limit_ua = limit_ma * UA
        self._reaction_ms = reaction_ms
        self._since_ms = clock.now_ms
        self._ua = [0, 0, 0]
        self._slope = [0, 0, 0]
        self._stretch_ms = [0.0, 0.0, 0.0]
        self._above_uams = [0.0, 0.0, 0.0]
        self._peak_ua = [0, 0, 0]
        self._recent_ua = [0, 0, 0]
        self.above_ms = [0.0, 0.0, 0.0]
        self.beyond_ms = [0.0, 0.0, 0.0]
        self.longest_ms = [0.0, 0.0, 0.0]

    def change(self, phases, ua: int, slope: int = 0) -> None:
        """From now on that much more (or less) is drawn on each of the phases."""
        self.advance()
        for phase in phases:
            self._ua[phase] += ua
            self._slope[phase] += slope

    @property
    def phase_ma(self) -> list:
        self.advance()
        return [round(ua / UA) for ua in self._ua]

    @property
    def peak_ma(self) -> list:
        return [round(ua / UA) for ua in self._peak_ua]

    @property
    def above_mas(self) -> list:
        return [uams / UA / 1000 for uams in self._above_uams]

    def take_recent_ma(self) -> list:
        """The highest since the last call, which no sampling would see."""
        self.advance()
        highest = [max(pair) / UA for pair in zip(self._recent_ua, self._ua, strict=True)]
        self._recent_ua = list(self._ua)
        return highest

    def advance(self) -> None:
        """Counts what has passed since the last event."""
        passed = self._clock.now_ms - self._since_ms
        if passed:
            self._since_ms = self._clock.now_ms
            for phase in range(3):
                self._pass(phase, passed)

    def _pass(self, phase, ms):
        begin = self._ua[phase]
        end = self._ua[phase] = begin + self._slope[phase] * ms
        highest = max(begin, end)
        self._recent_ua[phase] = max(self._recent_ua[phase], highest)
        if highest > self._peak_ua[phase]:
            self._peak_ua[phase] = highest
        if highest > self._limit_ua:
            self._exceed(phase, ms, begin, end)
        else:
            self._stretch_ms[phase] = 0.0

    # On a ramp only a part of the time is above: the triangle over the limit.
    def _exceed(self, phase, ms, begin, end):
        over_begin, over_end = begin - self._limit_ua, end - self._limit_ua
        if over_begin >= 0 and over_end >= 0:
            above, excess = ms, (over_begin + over_end) / 2
        else:
            highest = max(over_begin, over_end)
            above, excess = ms * highest / abs(end - begin), highest / 2
        if over_begin < 0:
            self._stretch_ms[phase] = 0.0
        self.above_ms[phase] += above
        self._above_uams[phase] += excess * above
        self._stretch(phase, above)
        if over_end < 0:
            self._stretch_ms[phase] = 0.0

    def _stretch(self, phase, above_ms):
        before = self._stretch_ms[phase]
        after = self._stretch_ms[phase] = before + above_ms
        self.longest_ms[phase] = max(self.longest_ms[phase], after)
        self.beyond_ms[phase] += max(0, after - max(before, self._reaction_ms))


# A load that goes on and off once: how long until the cars have again what they had before it.
class Recovery:
    """Watches the current of all cars; `seconds` per load, None if it never came back."""

    def __init__(self, clock):
        self._clock = clock
        self._ua = self._slope = 0
        self._since_ms = 0
        self._watched = []  # (goal in uA, when the load went)
        self.seconds = []

    @property
    def ua(self) -> int:
        return self._ua + self._slope * (self._clock.now_ms - self._since_ms)

    def change(self, ua: int, slope: int) -> None:
        """The cars together draw so much more."""
        self._look()
        self._ua = self.ua + ua
        self._since_ms = self._clock.now_ms
        self._slope += slope
        self._look()

    # On a ramp it was reached a little before now.
    def _look(self):
        now_ms, now_ua = self._clock.now_ms, self.ua
        for goal in [goal for goal in self._watched if now_ua >= goal[0]]:
            early_ms = (now_ua - goal[0]) / self._slope if self._slope > 0 else 0
            early_ms = min(early_ms, now_ms - self._since_ms)
            self.seconds.append((now_ms - early_ms - goal[1]) / 1000)
            self._watched.remove(goal)

    def gone(self, before_ua: int) -> None:
        """Now the load goes; before_ua is what the cars had before it came."""
        self._watched.append((BACK * before_ua, self._clock.now_ms))
        self._look()

    def finish(self) -> None:
        self.change(0, 0)
        self.seconds += [None] * len(self._watched)
        self._watched = []
