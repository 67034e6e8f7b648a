# Modbus RTU master on a half-duplex line, for asyncio ("MODBUS over Serial Line" V1.02). umodbus
# builds the requests; its own line blocks for half a second and takes wrong replies, so the line,
# the deadlines and every check of a reply are here and in `frame`.
#
# A reply names its unit, function and length, but neither its registers nor its request. So a
# late reply to an earlier request can be told from the right one by time only: while one may still
# come, nothing is sent, and all that comes before a request is thrown away. A unit is given twice
# its time-out for this; one that is slower still cannot be served.

import asyncio
from array import array

from micropython import const

from clock import add_ms, diff_ms, now_ms, sleep_ms
from modbus import frame
from modbus.frame import KINDS, Received, Request

_TEXTS = (
    "",
    "no answer",
    "an answer with a wrong CRC",
    "an answer from another unit",
    "an answer to another function",
    "an answer of another length",
    "a truncated answer",
    "exception %d",
    "no line (%s)",
    "a line that is never silent",
)

_REQUESTS = const(8)
_REOPEN_MS = const(500)
_GRAIN_MS = const(4)

# A reply that has begun and then pauses for longer than this is over. USB dongles hand bytes over
# in lumps, up to 16 ms late (FTDI AN232B-04).
_STALL_MS = const(40)


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
    or a number of bytes, `close()`) or raises OSError; it is called again, at most every 500 ms,
    while the port is gone. `baud`, `parity` ("N", "E", "O") and `stop` (1, 2) are for the timing.
    `counts` has one count for each of `KINDS`.
    """

    def __init__(self, open_port, baud: int = 9600, parity: str = "N", stop: int = 1):
        self.counts = array("I", [0] * len(KINDS))
        self._open_port = open_port
        self._port = None
        self._lock = asyncio.Lock()
        self._requests = {}
        self._received = Received(self.counts)
        self._crc_failed = False
        self._owed = None  # the request that is not answered yet
        self._owed_ms = 0
        # Start, data, parity and stop bits; 3.5 characters, 1.75 ms above 19200 Bd (2.5.1.1)
        self._character_us = (9 + (parity != "N") + stop) * 1000000 // baud
        self._gap_ms = 2 if baud > 19200 else (7 * self._character_us + 1999) // 2000
        now = now_ms()
        self._reopen_at = self._heard_at = self._owed_until = self._deadline = now

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
        try:
            request, registers = self._request(unit, function, start, count)
            detail = None
            try:
                if self._port is None:
                    await self._reopen()
                if self._is_silent(pause_ms) or await self._hush(request, timeout_ms, pause_ms):
                    kind = await self._answer(request, self._send(request, timeout_ms))
                else:
                    kind = frame.NOISE
            except OSError as error:
                kind, detail = frame.GONE, error
                self.close()
            self.counts[kind] += 1
            if kind != frame.OK:
                raise self._error(kind, request, detail)
            return registers
        finally:
            self._lock.release()

    def count(self, kind: str) -> None:
        """Counts one more of a kind that only the user of the data can see."""
        self.counts[KINDS.index(kind)] += 1

    def close(self) -> None:
        """Closes the port; the next read opens it again."""
        port, self._port = self._port, None
        self._owed = None
        if port is not None:
            try:
                port.close()
            except OSError:
                pass  # gone already

    # Each request is built once and kept, with the view on where its answer's registers will be.
    def _request(self, unit, function, start, count):
        key = (unit, function, start, count)
        entry = self._requests.get(key)
        if entry is None:
            entry = Request(unit, function, start, count), self._received.view[3 : 3 + 2 * count]
            if len(self._requests) >= _REQUESTS:
                self._requests.clear()
            self._requests[key] = entry
        return entry

    def _error(self, kind, request, detail):
        text = _TEXTS[kind]
        if kind == frame.EXCEPTION:
            text = text % self._received.buffer[2]
        elif kind == frame.GONE:
            text = text % detail
        return LineError(KINDS[kind], request.text + ": " + text)

    async def _reopen(self):
        wait = _left_ms(self._reopen_at, _REOPEN_MS)
        if wait:
            await sleep_ms(wait)
        self._reopen_at = add_ms(now_ms(), _REOPEN_MS)
        self._port = self._open_port()

    # The usual case, without a coroutine: nothing is owed, nothing came, the pause is over.
    def _is_silent(self, pause_ms):
        if self._owed is not None:
            return False
        self._received.clear()
        pause = max(pause_ms, self._gap_ms)
        return not _left_ms(add_ms(self._heard_at, pause), 2 * pause) and not self._listen()

    # Waits until no earlier answer can come any more and the line is silent, and throws away what
    # came until then. Not if this very request was answered by a mangled reply: the unit is done.
    async def _hush(self, request, timeout_ms, pause_ms):
        received = self._received
        if self._owed is not None:
            if not (self._owed is request and received.begun):
                await sleep_ms(_left_ms(self._owed_until, self._owed_ms))
            received.clear()
            self._owed = None
        deadline = add_ms(now_ms(), timeout_ms + pause_ms)
        pause = max(pause_ms, self._gap_ms)
        wait = _left_ms(add_ms(self._heard_at, pause), 2 * pause)
        while True:
            if wait:
                await sleep_ms(wait)
            if not self._listen():
                break
            if diff_ms(now_ms(), deadline) >= 0:
                return False
            wait = pause
        if received.have:
            await self._count_junk(received.have)
        return True

    # Returns how long the answer takes at least: request, silence and answer on the wire.
    def _send(self, request, timeout_ms):
        on_wire = self._wire_ms(len(request.frame))
        wait = on_wire + self._gap_ms + self._wire_ms(request.size)
        self._received.clear()
        self._crc_failed = False
        self._owed = request
        self._owed_ms = wait + 2 * timeout_ms
        now = now_ms()
        self._heard_at = add_ms(now, on_wire)
        self._deadline = add_ms(now, wait + timeout_ms)
        self._owed_until = add_ms(now, self._owed_ms)
        self._port.write(request.frame)
        return wait

    # Sleeps until the answer can be complete, looks, and sleeps for what is lacking: a few times
    # in all. While nothing comes the sleeps grow with the time that has passed.
    async def _answer(self, request, wait):
        received = self._received
        while True:
            await sleep_ms(wait)
            self._listen()
            lacking = received.search(request)
            while lacking <= 0:
                end = received.have + lacking
                if received.valid(received.at, end):
                    if received.at:
                        await self._count_junk(received.at)
                    return self._accept(request, end)
                self._crc_failed = True
                received.at += 1
                await sleep_ms(0)
                lacking = received.search(request)
            left = diff_ms(self._deadline, now_ms())
            silent = diff_ms(now_ms(), self._heard_at)
            if left <= 0 or (received.begun and silent >= _STALL_MS + self._gap_ms):
                return await self._explain(request)
            wait = max(self._wire_ms(lacking), _GRAIN_MS, 0 if received.have else silent >> 2)
            wait = min(wait, left)

    # Takes the valid frame from `at` to `end`, which then is at the front of the buffer.
    def _accept(self, request, end):
        received = self._received
        self._owed = None
        if received.have > end:
            self.counts[frame.NOISE] += 1
        received.to_front(end)
        return frame.OK if received.buffer[1] == request.function else frame.EXCEPTION

    # Why there is no answer, from what has come.
    async def _explain(self, request):
        received = self._received
        if self._crc_failed:
            return frame.CRC
        if received.begun:
            return frame.TRUNCATED
        at = await self._find_frame(received.have)
        if at < 0:
            self.counts[frame.NOISE] += received.have > 0
            return frame.TIMEOUT
        if received.buffer[at] != request.unit:
            return frame.UNIT
        same = received.buffer[at + 1] & 0x7F == request.function
        return frame.LENGTH if same else frame.FUNCTION

    async def _count_junk(self, end):
        late = await self._find_frame(end) >= 0
        self.counts[frame.LATE if late else frame.NOISE] += 1

    # Where in the first `end` bytes a valid reply of anybody begins; -1: nowhere. One CRC at a
    # time: noise can look like many long frames.
    async def _find_frame(self, end):
        for at in range(end):
            last = self._received.frame_end(at, end)
            if last:
                if self._received.valid(at, last):
                    return at
                await sleep_ms(0)
        return -1

    # Takes what has come; returns how many bytes.
    def _listen(self):
        got = self._received.take(self._port)
        if got:
            self._heard_at = now_ms()
        return got

    def _wire_ms(self, characters):
        return characters * self._character_us // 1000 + 1
