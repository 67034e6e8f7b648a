# A half-duplex line in virtual time, to the microsecond and byte, for CPython and MicroPython.

OURS = 0
UNIT = 1
OTHER = 2

_GAP_US = 1750


class Talk:
    """Bytes that somebody sends without a pause from `start_us` on; `told` of them are through."""

    def __init__(self, start_us, data, who, character_us):
        self.start_us = start_us
        self.data = bytearray(data)
        self.who = who
        self.told = 0
        self.end_us = start_us + len(data) * character_us
        self.number = None


# Two that talk at the same time garble each other. What the master hears waits in `heard`, as in
# the UART's memory, until it reads; in lumps of `lump_us` behind a USB dongle. Sleeping is what
# moves the time, so a run is as fast as the work in it.
class Wire:
    """The port of the line and the line itself. `hears(frame, number)` is called for each request
    that reaches the units as it was sent, with the number of our read or None if not ours."""

    def __init__(self, character_us, chance, lump_us=0):
        self.character_us = character_us
        self.gap_us = max(_GAP_US, character_us * 7 // 2)
        self.now_us = 0
        self.late_us = 0
        self.echo = False
        self.number = 0
        self.on_request = None  # makes of our request what the units hear
        self.hears = None
        self.heard = b""
        self._lump_us = lump_us
        self._chance = chance
        self._events = []  # (us, action, arguments), the next one last
        self._talks = []

    def now_ms(self) -> int:
        return self.now_us // 1000 & 0x3FFFFFFF

    def at(self, after_us: int, action, *arguments) -> None:
        """Calls the action so much later."""
        us = self.now_us + after_us
        place = len(self._events)
        while place and self._events[place - 1][0] <= us:
            place -= 1
        self._events.insert(place, (us, action, arguments))

    # A wake-up is late by what the rest of the loop does: a little each time, much now and then.
    def sleep(self, ms: int) -> None:
        chance = self._chance
        late_us = chance.randrange(20000) if not chance.randrange(40) else chance.randrange(1500)
        self.late_us += late_us
        self.advance(ms * 1000 + late_us)

    def advance(self, us: int) -> None:
        until = self.now_us + us
        events = self._events
        while events and events[-1][0] <= until:
            self.now_us, action, arguments = events.pop()
            action(*arguments)
        self.now_us = until
        self._deliver()

    def talk(self, data, who: int) -> int:
        """Somebody sends, once what the same one is still sending is through; returns when it
        will be."""
        self._deliver()
        start = self.now_us
        for talk in self._talks:
            if talk.who == who and talk.end_us > start:
                start = talk.end_us
        self._talks = [talk for talk in self._talks if talk.end_us + 50000 > self.now_us]
        new = Talk(start, data, who, self.character_us)
        if who == OURS:
            new.number = self.number
        for talk in self._talks:
            self._garble(talk, new)
        self._talks.append(new)
        if who != UNIT and data:
            self.at(new.end_us + self.gap_us - self.now_us, self._frame_ended, new)
        return new.end_us

    def _garble(self, one, two):
        begin, end = max(one.start_us, two.start_us), min(one.end_us, two.end_us)
        if begin >= end:
            return
        for talk in (one, two):
            first = (begin - talk.start_us) // self.character_us
            last = -(-(end - talk.start_us) // self.character_us)
            for at in range(first, min(last, len(talk.data))):
                talk.data[at] = self._chance.randrange(256)

    # The units hear a frame that has a silence in front of it and behind it.
    def _frame_ended(self, heard):
        begin, end = heard.start_us - self.gap_us, heard.end_us + self.gap_us
        for talk in self._talks:
            if talk is not heard and talk.end_us > begin and talk.start_us < end:
                return
        frame = bytes(heard.data)
        if heard.who == OURS and self.on_request is not None:
            damage, self.on_request = self.on_request, None
            frame = bytes(damage(frame, self._chance))
        self.hears(frame, heard.number)

    def _deliver(self):
        lump_us = self._lump_us
        now_us = self.now_us // lump_us * lump_us if lump_us else self.now_us
        while True:
            first, first_us = None, now_us + 1
            for talk in self._talks:
                if talk.told < len(talk.data) and (talk.who != OURS or self.echo):
                    due_us = talk.start_us + (talk.told + 1) * self.character_us
                    if due_us < first_us:
                        first, first_us = talk, due_us
            if first is None:
                return
            self.heard += first.data[first.told : first.told + 1]
            first.told += 1

    # The port

    def open(self):
        return self

    def write(self, frame):
        self.talk(frame, OURS)

    def readinto(self, view):
        count = min(len(view), len(self.heard))
        if not count:
            return None
        view[:count] = self.heard[:count]
        self.heard = self.heard[count:]
        return count

    def close(self):
        pass
