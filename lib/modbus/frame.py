# Modbus RTU frames without I/O: a request, and the search for its reply in what was received.

from array import array

from micropython import const
from umodbus.functions import read_holding_registers, read_input_registers

# What a line counts. Outcomes, one for each read: ok, timeout (no answer at all), crc, unit,
# function and length (a whole frame, but not our answer), truncated, exception, gone (no port, or
# it failed), noise (the line would not be silent). Incidents that cost nothing: echo (of our
# request), noise (bytes that mean nothing), late (a reply to an earlier request). A decoder adds
# value (a number that cannot be).
KINDS = ("ok", "timeout", "crc", "unit", "function", "length", "truncated", "exception")
KINDS += ("gone", "noise", "echo", "late", "value")
OK = const(0)
TIMEOUT = const(1)
CRC = const(2)
UNIT = const(3)
FUNCTION = const(4)
LENGTH = const(5)
TRUNCATED = const(6)
EXCEPTION = const(7)
GONE = const(8)
NOISE = const(9)
ECHO = const(10)
LATE = const(11)

_BUILDERS = {3: read_holding_registers, 4: read_input_registers}

# The longest reply has 255 bytes; the rest is for noise before it.
_ROOM = const(320)

# CRC-16/MODBUS for four bits at a time: 32 bytes instead of 512.
_CRC_TABLE = array("H", b"\x00" * 32)
for _i in range(16):
    _crc = _i
    for _ in range(4):
        _crc = _crc >> 1 ^ (0xA001 if _crc & 1 else 0)
    _CRC_TABLE[_i] = _crc


def crc16(data, begin: int, end: int) -> int:
    """CRC-16/MODBUS of `data[begin:end]`; 0 if the last two bytes are the right CRC themselves."""
    table = _CRC_TABLE
    crc = 0xFFFF
    for i in range(begin, end):
        crc ^= data[i]
        crc = crc >> 4 ^ table[crc & 15]
        crc = crc >> 4 ^ table[crc & 15]
    return crc


class Request:
    """One question: built once and kept. `size` is the length of the answer in bytes.

    Raises ValueError for a unit, function or registers that cannot be asked.
    """

    def __init__(self, unit: int, function: int, start: int, count: int):
        if not 1 <= unit <= 247:
            raise ValueError("unit %d: expected 1 to 247" % unit)
        if function not in _BUILDERS:
            raise ValueError("function %d: expected 3 or 4" % function)
        if not (1 <= count <= 125 and 0 <= start <= 65536 - count):
            raise ValueError("%d registers from %d: expected 1 to 125 in 65536" % (count, start))
        self.unit = unit
        self.function = function
        self.text = "unit %d, function %d, %d registers from %d" % (unit, function, count, start)
        frame = bytes((unit,)) + _BUILDERS[function](start, count)
        crc = crc16(frame, 0, len(frame))
        self.frame = frame + bytes((crc & 0xFF, crc >> 8))
        self.size = 5 + 2 * count


class Received:
    """What came since the request, and where in it the reply may be.

    `have` bytes are there; no frame of ours begins before `at`; `begun`: the head of a reply to
    our request has been seen. Counts echoes and overflowing noise in `counts`.
    """

    def __init__(self, counts):
        self._counts = counts
        self.buffer = bytearray(_ROOM)
        self.view = memoryview(self.buffer)
        self.clear()

    def clear(self) -> None:
        self.have = self.at = 0
        self.begun = False

    def take(self, port) -> int:
        """Takes what has come; returns how many bytes. Raises OSError if the port is gone."""
        if self.have == _ROOM:
            self._forget(self.at or _ROOM)
        got = port.readinto(self.view[self.have :] if self.have else self.view)
        if got is None:
            return 0
        if got <= 0:
            raise OSError("the port was closed")
        self.have += got
        return got

    def search(self, request) -> int:
        """Moves `at` on to where the answer may begin; returns how many bytes it lacks.

        0 or less: a frame is there, from `at` to `have` plus that; its CRC is not looked at.
        """
        buffer = self.buffer
        at = self.at
        while at < self.have:
            if buffer[at] == request.unit:
                if self._same(request.frame, at) == len(request.frame):
                    self._remove_echo(at)
                    continue
                size = self._size_at(request, at)
                if size:
                    break
            at += 1
        else:
            size = request.size
        self.at = at
        return at + size - self.have

    def valid(self, begin: int, end: int) -> bool:
        return crc16(self.buffer, begin, end) == 0

    def to_front(self, end: int) -> None:
        """Moves the frame from `at` to `end` to the front of the buffer."""
        if self.at:
            self.view[: end - self.at] = self.view[self.at : end]

    def frame_end(self, at: int, end: int) -> int:
        """Where a reply of anybody to anything ends that begins at `at`; 0: none before `end`."""
        buffer = self.buffer
        if not buffer[at] or end - at < 5:
            return 0
        last = at + 5 + (0 if buffer[at + 1] & 0x80 else buffer[at + 2])
        return last if last <= end else 0

    # How long the frame is that may begin with the unit's address at `at`; 0: none of ours.
    def _size_at(self, request, at):
        known = self.have - at
        if known < 2:
            return request.size
        function = self.buffer[at + 1]
        if function == request.function | 0x80:
            self.begun = self.begun or known > 2
            return 5
        if function != request.function:
            return 0
        if known > 2 and self.buffer[at + 2] != request.size - 5:
            # The rest of an echo may be on its way.
            return len(request.frame) if self._same(request.frame, at) == known else 0
        self.begun = self.begun or known > 2
        return request.size

    # How many bytes from `at` on are those of our own request.
    def _same(self, frame, at):
        buffer = self.buffer
        most = min(len(frame), self.have - at)
        for i in range(most):
            if buffer[at + i] != frame[i]:
                return i
        return most

    def _remove_echo(self, at):
        self._counts[ECHO] += 1
        rest = self.have - at - 8
        self.view[at : at + rest] = self.view[at + 8 : at + 8 + rest]
        self.have -= 8

    def _forget(self, end):
        self._counts[NOISE] += 1
        self.have -= end
        self.at = 0
        self.view[: self.have] = self.view[end : end + self.have]
