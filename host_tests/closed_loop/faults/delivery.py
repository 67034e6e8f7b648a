"""Carries setpoints and answers, as firmware/app/delivery.py does, in steps of 250 ms."""

from amprail_tools.virtual.delivery import (
    BACK_OFF_DOUBLINGS,
    BACK_OFF_MS,
    DEADLINE_MS,
    POLL_MS,
    REPEAT_MS,
    SETTLES_MS,
    WORKERS,
)
from balance import rows as bits

WRITE, CONFIRM, CURRENTS = range(3)


class Delivery:
    """One request at a time to each of `chargers`; `books` see all that the core is told."""

    def __init__(self, cycle, chargers, books, checks):
        self._rows = cycle.rows
        self._ledger = cycle.ledger
        self._chargers = chargers
        self._books = books
        self._checks = checks
        self._busy = {}  # index: (when it ends, kind, what the charger is told)
        self._due = [0] * len(chargers)
        self._turn = [False] * len(chargers)

    # Who restarts in the middle of a request does not know whether it arrived.
    def break_off(self, arrives, now_ms):
        """Ends without hearing any more answers."""
        for index, (_, kind, told) in self._busy.items():
            charger = self._chargers[index]
            if arrives and kind == WRITE and not charger.dead:
                charger.write(told, now_ms)

    def finish(self, now_ms, ran_ms):
        """Hands over the answers that have come; ran_ms: of the last cycle, from which on the core
        counts their age."""
        done = [index for index, request in self._busy.items() if request[0] <= now_ms]
        for index in done:
            _, kind, told = self._busy.pop(index)
            if self._chargers[index].dead:
                self._fail(index, now_ms)
            else:
                self._take(index, kind, told, now_ms, ran_ms)

    def start(self, now_ms):
        """Sends what is most urgent, as long as there are workers."""
        free = WORKERS - len(self._busy)
        failing = any(self._rows.failures[index] for index in self._busy)
        waiting = [index for index in range(len(self._chargers)) if self._ready(index, now_ms)]
        for index in sorted(waiting, key=self._rank):
            fails = self._rows.failures[index] > 0
            if free and not (fails and failing):
                failing |= fails
                free -= 1
                self._send(index, now_ms)

    def _ready(self, index, now_ms):
        if index in self._busy or not self._rows.flags[index] & bits.USABLE:
            return False
        return now_ms >= self._due[index] or self._rushes(index)

    def _rushes(self, index):
        rows = self._rows
        if rows.failures[index] or rows.refusals[index]:
            return False
        flags = rows.flags[index] & (bits.DIRTY | bits.KNOWN | bits.DISOBEYS)
        return flags == bits.DIRTY | bits.KNOWN

    def _rank(self, index):
        rows = self._rows
        flags = rows.flags[index]
        effect = rows.most_ma[index] - rows.set_ma[index]
        if flags & bits.CONFIRMED or not flags & bits.KNOWN:
            return (4, 0)
        if flags & bits.DIRTY:
            return (0, -effect) if effect > 0 else (2, 0)
        return (1, -effect) if effect > 0 else (3, 0)

    def _send(self, index, now_ms):
        rows = self._rows
        flags = rows.flags[index]
        kind = CONFIRM
        if flags & bits.KNOWN and flags & bits.DIRTY:
            kind = WRITE
        elif flags & bits.CONFIRMED and self._chargers[index].metered:
            self._turn[index] = not self._turn[index]
            if self._turn[index] and rows.state[index] in (2, 3):
                kind = CURRENTS
        charger = self._chargers[index]
        latency_ms = DEADLINE_MS if charger.dead else charger.latency_ms
        self._busy[index] = (now_ms + latency_ms, kind, rows.set_ma[index])

    def _take(self, index, kind, told, now_ms, ran_ms):
        charger = self._chargers[index]
        ledger = self._ledger
        pause_ms = POLL_MS
        self._books[index].answered(now_ms, ran_ms)
        if kind == WRITE:
            charger.write(told, now_ms)
            ledger.written(index, told)
            self._books[index].written(told)
            ledger.answered(index, self._rows.state[index])
            pause_ms = SETTLES_MS
        elif kind == CURRENTS:
            ledger.answered(index, self._rows.state[index])
            ledger.measured(index, charger.own_ma)
            self._books[index].measured(charger.own_ma, ran_ms)
            self._checks.measured(charger)
        else:
            ledger.answered(index, charger.state)
            self._books[index].reported(charger.state)
            ledger.read_back(index, charger.allowed_ma)
            self._books[index].read_back(charger.allowed_ma, now_ms)
            self._checks.read_back(charger)
            if self._rows.refusals[index]:
                disobeys = self._rows.flags[index] & bits.DISOBEYS
                pause_ms = REPEAT_MS if disobeys else BACK_OFF_MS
        self._due[index] = now_ms + pause_ms

    def _fail(self, index, now_ms):
        self._ledger.failed(index)
        self._books[index].failed()
        doublings = min(self._rows.failures[index] - 1, BACK_OFF_DOUBLINGS)
        self._due[index] = now_ms + (BACK_OFF_MS << doublings)
