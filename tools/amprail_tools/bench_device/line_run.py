# The real `modbus.rtu.Line` on a line where one exchange in a hundred is damaged.
#
# Each register holds what nobody else's register holds: the number of the read that asked for it,
# or its address. So a value of another read, of other registers, or a mangled one is seen.

import random
from collections import OrderedDict

import line_faults as faults
from line_wire import OTHER, UNIT, Wire
from modbus import rtu

# (function, first register, how many); two that look alike, as of a meter that takes two reads
SHAPES = ((4, 6, 12), (4, 52, 12), (3, 0x5B00, 2), (4, 6, 12), (3, 100, 60))
BAUDS = (1200, 2400, 4800, 9600, 19200, 38400, 57600, 115200)
PARITIES = "NEO"
ADDRESS = 1
OTHER_ADDRESS = 2

try:
    from types import coroutine
except ImportError:  # MicroPython awaits generators

    def coroutine(function):
        return function


@coroutine
def _sleep_ms(ms):
    yield ms


def seal(content: bytes) -> bytes:
    crc = rtu.crc16(content, 0, len(content))
    return bytes(content) + bytes((crc & 0xFF, crc >> 8))


def registers(number: int, start: int, count: int) -> bytes:
    """What a unit tells the read `number`. Odd multipliers: no two numbers are alike."""
    data = bytearray()
    for register in range(start, start + count):
        if (register - start) % 2:
            value = register * 40503 + (number >> 16) * 7919
        else:
            value = number * 40503 + 1
        data += bytes((value >> 8 & 0xFF, value & 0xFF))
    return bytes(data)


def reply_to(frame: bytes, number: int) -> bytes | None:
    """The reply of a unit; None if the frame is no request."""
    if len(frame) != 8 or rtu.crc16(frame, 0, 8) or frame[1] not in (3, 4):
        return None
    data = registers(number, frame[2] << 8 | frame[3], frame[5])
    return seal(frame[:2] + bytes((len(data),)) + data)


class Run:
    """`requests` reads at one baud and parity. `stretch(coroutine)` runs one stretch of the
    line's code, to its next await; a test or bench can measure it there."""

    def __init__(self, kind, baud, parity, requests, *, per_mille=10, seed=1, lump_us=0):
        random.seed(seed)
        self.kind = kind
        self.requests = requests
        self.per_mille = per_mille
        self.reply_to = reply_to
        self.seal = seal
        self.wire = Wire((10 + (parity != "N")) * 1000000 // baud, random, lump_us)
        self.wire.echo = kind == faults.ECHO
        self.wire.hears = self._hears
        rtu.now_ms = self.wire.now_ms
        rtu.sleep_ms = _sleep_ms
        self.line = rtu.Line(self.wire.open, baud, parity, 1)
        self.wrong = self.damaged = self.lost = self.lost_damaged = self.lost_next = 0
        self.longest_ms = self.beyond_bound = 0
        self.wrong_at = []
        self.kinds = OrderedDict()
        self._damage = None
        self._busy_until_us = self._damage_until_us = self._judged_us = 0

    def run(self, progress=lambda number: None) -> dict:
        before = damaged = False
        for number in range(1, self.requests + 1):
            self.wire.number = number
            before, damaged = damaged, random.randrange(1000) < self.per_mille
            self._damage = None
            if damaged:
                self.damaged += 1
                self._plan(number)
            self.wire.advance(random.randrange(60000))
            damaged = self._judge(number, before, damaged)
            if number % 1000 == 0:
                progress(number)
        return self.result()

    def result(self) -> dict:
        return {
            "requests": self.requests,
            "damaged": self.damaged,
            "wrong": self.wrong,
            "lost": self.lost,
            "lost_damaged": self.lost_damaged,
            "lost_next": self.lost_next,
            "longest_ms": self.longest_ms,
            "beyond_bound": self.beyond_bound,
            "kinds": dict(self.kinds),
        }

    def stretch(self, coroutine):
        return coroutine.send(None)

    def _plan(self, number):
        kind = self.kind
        if kind == faults.MIXED:
            kind = faults.KINDS[random.randrange(len(faults.KINDS) - 1)]
        if kind in faults.REPLY:
            self._damage = faults.REPLY[kind]
        elif kind in faults.REQUEST:
            self.wire.on_request = faults.REQUEST[kind]
        elif kind == faults.ECHO:
            self._damage = faults.REPLY["bit flips"]
        else:
            self._foreign(kind, number)

    # Somebody else asks, before, while or after we do: the other unit, or our unit for other
    # registers, and most often for as many as we do.
    def _foreign(self, kind, number):
        function, start, count = SHAPES[number % len(SHAPES)]
        if not random.randrange(4):
            function, start, count = SHAPES[random.randrange(len(SHAPES))]
        unit = ADDRESS if kind == faults.SECOND_MASTER else OTHER_ADDRESS
        start += 1000 + random.randrange(30)
        content = bytes((unit, function, start >> 8, start & 0xFF, 0, count))
        for _ in range(1 + random.randrange(2)):
            self.wire.at(random.randrange(200000), self._damaging, self.seal(content), OTHER)

    # A unit takes its time, and may be asked again before it has answered: then it answers both
    # in turn, or the first only.
    def _hears(self, frame, number):
        wire = self.wire
        reply = self.reply_to(frame, wire.number if number is None else number)
        if reply is None:
            return
        if frame[0] != ADDRESS:
            if frame[0] == OTHER_ADDRESS:
                wire.at(random.randrange(3000, 60000), self._damaging, reply, OTHER)
            return
        after_us = random.randrange(3000, 60000)
        if self._busy_until_us > wire.now_us:
            if random.randrange(2):
                return
            after_us += self._busy_until_us - wire.now_us
        pieces = [(0, reply)]
        # What the unit says to somebody else is damage, too
        talk = wire.talk if number is not None else self._damaging
        if number is not None and self._damage is not None:
            damage, self._damage = self._damage, None
            pieces = damage(frame, reply, random, self.seal)
            talk = self._damaging
        self._busy_until_us = wire.now_us + after_us
        for after_ms, data in pieces:
            wire.at(after_us + 1000 * after_ms, talk, data, UNIT)

    def _damaging(self, data, who):
        until_us = self.wire.talk(data, who)
        self._damage_until_us = max(self._damage_until_us, until_us)

    def _judge(self, number, before, damaged):
        shape = SHAPES[number % len(SHAPES)]
        begin_us, late_us = self.wire.now_us, self.wire.late_us
        data = self._read(shape)
        # What goes on for longer than a read, or comes from elsewhere, damages another one, too.
        damaged = damaged or self._damage_until_us > self._judged_us
        self._judged_us = self.wire.now_us
        took_ms = (self.wire.now_us - begin_us - self.wire.late_us + late_us) // 1000
        self.longest_ms = max(self.longest_ms, took_ms)
        self.beyond_bound += took_ms > self.bound_ms(shape[2])
        if isinstance(data, bytes):
            if data != registers(number, *shape[1:]):
                self.wrong += 1
                self.wrong_at.append(number)
            data = "ok"
        elif damaged:
            self.lost_damaged += 1
        elif before:
            self.lost_next += 1
        else:
            self.lost += 1
        self.kinds[data] = self.kinds.get(data, 0) + 1
        return damaged

    # What `read_registers` promises.
    def bound_ms(self, count: int) -> int:
        on_wire_us = (13 + 2 * count) * self.wire.character_us
        return 4 * faults.TIMEOUT_MS + 500 + 2 * (self.wire.gap_us + on_wire_us) // 1000

    # The registers' bytes, or the kind of the error.
    def _read(self, shape):
        coroutine = self.line.read_registers(ADDRESS, *shape, faults.TIMEOUT_MS)
        try:
            while True:
                self.wire.sleep(self.stretch(coroutine))
        except StopIteration as done:
            return bytes(done.value)
        except rtu.LineError as error:
            return error.kind
