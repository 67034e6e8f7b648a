# What is said to a charger: which request is next, what is in it, and the exchange itself. The
# delivery says when, and takes what comes of it.

from app.chargers import UNKNOWN_MA
from balance.bookings import FAILURES_UNREACHABLE
from balance.rows import CONFIRMED, DIRTY, DISOBEYS, KNOWN
from chargers.fields import squeeze
from micropython import const
from net.http_client import Client

# Kinds of requests. REPEAT: the setpoint again, for a watchdog; ARM: looking after that.
WRITE = const(0)
CONFIRM = const(1)
POLL = const(2)
ARM = const(3)
REPEAT = const(4)

# What a charger says beyond this is taken out of its reply, but what its driver wants to keep.
_REPLY_SIZE = const(1024)

# How often it is looked whether a charger's watchdog is still armed, in polls.
_POLLS_ARMED = const(250)


def connections(count: int) -> list:
    """What requests take of memory: make it while that is in one piece."""
    return [Client(_REPLY_SIZE, squeeze) for _ in range(count)]


class Messenger:
    """Speaks to `chargers` over connections as `connections` makes them; `requests` counts."""

    def __init__(self, rows, ledger, chargers, clients: list):
        self._rows = rows
        self._ledger = ledger
        self._chargers = chargers
        self._clients = clients
        self._turns = bytearray(rows.capacity)
        self.requests = 0

    # One that cannot be reached is only asked until it answers: a write that it took and whose
    # answer was lost would put off its watchdog.
    def kind(self, index: int, told: int) -> int:
        """What this charger is to hear now; `told`: its setpoint."""
        chargers = self._chargers
        flags = self._rows.flags[index]
        driver = chargers.drivers[index]
        if not flags & KNOWN or self._rows.failures[index] >= FAILURES_UNREACHABLE:
            return CONFIRM
        if flags & DIRTY:
            if chargers.told_ma[index] != told - told % driver.STEP_MA or flags & DISOBEYS:
                return WRITE
            self._ledger.written(index, told)
            return CONFIRM
        if not flags & CONFIRMED:
            return CONFIRM
        if chargers.arming[index]:
            return ARM
        every_ms = driver.REPEAT_MS
        return REPEAT if every_ms and not chargers.left_ms(index, every_ms) else POLL

    # One coroutine for all of it: each one more that waits takes 0.3 KB, four times.
    async def carry(self, index: int, kind: int, told: int, number: int, answer) -> None:
        """One exchange, or all that a setpoint takes, on connection `number`; fills `answer`.
        HttpError, and ValueError for what makes no sense."""
        answer.clear()
        chargers = self._chargers
        driver = chargers.drivers[index]
        notes = chargers.notes(index)
        writes = kind == WRITE or kind == REPEAT
        told -= told % driver.STEP_MA
        if writes:
            chargers.told_ma[index] = UNKNOWN_MA
        step = tries = 0
        request = driver.write(told, notes, 0) if writes else self._request(index, kind)
        while request is not None:
            status = await self._client(number).request(*self._about(index, request), driver.KEEP)
            tries += 1
            if status == 401 and tries == 1 and self._learns(index, number):
                continue
            if status == 401:
                raise ValueError("user, password or token are refused (401)")
            driver.read(request, status, self._clients[number].body, answer, notes)
            step += 1
            tries = 0
            request = driver.write(told, notes, step) if writes else None
        if writes:
            chargers.wrote(index, told)

    def _client(self, number):
        self.requests += 1
        return self._clients[number]

    # What the client wants to know of a request.
    def _about(self, index, request):
        chargers = self._chargers
        host, port = chargers.address(index)
        method, path, body = request
        secret = chargers.secrets.get(index)
        headers = secret.header(method, path) if secret else b""
        return host, port, method, path, body, headers, chargers.drivers[index].DEADLINE_MS

    def _learns(self, index, number):
        secret = self._chargers.secrets.get(index)
        return secret and secret.learn(self._clients[number].challenge)

    # Phase currents are of interest while a car draws; without one the state is enough.
    def _request(self, index, kind):
        chargers = self._chargers
        driver = chargers.drivers[index]
        notes = chargers.notes(index)
        if kind == ARM:
            return driver.arm(notes, self._rows.reserve_ma[index], chargers.arming[index] - 1)
        if kind == POLL and self._asks_currents(index):
            return driver.poll(notes)
        return driver.confirm(notes)

    # In turn with the state, since the state tells that the car has gone.
    def _asks_currents(self, index):
        turns = self._turns[index] = (self._turns[index] + 1) % _POLLS_ARMED
        if not turns:
            self._chargers.arm(index)
        return turns & 1 and self._ledger.draws(index)
