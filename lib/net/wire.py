# What the client and the guard share: a TCP socket none of whose waits outlasts its deadline, and
# the two fields of a head (RFC 9112) that say where a message ends.
#
# `asyncio.wait_for_ms` makes two tasks a call: 1 KB of garbage and 30 us on the Unix port, half of
# an exchange with a charger. Here one task watches the deadlines of all sockets, so a wait costs
# what asyncio's own wait for a socket costs. The price is a grain: a deadline is kept to 100 ms. A
# task whose deadline has passed is not cancelled, or it could not be told from one that somebody
# cancels; it is taken out of asyncio's queue of waiting sockets and run, as `Task.cancel` and
# `Event.set` do it (extmod/asyncio/core.py, event.py).

import asyncio
import errno

from clock import add_ms, diff_ms, now_ms, sleep_ms
from micropython import const

_GRAIN_MS = const(100)

_wires = []  # those with a deadline, until they are closed

if hasattr(asyncio, "core"):
    from asyncio import core  # pyright: ignore[reportAttributeAccessIssue]

    _queue = _watch = None  # the queue of tasks and the one of it that watches

    # A new event loop has a new queue, and for want of memory a task may end.
    def _enter(wire) -> None:
        global _queue, _watch
        _wires.append(wire)
        if _watch is None or _watch.done() or _queue is not core._task_queue:
            _queue = core._task_queue
            _watch = asyncio.create_task(_watched())

    # Only a task that waits for a socket: one that is due already must not be queued twice.
    async def _watched():
        while True:
            await sleep_ms(_GRAIN_MS)
            now = now_ms()
            for wire in _wires:
                task = wire.task
                if diff_ms(wire.until, now) <= 0 and task and task.data is core._io_queue:
                    core._io_queue.remove(task)
                    core._task_queue.push(task)
            wire = task = None  # a task keeps all its code in memory

    def ready(wire, write: bool):  # pyright: ignore[reportRedeclaration]
        """Waits until the socket of `wire` can be read or written; OSError(ETIMEDOUT)."""
        wire.task = core.cur_task
        queue = core._io_queue
        try:
            (queue.queue_write if write else queue.queue_read)(wire.socket)
        except MemoryError:  # half of it may be done, and would keep the task with all its code
            queue.remove(core.cur_task)
            raise
        yield
        wire.woken()

else:
    import select
    import socket

    class _Stream(socket.SocketIO):  # pyright: ignore[reportAttributeAccessIssue]
        def connect(self, address) -> None:
            self._sock.connect(address)

        def close(self) -> None:
            sock = self._sock
            super().close()
            sock.close()

    def _enter(wire) -> None:
        _wires.append(wire)
        wire.socket = _Stream(wire.socket, "rw")

    # CPython runs this only in tests, where looking again and again is soon enough.
    async def ready(wire, write: bool) -> None:
        found = ()
        while not found:
            await sleep_ms(1)
            Wire.woken(wire)
            reads, writes, _ = select.select([wire.socket], [wire.socket], (), 0)
            found = writes if write else reads
        wire.woken()


class Wire:
    """One socket at a time and the buffer of what it says. OSError: ETIMEDOUT at the deadline,
    ENOBUFS where the buffer is full, ECONNRESET at an end too early, and the socket's own."""

    def __init__(self, size: int):
        self.buffer = bytearray(size)
        self.view = memoryview(self.buffer)
        self.socket = self.task = self.until = None

    def open(self, sock, timeout_ms: int) -> None:
        """Takes a socket, which `close` must close on every path."""
        self.socket = sock
        sock.setblocking(False)
        self.until = add_ms(now_ms(), timeout_ms)
        _enter(self)

    def close(self) -> None:
        self.task = None
        if self in _wires:
            _wires.remove(self)
        if self.socket:
            self.socket.close()
            self.socket = None

    def woken(self) -> None:
        """After each wait."""
        if self.until is not None and diff_ms(self.until, now_ms()) <= 0:
            raise OSError(errno.ETIMEDOUT, "")

    async def receive(self, at: int, may_end: bool = False) -> int:
        """Reads what comes to `at` in the buffer; the end of it there, which is `at` at the end of
        the stream if that may be."""
        if at == len(self.buffer):
            raise OSError(errno.ENOBUFS, "")
        view = self.view[at:] if at else self.view
        count = None
        while count is None:
            await ready(self, False)
            count = self.socket.readinto(view)
        if not count and not may_end:
            raise OSError(errno.ECONNRESET, "")
        return at + count

    async def send(self, data) -> None:
        while data:
            await ready(self, True)
            sent = self.socket.write(data) or 0
            data = memoryview(data)[sent:] if sent < len(data) else b""


def field(head: bytes, name: bytes) -> bytes | None:
    """The value of a field, as b"\\r\\nhost:", of a head in lower case, None without it.

    ValueError where it is there twice: two readers of such a message may not agree on its end.
    """
    at = head.find(name)
    if at < 0:
        return None
    at += len(name)
    if head.find(name, at) >= 0:
        raise ValueError
    return head[at : head.find(b"\r\n", at)].strip()


def content_length(head: bytes) -> int:
    """The length of the body by a head in lower case, -1 without one; ValueError."""
    digits = field(head, b"\r\ncontent-length:")
    if digits is None:
        return -1
    if not digits.isdigit() or len(digits) > 9:
        raise ValueError
    return int(digits)
