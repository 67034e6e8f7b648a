# The on-device web server. A client may be silent, slow, endless or one of too many, and costs at
# most its connection. This listener takes the clients and reads their heads (`net.exchange`); it
# is no framework: who answers what is the caller's, as a path is one comparison.

import asyncio
import errno
import socket

from clock import sleep_ms
from micropython import const
from net.exchange import Exchange, exchanges
from net.wire import Wire, ready

# What became of a client: its place in `Guard.counts`.
SERVED = const(0)
REFUSED = const(1)
LATE = const(2)
FAILED = const(3)

# Who waits for a place, or for memory, is looked after so often.
_WAITING_MS = const(20)

# Errors of the socket: what to answer, 0 for nothing.
_STATUS = {errno.ETIMEDOUT: 408, errno.ENOBUFS: 431, errno.ECONNRESET: 0}


class Guard:
    """The listener. `handle(exchange)`, a coroutine, answers a request or raises ValueError with
    what `Exchange.refuse` takes: status, headers, error; what else it raises is answered with 500
    and told to `say(text)`. `counts`: clients SERVED, REFUSED, LATE, FAILED. `made`: as of
    `exchanges`, where some have been made before. `room()`: whether there is memory for one more
    client; until there is, and while all places are taken, whoever comes waits."""

    def __init__(self, handle, say, clients: int = 3, made=None, room=lambda: True):
        self._handle = handle
        self._say = say
        self.room = room
        self.exchanges = made or exchanges(clients)
        self._clients = self._most = clients
        self.listener = Wire(0)
        self.counts = [0, 0, 0, 0]

    async def serve(self, host: str, port: int) -> None:
        """Answers clients until it is cancelled; OSError where it cannot listen."""
        self._fit()
        listener = self.listener
        listener.socket = sock = socket.socket()
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            sock.bind(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1])
            sock.listen(5)
            while True:
                try:
                    await ready(listener, False)
                    await self._accept(sock)
                except MemoryError:  # others need it now: whoever waits, waits
                    await sleep_ms(100)
        finally:
            listener.close()
            for exchange in self.exchanges:
                if exchange.task:
                    exchange.task.cancel()
                exchange.close()  # a task that is cancelled before it runs never runs

    def narrow(self) -> None:
        """Until `widen` one client at a time: the memory of the others is free once they have been
        answered. Who comes meanwhile waits to be accepted."""
        self._most = 1
        self._fit()

    def widen(self) -> None:
        """As many clients as before, or as many as there is memory for."""
        self._most = self._clients
        self._fit()

    def relieve(self) -> None:
        """As `narrow`, at once: who has not said yet what they want has to go."""
        self.narrow()
        for exchange in self.exchanges:
            if exchange.task and not exchange.method:
                exchange.task.cancel()

    def _fit(self) -> None:
        for exchange in list(self.exchanges):
            if len(self.exchanges) > self._most and not exchange.socket:
                self.exchanges.remove(exchange)
        try:
            while len(self.exchanges) < self._most:
                self.exchanges += exchanges(1)
        except MemoryError:
            pass

    # Without a socket left every accept fails at once, so a failure is waited out.
    async def _accept(self, listener) -> None:
        exchange = None
        for other in self.exchanges:
            if not other.socket:
                exchange = other
        if exchange is None or not self.room():
            return await sleep_ms(_WAITING_MS)
        try:
            exchange.begin(*listener.accept())
            task = asyncio.create_task(self._answer(exchange))
            exchange.task = task  # pyright: ignore[reportAttributeAccessIssue]
        except (OSError, MemoryError):
            self.counts[FAILED] += 1
            exchange.close()
            await sleep_ms(100)

    async def _answer(self, exchange: Exchange) -> None:
        outcome = FAILED
        try:
            await exchange.read_head()
            await self._handle(exchange)
            outcome = SERVED
            if exchange.left:
                await exchange.linger()
        except Exception as error:
            status, *headers = _refusal(error, exchange.method)
            if status == 500:
                self._say("%s: %r" % (exchange.path.decode(), error))
            elif status and not exchange.begun:
                outcome = LATE if status == 408 else REFUSED
            if status and not exchange.begun:
                await exchange.refuse(status, *headers)
        finally:
            self.counts[outcome] += 1
            exchange.close()
            exchange.task = None  # its frames would keep what answered in memory
            self._fit()


# The status to answer after an error, 0 for nothing, and header lines. With a `method` the head is
# read, and the error is of whoever answers.
def _refusal(error: Exception, method: bytes) -> tuple:
    refusal = (500,)
    if isinstance(error, OSError):
        refusal = (_STATUS.get(error.errno or 0, 500 if method else 0),)
    elif isinstance(error, MemoryError):
        refusal = (503, b"Retry-After: 2\r\n", '"code":"no_memory"')
    elif isinstance(error, ValueError):
        if error.args and isinstance(error.args[0], int):
            refusal = error.args
        elif not method:
            refusal = (400,)
    return refusal
