"""A serial line with the timing of a real one: a pty whose bytes take as long as on a UART."""

import asyncio
import os
import random
import shutil
import tempfile
import termios
import tty
from collections import deque
from contextlib import suppress

# What the line can do to a frame that the meter sends: functions of (request, reply, random)
# that return the bytes that reach the other end. Seen in the field: see the tests of the
# firmware's line.
FAULTS = {
    "lost": lambda request, reply, rnd: b"",
    "truncated": lambda request, reply, rnd: reply[: max(1, len(reply) // 2)],
    "corrupted": lambda request, reply, rnd: _flip_bit(reply, rnd),
    "byte_lost": lambda request, reply, rnd: _without_byte(reply, rnd),
    "noise_before": lambda request, reply, rnd: rnd.randbytes(3) + reply,
    "noise_after": lambda request, reply, rnd: reply + rnd.randbytes(3),
    "echo": lambda request, reply, rnd: request + reply,
    "leading_zero": lambda request, reply, rnd: b"\0" + reply,
}
LATE = "late"


def _flip_bit(frame: bytes, rnd: random.Random) -> bytes:
    damaged = bytearray(frame)
    damaged[rnd.randrange(len(frame))] ^= 1 << rnd.randrange(8)
    return bytes(damaged)


def _without_byte(frame: bytes, rnd: random.Random) -> bytes:
    place = rnd.randrange(len(frame))
    return frame[:place] + frame[place + 1 :]


# Our end is the pty's master. The other end is opened by name by the firmware, as often as it
# likes: we keep its side open, too, or closing it there would be a hang-up here. `path` is a
# symlink, so that the line has the same name after unplug() and plug_in(), as a dongle under
# /dev/serial/by-id.
class SlowLine:
    """A half-duplex line; `receive(data)` gets what the other end sent, `reply()` answers it.

    baud in bit/s, bits per character 10 (8N1) or 11 (8E1, 8N2). `sent_until`: the loop time of
    the last byte to the other end. Use it from one event loop: start() there; stop() ends
    everything. Raises OSError when there is no pty to be had.
    """

    def __init__(self, baud: int = 9600, bits: int = 10, seed: int = 1):
        self.character_s = bits / baud
        self.receive = lambda data: None
        self._random = random.Random(seed)
        self._folder = self.path = None
        self._faults = deque()
        self._sending = deque()  # (due time, byte) to the other end
        self._timer = None
        self._heard_until = self.sent_until = 0.0
        self._master = self._slave = None
        self._loop = None

    def start(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._folder = tempfile.mkdtemp(prefix="amprail-line-")
        self.path = os.path.join(self._folder, "meter")
        self.plug_in()

    def stop(self) -> None:
        self.unplug()
        if self._folder:
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder = None

    def plug_in(self) -> None:
        if self._master is not None:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave, termios.TCSANOW)
        os.set_blocking(self._master, False)
        os.symlink(os.ttyname(self._slave), self.path)
        self._loop.add_reader(self._master, self._heard)

    def unplug(self) -> None:
        if self._master is None:
            return
        self._loop.remove_reader(self._master)
        with suppress(FileNotFoundError):  # somebody tidied up
            os.unlink(self.path)
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = None
        self._forget()

    def _forget(self):
        self._sending.clear()
        if self._timer:
            self._timer.cancel()
            self._timer = None

    def fault(self, kind: str, times: int = 1, delay_s: float = 0.6) -> None:
        """Treats the next replies so: a key of FAULTS, or "late" by delay_s (ValueError else)."""
        if kind not in FAULTS and kind != LATE:
            raise ValueError(f"fault {kind!r}: expected one of {', '.join(FAULTS)}, {LATE}")
        self._faults.extend([(kind, delay_s)] * times)

    def _heard(self):
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        if data:
            now = self._loop.time()
            self._heard_until = max(now, self._heard_until) + len(data) * self.character_s
            self._loop.call_at(self._heard_until, self.receive, data)

    def reply(self, request: bytes, frame: bytes) -> None:
        """Sends a reply, or what the next fault makes of it."""
        kind, delay_s = self._faults.popleft() if self._faults else (None, 0)
        if kind == LATE:
            self._loop.call_later(delay_s, self.send, frame)
        else:
            self.send(FAULTS[kind](request, frame, self._random) if kind else frame)

    def send(self, data: bytes) -> None:
        """Sends bytes, each when a UART would have brought it."""
        if self._master is None:
            return
        due = max(self._loop.time(), self.sent_until)
        for byte in data:
            due += self.character_s
            self._sending.append((due, byte))
        self.sent_until = due
        if self._sending and not self._timer:
            self._timer = self._loop.call_at(self._sending[0][0], self._send_due)

    def _send_due(self):
        now, ready = self._loop.time(), bytearray()
        while self._sending and self._sending[0][0] <= now:
            ready.append(self._sending.popleft()[1])
        try:
            os.write(self._master, ready)
        except OSError:
            pass  # nobody reads there and the pty is full: lost, as on a wire
        more = self._sending
        self._timer = self._loop.call_at(more[0][0], self._send_due) if more else None
