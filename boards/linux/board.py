# A computer with a USB-RS485 dongle, or a pty in its place: MicroPython's Unix port.

import asyncio
import os
import select
import sys
import termios

from micropython import const

LISTEN = "127.0.0.1"

# <asm-generic/termbits.h>, as the speeds and flags below; MicroPython's termios lacks most.
_CS8_CREAD_CLOCAL = const(0o60 | 0o200 | 0o4000)
_PARENB = const(0o400)
_INPCK = const(0o20)
_TCSAFLUSH = const(2)
_VTIME = const(5)
_VMIN = const(6)

_IN_OUT = const(1 | 4)  # POLLIN and POLLOUT; what is above are errors
_OUT = const(4)

_CHARACTER_DEVICE = const(0o020000)
_FORMAT = const(0o170000)


# A tty as the line wants it: never blocks, and 0 from `readinto` once it is gone. With VMIN and
# VTIME 0 a read gives 0 bytes for "nothing there" as well as for "gone", so `poll` is asked first.
class _Port:
    def __init__(self, file):
        self._file = file
        self._poll = select.poll()
        self._poll.register(file, _IN_OUT)

    def readinto(self, view) -> int | None:
        try:
            for _, events in self._poll.ipoll(0):
                if events & ~_OUT:
                    return self._file.readinto(view) if events <= _IN_OUT else 0
        except OSError:
            return 0
        return None

    # A tty says POLLOUT while it has room for far more than a request (Linux: fewer than 256 bytes
    # wait), so the write cannot block then.
    def write(self, frame) -> None:
        for _, events in self._poll.ipoll(0):
            if events & _OUT and events <= _IN_OUT:
                if self._file.write(frame) == len(frame):
                    return
        raise OSError("the line takes no bytes")

    def close(self) -> None:
        try:
            self._file.close()
        except OSError:
            pass  # gone already


def open_port(name: str, baud: int = 9600, parity: str = "N", stop: int = 1):
    """The tty or pty `name` as a port for `modbus.rtu.Line`, raw, with nothing waiting in it.

    Raises OSError with the name in its text. The settings see to it that the line can be set.
    """
    speeds = {1200: 9, 2400: 11, 4800: 12, 9600: 13, 19200: 14, 38400: 15}
    speeds.update({57600: 0o10001, 115200: 0o10002})
    flags = {"N": 0, "E": _PARENB, "O": _PARENB | 0o1000}[parity] | {1: 0, 2: 0o100}[stop]
    speed = speeds[baud]
    file = None
    try:
        checked = _INPCK if flags & _PARENB else 0
        if _is_pty(name):
            flags &= ~_PARENB
        file = open(name, "r+b", 0)
        _set(file.fileno(), speed, flags, checked)
        return _Port(file)
    except OSError as error:
        if file:
            file.close()
        reasons = {2: "no such device", 13: "no permission", 25: "not a serial device"}
        reason = reasons.get(error.errno or 0) or "error %s" % error
        raise OSError("serial device %s: %s" % (name, reason)) from None


# MicroPython's `open` has no O_NONBLOCK, and a tty without CLOCAL blocks it until there is a
# carrier. Drivers start with CLOCAL, but another program may have cleared it; `stty` opens without
# waiting. It takes 2 ms, at an open only; a pty has no carrier and is spared. It has no parity
# either, and glibc takes asking for one and for nothing else new for an error.
def _is_pty(name):
    status = os.stat(name)
    if status[0] & _FORMAT != _CHARACTER_DEVICE:
        raise OSError(25)  # ENOTTY
    if status[2] == _file("/dev/pts")[1]:
        return True
    os.system("stty -F '%s' clocal 2>/dev/null" % name.replace("'", "'\\''"))
    return False


# The number and the device of a file, by which it is told from others.
def _file(path):
    try:
        return os.stat(path)[1:3]
    except OSError:
        return 0, 0


# Raw, 8 bits, no flow control; what waits in it is thrown away. A byte with the wrong parity is
# read as 0, so that it is no other byte. A pty keeps all but the parity.
def _set(fd, speed, flags, checked):
    settings = termios.tcgetattr(fd)
    settings[0] = checked
    settings[1] = settings[3] = 0
    settings[2] = speed | flags | _CS8_CREAD_CLOCAL
    settings[4] = settings[5] = speed
    settings[6][_VMIN] = settings[6][_VTIME] = 0
    termios.tcsetattr(fd, _TCSAFLUSH, settings)


def arguments() -> tuple:
    """The serial device's name or None, the port of the page and the address it listens on, from
    the command line."""
    given = sys.argv[3:6]
    serial = given[0] if given else None
    text = given[1] if len(given) > 1 else "8080"
    if not (text.isdigit() and 1 <= int(text) <= 65535):
        raise ValueError("port %s: expected 1 to 65535" % text)
    return serial or None, int(text), given[2] if len(given) > 2 else LISTEN


async def ended() -> None:
    """Returns when stdin is closed. /dev/null means that nobody is there who could close it."""
    if _file("/dev/stdin") == _file("/dev/null"):
        await asyncio.Event().wait()
    closed = select.poll()
    closed.register(sys.stdin, select.POLLIN)
    while not closed.poll(0) or sys.stdin.buffer.read(1):
        await asyncio.sleep_ms(100)


def feed() -> None:
    """Feeds the watchdog; a computer has none."""
