# A line with several meters, down to its bits and in virtual time. Each has a speed and a parity
# of its own, and hears of the others' what a UART would: damaged characters, and so nothing.

import asyncio
import struct

from modbus import rtu
from modbus.maps import load
from modbus.rtu import crc16
from wire import sealed

VOLTS, AMPERES, WATTS = (230, 231, 229), (7.5, 0.5, 60), (1650, -105, 13700)

FORMATS = {"float32": ">f", "int32": ">i", "uint32": ">I", "int16": ">h", "uint16": ">H"}

# Parts of a bit in which a receiver looks for an edge.
GRAIN = 16


def levels(data: bytes, parity: str, stop: int) -> bytes:
    """What is on the wire, bit by bit: 0 or 1."""
    bits = bytearray()
    for byte in data:
        ones = 0
        bits.append(0)
        for place in range(8):
            bits.append(byte >> place & 1)
            ones += byte >> place & 1
        if parity != "N":
            bits.append(ones & 1 ^ (parity == "O"))
        bits.extend(b"\1" * stop)
    return bytes(bits)


def heard(bits: bytes, sent_at: int, line: tuple) -> tuple:
    """The bytes that a receiver set to `line` makes of bits sent at a speed, and whether each
    had its parity and its stop bit."""
    baud, parity, _ = line

    def level(at):
        index = at * sent_at // (GRAIN * baud)
        return bits[index] if index < len(bits) else 1

    data = bytearray()
    sound = True
    at = 0
    while True:
        edge = bits.find(b"\0", at * sent_at // (GRAIN * baud))
        if edge < 0:
            return bytes(data), sound
        at = max(at, -(-edge * GRAIN * baud // sent_at))
        if level(at + GRAIN // 2):
            at += GRAIN // 2
            continue
        at += GRAIN // 2
        byte = ones = 0
        for place in range(8):
            at += GRAIN
            byte |= level(at) << place
            ones += level(at)
        if parity != "N":
            at += GRAIN
            sound = sound and level(at) == ones & 1 ^ (parity == "O")
        at += GRAIN
        sound = sound and level(at) == 1
        data.append(byte)


class Slave:
    """A meter that holds `words`: {(function, register): 0..65535}; the rest is exception 2.

    `answer(request)` may be replaced: the whole reply to a sound request to anybody, or None.
    """

    def __init__(self, address=1, line=(9600, "N", 1), delay_ms=20):
        self.address = address
        self.line = line
        self.delay_ms = delay_ms
        self.words = {}
        self.most = 125
        self.asked = 0

    def put(self, function, register, raw, order=None):
        """Puts bytes there; order: where the byte of the highest value goes, ..., as in maps."""
        if order and len(raw) == 4:
            ordered = bytearray(4)
            for place, at in enumerate(order):
                ordered[at] = raw[place]
            raw = bytes(ordered)
        for at in range(0, len(raw), 2):
            self.words[function, register + at // 2] = raw[at] << 8 | raw[at + 1]

    def fill(self, name):
        """The currents, powers and voltages above, where a type has them."""
        table = load(name)
        for start, count in table[1] + table[8]:
            for register in range(start, start + count):
                self.words.setdefault((table[0], register), 0)
        self.put_values(table[0], table[2], [1000 * amperes for amperes in AMPERES], table[3])
        drawn = [max(watts, 0) for watts in WATTS] if table[6] else WATTS
        self.put_values(table[0], table[4], drawn, table[5])
        self.put_values(table[0], table[6], [max(-watts, 0) for watts in WATTS], table[5])
        self.put_values(table[0], table[9], VOLTS, table[10])

    def fill_sunspec(self, base):
        """A list of models at `base`: what it is, and a meter in model 203 with tenths."""
        words = {3: 75, 4: 5, 5: 600, 6: 0xFFFF, 8: 2300, 9: 2310, 10: 2290, 15: 0xFFFF}
        words[19], words[20], words[21], words[22] = 1650, 0x10000 - 105, 13700, 0
        self.put(3, base, b"SunS\0\1\0\x42" + bytes(132) + b"\0\xcb\0\x69")
        for at in range(2, 107):
            self.words[3, base + 70 + at] = words.get(at, 0)
        self.put(3, base + 177, b"\xff\xff\0\0")

    def put_values(self, function, registers, values, form):
        kind, order, multiplier, divisor = form
        for register, value in zip(registers, values):
            raw = value * divisor / multiplier
            if not isinstance(kind, str):  # Iskra's: thousandths, behind the exponent -3
                raw = b"\xfd" + struct.pack(">i", int(1000 * raw))[1:]
                self.put(function, register, raw, order)
                continue
            raw = raw if kind == "float32" else int(raw + (0.5 if raw > 0 else -0.5))
            self.put(function, register, struct.pack(FORMATS[kind], raw), order)

    def answer(self, request):
        if request[0] != self.address:
            return None
        start, count = struct.unpack(">HH", request[2:6])
        data = b""
        for register in range(start, start + count):
            word = self.words.get((request[1], register))
            if word is None or count > self.most:
                return sealed(bytes((request[0], request[1] | 0x80, 2)))
            data += struct.pack(">H", word)
        return sealed(bytes((request[0], request[1], 2 * count)) + data)


class Port:
    """What the master has of the bus while it is open with one setting."""

    def __init__(self, bus, line):
        self.bus = bus
        self.line = line
        self.coming = []  # (ms, byte), in order

    def write(self, request):
        self.bus.requests += 1
        self.bus.carry(self, bytes(request))

    def readinto(self, view):
        if self.bus.gone:
            return 0
        self.bus.babble(self)
        got = 0
        while self.coming and got < len(view) and self.coming[0][0] <= self.bus.now:
            view[got] = self.coming.pop(0)[1]
            got += 1
        return got or None

    def close(self):
        self.bus.open -= 1


class Bus:
    """The bus. `noise(port, now_ms)` gives bytes that are on it without a question, or None."""

    def __init__(self, *slaves):
        self.slaves = slaves
        self.now = 0
        self.open = self.opened = 0
        self.gone = False
        self.noise = lambda port, now: None
        self.requests = 0
        rtu.now_ms = lambda: self.now & 0x3FFFFFFF
        rtu.sleep_ms = self.sleep_ms

    async def sleep_ms(self, ms):
        self.now += ms
        await asyncio.sleep(0)

    def open_port(self, baud, parity, stop):
        self.open += 1
        self.opened += 1
        assert self.open == 1
        return Port(self, (baud, parity, stop))

    def babble(self, port):
        data = self.noise(port, self.now)
        port.coming.extend([(self.now, byte) for byte in data or b""])

    # A slave answers a sound frame; the master's UART hands over also what is damaged.
    def carry(self, port, frame):
        baud, parity, stop = port.line
        bits = levels(frame, parity, stop)
        for slave in self.slaves:
            data, sound = heard(bits, baud, slave.line)
            if not (sound and len(data) == 8 and crc16(data, 0, 8) == 0):
                continue
            reply = slave.answer(data)
            if reply is None:
                continue
            slave.asked += 1
            speed, odd, stops = slave.line
            data, _ = heard(levels(reply, odd, stops), speed, port.line)
            at = self.now + 8 * 11000 // baud + slave.delay_ms
            for place, byte in enumerate(data):
                port.coming.append((at + (place + 1) * 11000 // speed, byte))
