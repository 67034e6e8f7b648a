# The chargers beside their rows in the deciding core. Packed into arrays: an object with a dict of
# ten attributes would be 0.4 KB each.

from array import array

from clock import add_ms, diff_ms, now_ms
from micropython import const

_NOTES = const(8)

# As `told_ma`: nobody knows what the charger was told last.
UNKNOWN_MA = const(0xFFFF)


class Chargers:
    """Up to `capacity` chargers: who they are, where, their driver, when it is their turn.

    The indices are those of the rows. A driver of None is a row that is only reserved: always
    busy. `due` are stamps; `told_ma`: what it was told last, rounded down to its step; `arming`:
    the next step of looking after its watchdog, from 1, or 0; `watchdog_s`: when that runs out, as
    in the settings; `secrets`: what those want to hear that have a password.
    """

    def __init__(self, capacity: int = 64):
        self.ids = bytearray(capacity)
        self.drivers = []
        self.busy = bytearray(capacity)
        self._names = b""
        self._name_ends = array("H", (0,))
        self._hosts = bytearray(4 * capacity)
        self._ports = array("H", bytes(2 * capacity))
        self._notes = memoryview(bytearray(_NOTES * capacity))
        self.due = array("i", bytes(4 * capacity))
        self.told_ma = array("H", b"\xff" * 2 * capacity)
        self.arming = bytearray(capacity)
        self.secrets = {}
        self.watchdog_s = bytearray(capacity)
        self._written = array("i", bytes(4 * capacity))

    def add(self, id_: int, name: str, driver, host: str = "", port: int = 0) -> None:
        """`name` as JSON, not empty; `host` an IPv4 address."""
        self.drivers.append(None)
        self._name_ends.append(len(self._names))
        self.put(len(self.drivers) - 1, id_, name, driver, host, port)

    def put(self, index: int, id_: int, name: str, driver, host: str = "", port: int = 0) -> None:
        """The same in the place of one that is there, which must not be served meanwhile."""
        ends = self._name_ends
        begin, end = ends[index], ends[index + 1]
        self._names = self._names[:begin] + name.encode() + self._names[end:]
        longer = len(self._names) - ends[-1]
        for at in range(index + 1, len(ends)):
            ends[at] += longer
        self.ids[index] = id_
        self.drivers[index] = driver
        self.busy[index] = driver is None
        self._ports[index] = port
        self.due[index] = self._written[index] = now_ms()
        self.arm(index)
        at = 4 * index
        for part in host.split(".") if host else ():
            self._hosts[at] = int(part)
            at += 1

    def name(self, index: int) -> str:
        """Its name as JSON; "" for a row that is nobody's any more."""
        return self._names[self._name_ends[index] : self._name_ends[index + 1]].decode()

    def address(self, index: int) -> tuple:
        """Host and port."""
        hosts = self._hosts
        at = 4 * index
        parts = hosts[at], hosts[at + 1], hosts[at + 2], hosts[at + 3]
        return "%d.%d.%d.%d" % parts, self._ports[index]

    def notes(self, index: int):
        """The bytes in which its driver remembers what it has found out."""
        return self._notes[_NOTES * index : _NOTES * (index + 1)]

    def arm(self, index: int) -> None:
        """Its watchdog is to be looked after from the first step on."""
        if self.drivers[index]:
            self.arming[index] = min(self.drivers[index].ARM_STEPS, 1)

    def wrote(self, index: int, ma: int) -> None:
        """It has been told `ma` now."""
        self.told_ma[index] = ma
        self._written[index] = now_ms()

    def left_ms(self, index: int, every_ms: int) -> int:
        """How long until `every_ms` are over since it was told something; 0 if they are."""
        age_ms = diff_ms(now_ms(), self._written[index])
        return every_ms - age_ms if 0 <= age_ms < every_ms else 0

    def wait(self, index: int, ms: int) -> None:
        """Its next turn is in `ms`."""
        self.due[index] = add_ms(now_ms(), ms)
