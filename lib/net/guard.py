# microdot has no bound on clients, time, lines or the number of headers: six silent clients stay
# for ever, one endless line takes the memory. So it never sees a socket here. This listener takes
# the clients, reads each head whole into a buffer of its own, refuses what is not HTTP or too
# much, and hands microdot a reader over what is there and a writer that gathers its many small
# writes into few packets. Every exchange ends its connection.

import asyncio
import errno
import socket

from clock import sleep_ms
from net.exchange import LINGER_MS, Exchange, Refused, refusal
from net.wire import Wire


class Guard:
    """The listener. `counts`: clients answered by microdot, refused, out of time, failed."""

    def __init__(self, app, clients: int = 3):
        self._app = app
        self._free = [Exchange() for _ in range(clients)]
        self._busy = []
        self._listener = None
        self._task = None
        self._stopped = False
        self.counts = {"served": 0, "refused": 0, "timeout": 0, "failed": 0}

    async def serve(self, host: str, port: int) -> None:
        """Answers clients until `stop` or its task's end; OSError where it cannot listen."""
        self._stopped = False
        self._task = asyncio.current_task()
        self._listener = Wire(_listening(host, port))
        try:
            while True:
                await self._accept()
        except asyncio.CancelledError:
            if not self._stopped:
                raise
        finally:
            self._listener.close()
            for exchange in self._busy:
                exchange.task.cancel()
                if not exchange.begun:  # a task that is cancelled before it runs never runs
                    exchange.close()

    def stop(self) -> None:
        """Ends `serve` and drops its clients."""
        self._stopped = True
        if self._task is not None:
            self._task.cancel()

    # Without a socket left every accept fails at once, so a failure is waited out.
    async def _accept(self) -> None:
        try:
            sock = await self._listener.accept()
        except (OSError, MemoryError):
            self.counts["failed"] += 1
            await sleep_ms(100)
            return
        try:
            if self._free:
                self._begin(self._free[-1], sock)
            else:
                await self._turn_away(sock)
        except MemoryError:
            self.counts["failed"] += 1
            sock.close()

    def _begin(self, exchange: Exchange, sock) -> None:
        exchange.begin(sock)
        exchange.task = asyncio.create_task(self._answer(exchange))
        self._busy.append(self._free.pop())

    async def _turn_away(self, sock) -> None:
        self.counts["refused"] += 1
        wire = Wire(sock, LINGER_MS)
        try:
            await wire.readinto(bytearray(512))
            await wire.write(refusal(503))
        except OSError:
            pass
        finally:
            wire.close()

    async def _answer(self, exchange: Exchange) -> None:
        exchange.begun = True
        try:
            await self._exchange(exchange)
        except OSError as error:
            self.counts["timeout" if error.errno == errno.ETIMEDOUT else "failed"] += 1
        except Exception:
            self.counts["failed"] += 1
        finally:
            exchange.close()
            self._busy.remove(exchange)
            self._free.append(exchange)

    async def _exchange(self, exchange: Exchange) -> None:
        status = 0
        try:
            await exchange.read_head()
            await self._app.handle_request(exchange, exchange)
            self.counts["served"] += 1
        except Refused as refused:
            status = refused.args[0]
            self.counts["refused"] += 1
        except OSError as error:
            if error.errno != errno.ETIMEDOUT or exchange.answering:
                raise
            status = 408
            self.counts["timeout"] += 1
        if status:
            await exchange.refuse(status)


async def serve(app, host: str, port: int, clients: int = 3) -> None:
    """Serves microdot's `app` on host:port for ever."""
    await Guard(app, clients).serve(host, port)


def _listening(host: str, port: int):
    sock = socket.socket()
    try:
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0][-1])
        sock.listen(5)
    except OSError:
        sock.close()
        raise
    return sock
