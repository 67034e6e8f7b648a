"""A chip's ROM loader at the other end of a serial port, by esptool as a library.

What goes wrong becomes one line: UserError for what the user can mend (no port, no board in
download mode, another chip), Failure for what broke on the way (cable pulled, worn-out flash).
"""

import time
from contextlib import contextmanager

from amprail_tools import Failure, UserError, say
from amprail_tools.boards import Board

# ROM loaders start at the first; the stub that esptool loads goes on at the second. CH340, CP2102,
# CH9102 and the chip's own USB all manage that.
ROM_BAUD = 115200
BAUD = 460800

SHOW_EVERY_S = 2.0

HOW = "hold BOOT, press and let go RESET, let go BOOT, and try again"


class Loader:
    """mac: the chip's address; flash_bytes: the size of its flash."""

    def __init__(self, esp):
        self._esp = esp
        self.mac = ":".join(f"{byte:02x}" for byte in esp.read_mac())
        self.flash_bytes = 0

    def attach(self, board: Board) -> None:
        """Starts the stub; UserError if the chip is another or its flash cannot be read."""
        from esptool.cmds import attach_flash, detect_flash_size, run_stub
        from esptool.targets import CHIP_DEFS
        from esptool.util import flash_size_bytes

        wanted = CHIP_DEFS[board.chip].CHIP_NAME
        if self._esp.CHIP_NAME != wanted:
            found = self._esp.CHIP_NAME
            raise UserError(
                f"the chip is {found}, but {board.title} has {wanted}: another --board?"
            )
        self._esp = run_stub(self._esp)
        if self._esp.IS_STUB:
            self._esp.change_baud(BAUD)
        attach_flash(self._esp)
        size = detect_flash_size(self._esp)
        if size is None:
            raise UserError("the chip's flash does not say its size: is it connected?")
        self.flash_bytes = flash_size_bytes(size)

    def write(self, parts: list[tuple[int, bytes]]) -> None:
        """Writes them in order, then has all of them read back, and compares."""
        from esptool.cmds import verify_flash, write_flash

        stub = self._esp.IS_STUB
        for at, content in parts:
            write_flash(self._esp, [(at, content)], compress=True)
            self._esp.IS_STUB = stub  # which it forgets when it takes up a lost connection
        say("reading back ...")
        verify_flash(self._esp, parts)

    def read(self, at: int, size: int) -> bytes:
        from esptool.cmds import read_flash

        return read_flash(self._esp, at, size, no_progress=True)

    def restart(self) -> None:
        """Leaves the loader."""
        from esptool.cmds import reset_chip

        reset_chip(self._esp)


@contextmanager
def connected(port: str):
    """A Loader on the port; UserError and Failure for whatever happens inside."""
    _keep_quiet()  # first: parts of esptool take the logger when they are imported
    from esptool.cmds import detect_chip
    from esptool.util import FatalError
    from serial import SerialException

    esp = None
    try:
        esp = detect_chip(port, ROM_BAUD)
        yield Loader(esp)
    except SerialException as error:
        if esp is None:
            raise UserError(f"{port}: {_why(error)}") from None
        raise Failure(
            f"{port} is gone: cable pulled? Nothing is lost: plug in and try again"
        ) from None
    except OSError as error:
        raise Failure(f"{port} is gone ({error.strerror}): plug in and try again") from None
    except FatalError as error:
        if esp is None:
            raise UserError(f"{port}: {_why(error)}") from None
        raise Failure(f"{port}: {_line(error)}: plug in again and try again") from None
    finally:
        if esp is not None:
            esp._port.close()


def ports() -> list[str]:
    """Serial ports that a board can be behind: those on USB."""
    from serial.tools.list_ports import comports

    return sorted(found.device for found in comports() if found.vid is not None)


def _why(error):
    text = str(error)
    for part, reason in (
        ("No such file", "no such port"),
        ("Permission", "no permission: you have to be in the group dialout"),
        ("busy", "is in use by another program"),
        ("exclusively lock", "is in use by another program"),
    ):
        if part in text:
            return reason
    return f"no ESP32 answers ({_line(error)}): {HOW}"


def _line(error):
    return str(error).strip().splitlines()[0].rstrip(".")


# esptool speaks much, on stdout. Here it says how far it is.
def _keep_quiet():
    from esptool.logger import TemplateLogger, log

    class Progress(TemplateLogger):
        shown = 0.0

        def print(self, *args, **kwargs):
            if "Lost connection" in "".join(map(str, args)):
                say("the connection is lost: waiting 7 s for it to come back ...")

        def note(self, message):
            pass

        def warning(self, message):
            say(f"esptool: {message}")

        def error(self, message):
            say(f"esptool: {message}")

        def stage(self, finish=False):
            pass

        def set_verbosity(self, verbosity):
            pass

        def progress_bar(self, cur_iter, total_iters, prefix="", suffix="", bar_length=30):
            now = time.monotonic()
            if total_iters and (now - self.shown > SHOW_EVERY_S or cur_iter == total_iters):
                self.shown = now
                say(f"{prefix.strip()} {100 * cur_iter // total_iters} %")

    log.set_logger(Progress())
