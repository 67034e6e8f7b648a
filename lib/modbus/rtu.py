# Modbus RTU master on a half-duplex line, for asyncio ("MODBUS over Serial Line" V1.02). umodbus
# builds the requests; its own line blocks for half a second and takes wrong replies, so the line,
# the deadlines and every check of a reply are here.
#
# A reply names its unit, function and length, but neither its registers nor its request. So a
# late reply to an earlier request can be told from the right one by time only: while one may still
# come, nothing is sent, and all that comes before a request is thrown away. A unit is given twice
# its time-out for this; one that is slower still cannot be served. Nor can it be told from the
# answer to a second master: once its request to our unit has been heard, no reply is believed
# until that answer has come, or no longer can.

import asyncio
from array import array

from micropython import const
from umodbus.functions import read_holding_registers, read_input_registers

from clock import add_ms, diff_ms, now_ms, sleep_ms

# What a line counts. Outcomes, one for each read: ok, timeout (no answer at all), crc, unit,
# function and length (a whole frame, but not our answer), truncated, exception, gone (no port, or
# it failed), noise (the line would not be silent). Incidents that cost nothing: echo (of our
# request), noise (bytes that mean nothing), late (a reply to an earlier request). A decoder adds
# value (a number that cannot be).
KINDS: tuple = tuple(
    "ok timeout crc unit function length truncated exception gone noise echo late value".split()
)

_TEXT = "unit %d, function %d, %d registers from %d: %s"
_EXPECTED = "expected unit 1..247, function 3 or 4, 1..125 registers below 65536"

# The longest reply has 255 bytes; the rest is for noise before it.
_ROOM = const(320)

_REQUEST = const(8)
_REOPEN_MS = const(500)
_GRAIN_MS = const(8)

# A wake-up costs more than reading the bytes, so the first one is when the unit usually has
# answered: 1 ms earlier after each answer that was there, later after one that was not.
_LATER_MS = const(4)
_MOST_USUAL_MS = const(40)

# A reply that has begun and then pauses for longer than this is over. USB dongles hand bytes over
# in lumps, up to 16 ms late (FTDI AN232B-04).
_STALL_MS = const(40)

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
    while begin < end:
        crc ^= data[begin]
        crc = crc >> 4 ^ table[crc & 15]
        crc = crc >> 4 ^ table[crc & 15]
        begin += 1
    return crc


class LineError(OSError):
    """A read that gave no usable answer. `kind` is one of `KINDS`."""

    def __init__(self, kind: str, text: str):
        super().__init__(text)
        self.kind = kind


# Milliseconds until `stamp`, which is at most `most` away; 0 if past. A stamp so old that it has
# wrapped into the future is past.
def _left_ms(stamp, most):
    left = diff_ms(stamp, now_ms())
    return left if 0 < left <= most else 0


class Line:
    """A line that many tasks may share; one request is on it at a time.

    `open_port()` returns a port (`write(frame)`, `readinto(view)` -> None: nothing there, 0: gone,
    or a number of bytes, `close()`, which raises nothing) or raises OSError; it is called again,
    500 ms later, while the port is gone. `baud`, `parity` ("N", "E", "O") and `stop` (1, 2) are
    for the timing. `counts` has one count for each of `KINDS`.
    """

    def __init__(self, open_port, baud: int = 9600, parity: str = "N", stop: int = 1):
        self.counts = array("I", [0] * len(KINDS))
        self._open_port = open_port
        self._port = None
        self._lock = asyncio.Lock()
        self._view = memoryview(bytearray(_ROOM))
        self._frame = b"\x00" * _REQUEST  # the request that was made last
        self._owed = None  # the request that is not answered yet
        self._owed_ms = 0
        # Start, data, parity and stop bits; 3.5 characters, 1.75 ms above 19200 Bd (2.5.1.1)
        self._character_us = (9 + (parity != "N") + stop) * 1000000 // baud
        self._gap_ms = 2 if baud > 19200 else (7 * self._character_us + 1999) // 2000
        self._usual_ms = 0  # what the unit takes besides the time on the wire
        self._reopen_ms = 0
        self._spent = 0  # so many bytes are the last answer, and no news
        self._asked = 0  # so many requests of somebody else may bring an answer like ours
        self._heard_at = now_ms()
        # `_have` bytes are there, no frame of ours begins before `_at`; `_begun`: the head of a
        # reply to our request has been seen.
        self._have = self._at = self._kept = 0
        self._begun = self._crc_failed = False
        self._size = self._first_ms = self._deadline = self._owed_until = 0
        self._registers = self._view

    async def read_registers(
        self,
        unit: int,
        function: int,
        start: int,
        count: int,
        timeout_ms: int = 500,
        *,
        pause_ms: int = 0,
    ) -> memoryview:
        """The 2 * `count` bytes of the registers; they stay until the next await of the caller.

        `timeout_ms` is what the unit may take besides the time on the wire; `pause_ms` the silence
        that it needs before a request. Raises LineError, and ValueError for a request that cannot
        be. Ends within 4 times `timeout_ms`, 0.5 s, 2 pauses and twice the time on the wire.
        """
        await self._lock.acquire()
        kind = "ok"
        try:
            self._prepare(unit, function, start, count)
            # Stamps are whole milliseconds, so a silence may be 1 ms shorter than it looks.
            pause_ms = max(pause_ms, self._gap_ms) + 1
            self._drop(0, self._spent)
            self._spent = 0
            if (
                self._port is None
                or self._owed is not None
                or self._have
                or _left_ms(add_ms(self._heard_at, pause_ms), 2 * pause_ms)
                or self._listen()
            ):
                kind = await self._hush(timeout_ms, pause_ms)
            if kind == "ok":
                wait = self._send(timeout_ms)
                while wait >= 0:
                    await sleep_ms(wait)
                    wait = self._look(wait)
                if self._owed is not None or self._at or self._asked:
                    kind = await self._explain()
            text = kind
        except OSError as error:
            kind = "gone"
            text = "gone: %s" % error
            self.close()
        finally:
            self._at = 0
            if kind != "ok":
                self._have = self._spent = 0
            self._lock.release()
        if kind == "ok" and self._view[1] & 0x80:
            kind = "exception"
            text = "exception %d" % self._view[2]
        self.count(kind)
        if kind != "ok":
            raise LineError(kind, _TEXT % (unit, function, count, start, text))
        return self._registers

    def close(self) -> None:
        """Lets the port go, for somebody else to use; call it when no read is under way. The next
        read opens it again."""
        port, self._port = self._port, None
        self._owed = None
        self._have = self._spent = 0
        if port is not None:
            port.close()

    def count(self, kind: str) -> None:
        """Counts one more of a kind; also for what only the user of the data can see."""
        self.counts[KINDS.index(kind)] += 1

    # One request is kept, since a meter is asked the same again and again, with the view on where
    # its answer's registers will be.
    def _prepare(self, unit, function, start, count):
        frame = self._frame
        if frame[0] == unit and frame[1] == function and frame[5] == count:
            if frame[2] << 8 | frame[3] == start:
                return
        possible = 1 <= unit <= 247 and 3 <= function <= 4 and 1 <= count <= 125
        if not possible or not 0 <= start <= 65536 - count:
            raise ValueError(_TEXT % (unit, function, count, start, _EXPECTED))
        build = read_holding_registers if function == 3 else read_input_registers
        frame = bytes((unit,)) + build(start, count)
        crc = crc16(frame, 0, len(frame))
        registers = self._view[3 : 3 + 2 * count]
        self._frame = frame + bytes((crc & 0xFF, crc >> 8))  # the last that needs memory
        self._registers = registers
        self._size = 5 + 2 * count

    # Opens the port if it is closed, waits until no earlier answer can come any more and the line
    # is silent, and throws away what came until then. Does not wait if this very request was
    # answered by a mangled reply: the unit is done.
    async def _hush(self, timeout_ms, pause_ms):
        if self._port is None:
            await sleep_ms(self._reopen_ms)
            self._reopen_ms = _REOPEN_MS
            self._port = self._open_port()
        if self._owed is not None:
            if not (self._owed is self._frame and self._begun):
                await sleep_ms(_left_ms(self._owed_until, self._owed_ms))
        self._owed = None
        self._asked = 0
        deadline = add_ms(now_ms(), timeout_ms + pause_ms)
        wait = _left_ms(add_ms(self._heard_at, pause_ms), 2 * pause_ms)
        while True:
            await sleep_ms(wait)
            if not self._listen():
                break
            if diff_ms(now_ms(), deadline) >= 0:
                return "noise"
            wait = pause_ms
        if self._have:
            self.count("noise" if await self._find_frame(self._have) < 0 else "late")
            if self._asked:
                self._owed = b""
                self._owed_ms = timeout_ms
                self._owed_until = add_ms(now_ms(), timeout_ms)
                return "noise"
        return "ok"

    # Returns how long to sleep: request, silence and answer on the wire, and what the unit took
    # beyond that lately.
    def _send(self, timeout_ms):
        on_wire = _REQUEST * self._character_us // 1000 + 1
        wait = on_wire + self._gap_ms + self._size * self._character_us // 1000 + 1
        # A request of somebody else may have begun: its end comes behind ours.
        self._kept = self._at = min(self._have, _REQUEST - 1)
        self._drop(0, self._have - self._kept)
        self._begun = self._crc_failed = False
        self._asked = 0
        self._owed = self._frame
        self._owed_ms = wait + 2 * timeout_ms
        now = now_ms()
        self._heard_at = add_ms(now, on_wire)
        self._deadline = add_ms(now, wait + timeout_ms)
        self._owed_until = add_ms(now, self._owed_ms)
        self._port.write(self._frame)
        self._first_ms = wait + min(self._usual_ms, timeout_ms)
        return self._first_ms

    # Looks at what has come after `slept` ms. Returns how many ms later to look again; -1: it is
    # over, and a valid answer is at `_at` if nothing is owed. While nothing comes the times grow.
    def _look(self, slept):
        self._listen()
        lacking = self._search()
        if lacking <= 0:
            end = self._have + lacking
            if crc16(self._view, self._at, end):
                self._crc_failed = True
                self._at += 1
                return 0  # one CRC at a time: noise can look like many long frames
            self._owed = None
            self._spent = end - self._at
            usual = self._usual_ms + (-1 if slept == self._first_ms else _LATER_MS)
            self._usual_ms = max(0, min(usual, _MOST_USUAL_MS))
            return -1
        now = now_ms()
        left = diff_ms(self._deadline, now)
        silent = diff_ms(now, self._heard_at)
        if left <= 0 or (self._begun and silent >= _STALL_MS + self._gap_ms):
            return -1
        wait = lacking * self._character_us // 1000 + 1
        wait = max(wait, _GRAIN_MS, 0 if self._have else silent >> 2)
        return min(wait, left)

    # Moves `_at` on to where the answer may begin; returns how many bytes it lacks. 0 or less: a
    # frame is there, from `_at` to `_have` plus that; its CRC is not looked at. Takes echoes out.
    def _search(self):
        view = self._view
        frame = self._frame
        at = self._at
        size = self._size
        while at < self._have:
            known = self._have - at
            function = view[at + 1] if known > 1 else frame[1]
            if view[at] == frame[0] and function & 0x7F == frame[1]:
                echo = known > 2 and view[at + 2] == frame[2]
                echo = echo and view[at : min(at + _REQUEST, self._have)] == frame[:known]
                if echo and known >= _REQUEST:
                    self.count("echo")
                    self._drop(at, at + _REQUEST)
                    self._begun = False
                    continue
                if function != frame[1]:
                    size = 5
                elif known > 2 and view[at + 2] != size - 5:
                    size = 0
                if size:
                    self._begun |= known > 2
                    break
                size = self._size
                if echo:  # its rest may be on its way
                    break
            at += 1
        self._at = at
        return at + size - self._have

    # Why there is no answer, from what has come; "ok" if something stood before an answer.
    async def _explain(self):
        answered = self._owed is None
        end = self._at if answered else self._have
        at = await self._find_frame(end)
        if self._asked:
            self._owed = self._frame
            self._begun = False
            return "noise"
        if answered:
            if end > self._kept:
                self.count("noise" if at < 0 else "late")
            self._drop(0, end)
            return "ok"
        if self._crc_failed or self._begun:
            return "crc" if self._crc_failed else "truncated"
        if at < 0:
            if end > self._kept:
                self.count("noise")
            return "timeout"
        if self._view[at] != self._frame[0]:
            return "unit"
        return "length" if self._view[at + 1] & 0x7F == self._frame[1] else "function"

    # Where in the first `end` bytes a valid reply of anybody begins; -1: nowhere. Counts in
    # `_asked` what somebody else asked our unit and has no answer yet.
    async def _find_frame(self, end):
        view = self._view
        first = -1
        at = 0
        while at < end - 4:
            function = view[at + 1]
            last = at + 5 + (0 if function & 0x80 else view[at + 2])
            ours = view[at] == self._frame[0]
            if ours and 3 <= function <= 4 and at + _REQUEST <= end:
                if crc16(view, at, at + _REQUEST) == 0:
                    self._asked += view[at : at + _REQUEST] != self._frame
                    at += _REQUEST
                    continue
            if view[at] and last <= end:
                if crc16(view, at, last) == 0:
                    if first < 0:
                        first = at
                    if ours and self._asked:
                        self._asked -= 1
                    at = last
                    continue
                await sleep_ms(0)
            at += 1
        return first

    # Takes what has come; returns whether there was something.
    def _listen(self):
        if self._have == _ROOM:
            self._asked += 1  # somebody else must be talking
            self._drop(0, _ROOM // 2)
            self._at = self._kept = 0
        have = self._have
        got = self._port.readinto(self._view[have:] if have else self._view)
        if got is None:
            return False
        if got <= 0:
            raise OSError("the port was closed")
        self._have += got
        self._heard_at = now_ms()
        return True

    # Takes the bytes from `begin` to `end` out.
    def _drop(self, begin, end):
        rest = self._have - end
        self._view[begin : begin + rest] = self._view[end : self._have]
        self._have = begin + rest
