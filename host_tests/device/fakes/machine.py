# What boards use of MicroPython's `machine` on an ESP32, as small as it can be. It knows which
# pins a chip has and which only listen, and writes down what is done with them in `calls`.
#
# Data sheets: ESP32 4.1 (no 20, 24, 28 to 31; 6 to 11 are the flash; from 34 on inputs only),
# ESP32-S3 (no 22 to 25; 26 to 32 are the flash). `chip` has to be set first.

import sys

chip = "esp32"
calls = []
levels = {}
held = set()  # pins that somebody holds down
line = None  # what a UART is connected to: readinto, write
enable = None  # the pin that has to be high while it sends, and low while it listens

_PINS = {
    "esp32": set(range(6)) | set(range(12, 40)) - {20, 24, 28, 29, 30, 31},
    "esp32s3": set(range(22)) | set(range(33, 49)),
}
_INPUTS_ONLY = {"esp32": set(range(34, 40)), "esp32s3": set()}


def _check(number, output):
    if number not in _PINS[chip] or (output and number in _INPUTS_ONLY[chip]):
        raise ValueError("invalid pin: {}".format(number))


class Pin:
    IN = 1
    OUT = 3
    PULL_UP = 2

    def __init__(self, number, mode=-1, pull=-1, *, value=None):
        _check(number, mode == self.OUT)
        if pull == self.PULL_UP and number in _INPUTS_ONLY[chip]:
            raise ValueError("no pull-up at pin {}".format(number))
        self.number = number
        if value is not None:
            self(value)

    def __call__(self, value=None):
        if value is None:
            return 0 if self.number in held else 1
        levels[self.number] = value
        calls.append(("pin", self.number, value))


class UART:
    def __init__(self, number, **options):
        _check(options["tx"], True)
        _check(options["rx"], False)
        if number not in (1, 2):
            raise ValueError("UART {}".format(number))
        calls.append(("uart", number, options))

    def write(self, frame):
        assert enable is None or levels[enable] == 1, "sends with DE low"
        calls.append(("write", len(frame)))
        if line:
            line.write(frame)
        return len(frame)

    def flush(self):
        calls.append(("flush",))

    def readinto(self, view):
        assert enable is None or levels[enable] == 0, "listens with DE high"
        return line.readinto(view) if line else None

    def deinit(self):
        calls.append(("deinit",))


class WDT:
    def __init__(self, timeout):
        calls.append(("wdt", timeout))

    def feed(self):
        calls.append(("feed",))


# One device at the bus: registers of a byte each.
class I2C:
    registers = {}
    answers = True

    def __init__(self, number, *, sda, scl, freq, timeout):
        calls.append(("i2c", sda.number, scl.number))

    def _at(self, address):
        if not self.answers or address != 0x43:
            raise OSError(19)  # ENODEV

    def readfrom_mem(self, address, register, size):
        self._at(address)
        return bytes([self.registers.get(register, 0xFF)])

    def writeto_mem(self, address, register, content):
        self._at(address)
        self.registers[register] = content[0]


def reset():
    print("reset")
    sys.exit(0)
