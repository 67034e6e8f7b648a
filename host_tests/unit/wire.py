# A line in virtual time: sleeping moves the clock, and a scripted unit answers at its moments.

import asyncio

from modbus import rtu
from modbus.rtu import KINDS, Line, crc16

GOOD = bytes(range(1, 25))


def sealed(content: bytes) -> bytes:
    crc = crc16(content, 0, len(content))
    return content + bytes((crc & 0xFF, crc >> 8))


def reply(data: bytes = GOOD, unit: int = 1, function: int = 4) -> bytes:
    return sealed(bytes((unit, function, len(data))) + data)


class Port:
    """`answer(frame, number)` gives the bytes that each request causes: a list of (ms, bytes).

    Lump by lump, or character by character if `character_ms` is given.
    """

    def __init__(self, answer, character_ms: float = 0):
        self.now = 0
        self.sleeps = 0
        self.written = []  # (ms, frame)
        self.first_heard = None  # ms
        self.opened = []  # ms
        self.closed = 0
        self.gone = self.absent = self.stuck = False
        self._answer = answer
        self._character_ms = character_ms
        self._coming = []  # (ms, bytes), in order

    def open(self):
        self.opened.append(self.now)
        if self.absent:
            raise OSError("device x: no such device")
        self.gone = False
        return self

    def write(self, request):
        if self.stuck:
            raise OSError("the line takes no bytes")
        self.written.append((self.now, bytes(request)))
        for after_ms, content in self._answer(bytes(request), len(self.written)):
            self.send(after_ms, content)

    # The line carries one thing at a time: what begins first is heard first.
    def send(self, after_ms, content):
        place = len(self._coming)
        while place and self._coming[place - 1][0] > self.now + after_ms:
            place -= 1
        self._coming.insert(place, (self.now + after_ms, content))

    def readinto(self, view):
        if self.gone:
            return 0
        got = 0
        while self._coming and got < len(view):
            start_ms, content = self._coming[0]
            n = min(self._due(start_ms, content), len(view) - got)
            if n <= 0:
                break
            view[got : got + n] = content[:n]
            got += n
            self._coming.pop(0)
            if n < len(content):
                rest = (start_ms + n * self._character_ms, content[n:])
                self._coming.insert(0, rest)
        if got and self.first_heard is None:
            self.first_heard = self.now
        return got or None

    def _due(self, start_ms, content):
        if self._character_ms:
            return min(len(content), int((self.now - start_ms) / self._character_ms))
        return len(content) if start_ms <= self.now else 0

    def close(self):
        self.closed += 1
        self._coming.clear()

    async def sleep_ms(self, ms):
        self.now += ms
        self.sleeps += 1
        await asyncio.sleep(0)

    def now_ms(self):
        return self.now & 0x3FFFFFFF


class Bench:
    """A line on such a port. `read()` is one read of 12 registers: the bytes or the kind."""

    def __init__(self, answer, baud=9600, character_ms=0, stop=1):
        self.port = Port(answer, character_ms)
        rtu.now_ms = self.port.now_ms
        rtu.sleep_ms = self.port.sleep_ms
        self.line = Line(self.port.open, baud, "N", stop)

    async def read(self, unit=1, function=4, start=6, count=12, timeout_ms=500, pause_ms=0):
        try:
            data = await self.line.read_registers(
                unit, function, start, count, timeout_ms, pause_ms=pause_ms
            )
        except rtu.LineError as error:
            self.error = error
            return error.kind
        return bytes(data)

    def counts(self) -> dict:
        return {kind: n for kind, n in zip(KINDS, self.line.counts) if n}
