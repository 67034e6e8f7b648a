# A TCP socket none of whose waits is longer than its deadline, on MicroPython and on CPython.
#
# `asyncio.wait_for_ms` makes two tasks a call: 1 KB of garbage and 30 us on the Unix port, a third
# of an exchange with a charger. Here one task watches the deadlines of all sockets, and only while
# there are any, so a wait costs what asyncio's own wait for a socket costs. The price is a grain:
# a deadline is kept to GRAIN_MS. A task whose deadline has passed is not cancelled, or it could
# not be told from one that somebody cancels; it is taken out of asyncio's queue of waiting sockets
# and run, as `Task.cancel` and `Event.set` do it (extmod/asyncio/core.py, event.py).

import asyncio
import errno
import socket

from clock import add_ms, diff_ms, now_ms, sleep_ms

GRAIN_MS = 50
_AGAIN = (errno.EAGAIN, errno.EINPROGRESS)

_wires = []  # those with a deadline, until they are closed

if hasattr(asyncio, "core"):
    from asyncio import core

    _watch = None  # the task
    _queue = None  # and the queue it is in: a new event loop has a new one

    def _enter(wire) -> None:
        global _watch, _queue
        _wires.append(wire)
        if _watch is None or _watch.done() or _queue is not core._task_queue:
            _queue = core._task_queue
            _watch = asyncio.create_task(_watched())

    async def _watched():
        while _wires:
            await sleep_ms(GRAIN_MS)
            now = now_ms()
            for wire in _wires:
                if diff_ms(wire.until, now) <= 0:
                    _wake(wire.task)

    # Only a task that waits for a socket: one that is due already must not be queued twice.
    def _wake(task) -> None:
        if task is not None and task.data is core._io_queue:
            core._io_queue.remove(task)
            core._task_queue.push(task)

    def _ready(wire, write: bool):
        wire.task = core.cur_task
        queue = core._io_queue
        (queue.queue_write if write else queue.queue_read)(wire.socket)
        yield

else:

    def _enter(wire) -> None:
        pass

    async def _ready(wire, write: bool) -> None:
        loop = asyncio.get_running_loop()
        woken = asyncio.Event()
        add = loop.add_writer if write else loop.add_reader
        remove = loop.remove_writer if write else loop.remove_reader
        add(wire.socket, woken.set)
        timer = None
        if wire.until is not None:
            timer = loop.call_later(max(0, diff_ms(wire.until, now_ms())) / 1000, woken.set)
        try:
            await woken.wait()
        finally:
            remove(wire.socket)
            if timer:
                timer.cancel()


class Wire:
    """One non-blocking socket. `limit_ms` bounds every wait from then on; one reads, one writes.

    Every method raises OSError: ETIMEDOUT at the deadline, what the socket says otherwise.
    `close` must be called on every path.
    """

    def __init__(self, sock, timeout_ms: int = None):
        sock.setblocking(False)
        self.socket = sock
        self.task = None
        self.until = None
        if timeout_ms is not None:
            self.limit_ms(timeout_ms)

    def limit_ms(self, ms: int) -> None:
        """From here on, until `ms` from now."""
        watched = self.until is not None
        self.until = add_ms(now_ms(), ms)
        if not watched:
            _enter(self)

    def _wait(self, write: bool):
        if self.until is not None and diff_ms(self.until, now_ms()) <= 0:
            raise OSError(errno.ETIMEDOUT, "the deadline has passed")
        return _ready(self, write)

    async def connect(self, address) -> None:
        try:
            self.socket.connect(address)
        except OSError as error:
            if error.errno not in _AGAIN:
                raise
            await self._wait(True)

    async def accept(self):
        """The socket of the next client, blocking as it comes."""
        await self._wait(False)
        return self.socket.accept()[0]

    async def readinto(self, view) -> int:
        """How many bytes came, at least one; 0 at the end. Always lets the other tasks run."""
        while True:
            await self._wait(False)
            try:
                count = _receive(self.socket, view)
            except OSError as error:
                if error.errno not in _AGAIN:
                    raise
                count = None
            if count is not None:
                return count

    async def write(self, data) -> None:
        """All of `data`. Waits only where the socket takes no more."""
        sent = _send(self.socket, data)
        if sent == len(data):
            return
        view = memoryview(data)
        while sent < len(view):
            await self._wait(True)
            sent += _send(self.socket, view[sent:])

    def close(self) -> None:
        if self in _wires:
            _wires.remove(self)
        self.socket.close()


if hasattr(socket.socket, "readinto"):

    def _receive(sock, view):
        return sock.readinto(view)

else:

    def _receive(sock, view):
        return sock.recv_into(view)


def _send(sock, data) -> int:
    try:
        return sock.send(data)
    except OSError as error:
        if error.errno not in _AGAIN:
            raise
        return 0
