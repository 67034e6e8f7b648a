# A computer with a USB-RS485 dongle, or a pty in its place: MicroPython's Unix port.

import asyncio
import errno
import os
import select
import sys
import termios

LISTEN = "127.0.0.1"

# <asm-generic/termbits.h>; MicroPython's termios lacks most of these.
_SPEEDS = {1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15}
_SPEEDS.update({57600: 0o10001, 115200: 0o10002})
_CS8_CREAD_CLOCAL = 0o60 | 0o200 | 0o4000
_PARITIES = {"N": 0, "E": 0o400, "O": 0o1400}
_STOPS = {1: 0, 2: 0o100}
_TCSAFLUSH = 2
_VTIME = 5
_VMIN = 6

_CHARACTER_DEVICE = 0o020000
_REASONS = {
    errno.ENOENT: "no such device",
    errno.EACCES: "no permission",
    errno.EPERM: "no permission",
    errno.EIO: "the other side is gone",
    errno.ENODEV: "the hardware is gone",
    6: "no such device",  # ENXIO
    16: "in use by another program",  # EBUSY
    25: "not a serial device",  # ENOTTY
}


# A tty as the line wants it: never blocks, and 0 from `readinto` once it is gone. With VMIN and
# VTIME 0 a read gives 0 bytes for "nothing there" as well as for "gone", so `poll` is asked first.
class _Port:
    def __init__(self, file):
        self._file = file
        self._readable = select.poll()
        self._readable.register(file, select.POLLIN)
        self._writable = select.poll()
        self._writable.register(file, select.POLLOUT)

    def readinto(self, view) -> int | None:
        try:
            for _, events in self._readable.ipoll(0):
                return self._file.readinto(view) if events == select.POLLIN else 0
        except OSError:
            return 0
        return None

    # A tty says POLLOUT while it has room for far more than a request (Linux: fewer than 256 bytes
    # wait), so the write cannot block then.
    def write(self, frame) -> None:
        for _, events in self._writable.ipoll(0):
            if events == select.POLLOUT and self._file.write(frame) == len(frame):
                return
        raise OSError(errno.EIO, "the line takes no bytes")

    def close(self) -> None:
        self._file.close()


def open_port(name: str, baud: int = 9600, parity: str = "N", stop: int = 1):
    """The tty or pty `name` as a port for `modbus.rtu.Line`, raw, with nothing waiting in it.

    Raises OSError with the name in its text, and ValueError for a line that cannot be set.
    """
    if baud not in _SPEEDS or parity not in _PARITIES or stop not in _STOPS:
        raise ValueError(
            "line %s 8%s%s: expected 1200 to 115200, N, E or O, 1 or 2" % (baud, parity, stop)
        )
    try:
        _check(name)
        file = open(name, "r+b", 0)
        try:
            _set(file.fileno(), _SPEEDS[baud], _PARITIES[parity] | _STOPS[stop])
        except OSError:
            file.close()
            raise
    except OSError as error:
        reason = _REASONS.get(error.errno or 0) or "error %s" % error
        raise OSError("serial device %s: %s" % (name, reason)) from None
    return _Port(file)


# MicroPython's `open` has no O_NONBLOCK, and a tty without CLOCAL blocks it until there is a
# carrier. Drivers start with CLOCAL, but another program may have cleared it; `stty` opens without
# waiting. It takes 2 ms, at an open only; a pty has no carrier and is spared.
def _check(name):
    status = os.stat(name)
    if status[0] & 0o170000 != _CHARACTER_DEVICE:
        raise OSError(25)
    if status[2] != _device_of("/dev/pts"):
        os.system("stty -F '%s' clocal 2>/dev/null" % name.replace("'", "'\\''"))


def _device_of(path):
    try:
        return os.stat(path)[2]
    except OSError:
        return None


# Raw, 8 bits, no flow control; what waits in it is thrown away. A pty keeps all but the parity.
def _set(fd, speed, flags):
    settings = termios.tcgetattr(fd)
    settings[0] = settings[1] = settings[3] = 0
    settings[2] = speed | flags | _CS8_CREAD_CLOCAL
    settings[4] = settings[5] = speed
    settings[6][_VMIN] = settings[6][_VTIME] = 0
    termios.tcsetattr(fd, _TCSAFLUSH, settings)


def arguments() -> tuple:
    """The serial device's name or None, and the port of the page, from the command line."""
    serial = sys.argv[3] if len(sys.argv) > 3 else ""
    text = sys.argv[4] if len(sys.argv) > 4 else "8080"
    if not (text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError("port %s: expected 1 to 65535" % text)
    return serial or None, int(text)


async def ended() -> None:
    """Returns when stdin is closed. /dev/null means that nobody is there who could close it."""
    if _device_and_file("/dev/stdin") == _device_and_file("/dev/null"):
        await asyncio.Event().wait()
    stdin = asyncio.StreamReader(sys.stdin.buffer)
    while await stdin.read(1):
        pass


def _device_and_file(path):
    try:
        return os.stat(path)[1:3]
    except OSError:
        return None


def reset_cause() -> str:
    """Why the firmware was started; a computer does not know."""
    return "start"


def feed() -> None:
    """Feeds the watchdog; a computer has none."""
