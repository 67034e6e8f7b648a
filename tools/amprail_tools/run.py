"""The firmware on a real site, on this computer.

It reads the meter over a USB-RS485 dongle (--serial /dev/ttyUSB0) and sets the chargers of the
site over the network. Its page is at http://127.0.0.1:8080; with a password, which is set there,
--listen 0.0.0.0 opens it to the network. The settings, site.json and chargers.jsonl, are in the
folder --data; where there is no site.json yet, nothing is raised until the page has set the site
up. It ends after --seconds, by Ctrl-C or by SIGTERM; the chargers stay as told.
"""

import argparse
import errno
import json
import os
import signal
import socket
import stat
import threading
import time
from pathlib import Path

from amprail_tools import Failure, UserError, options, say, use_device_code
from amprail_tools.launch import Firmware, micropython_command

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--data", required=True, type=Path, metavar="DIR", help="folder with the settings"
    )
    parser.add_argument(
        "--serial", metavar="DEV", help="serial device of the meter; needed unless meter is null"
    )
    parser.add_argument(
        "--listen",
        type=options.address,
        default="127.0.0.1",
        metavar="ADDRESS",
        help="IPv4 address of this computer that the page listens on, 0.0.0.0 for all; other than "
        "the default only once the device has a password (default: %(default)s)",
    )
    options.add_firmware_options(parser)


def check(arguments: argparse.Namespace) -> None:
    """UserError if it cannot start, before anything is installed."""
    site = check_site(arguments.data)
    if arguments.serial or (site and site["meter"]):
        check_serial(arguments.serial)
    check_claimed(arguments.data, arguments.listen)
    check_port(arguments.port, arguments.listen)


def main(arguments: argparse.Namespace) -> int:
    from amprail_tools.build import build

    micropython_command(arguments.micropython)
    serial = arguments.serial and os.path.abspath(arguments.serial)
    # Kept open until the firmware has it open: a pty's other end may not bear to be left alone
    line = open_serial(serial) if serial else None
    firmware = Firmware(
        build(),
        arguments.data.resolve(),
        serial,
        arguments.port,
        arguments.heap or options.COMPUTER_HEAP_KB,
        arguments.micropython,
        listen=arguments.listen,
    )
    status = supervise(firmware, arguments.seconds, ready=lambda: line is None or os.close(line))
    return finish(firmware, status)


def finish(firmware: Firmware, status: dict | None, **more) -> int:
    """Prints the summary, more about it beside it, and returns the command's exit code."""
    print(json.dumps({**firmware.summary(status or {}), **more}), flush=True)
    if firmware.exit_code:
        say(f"the firmware ended with exit code {firmware.exit_code}")
        return 2 if firmware.exit_code == 2 else 1
    return 1 if status is None else 0


def supervise(
    firmware: Firmware, seconds: float | None, each_second=None, ready=None
) -> dict | None:
    """Runs the firmware for `seconds` after it is ready, or until a signal.

    Returns its last status, None if it failed. `ready()` is called when it is ready,
    `each_second(status)` about once a second.
    """
    ended = threading.Event()
    old = {number: signal.signal(number, lambda *_: ended.set()) for number in SIGNALS}
    try:
        firmware.start()
        if firmware.wait_ready(ended=ended):
            say(f"ready: http://{firmware.host}:{firmware.port}")
            if ready:
                ready()
        return _watch(firmware, seconds, ended, each_second)
    except Failure as error:
        say(str(error))
        return None
    finally:
        firmware.stop()
        for number, handler in old.items():
            signal.signal(number, handler)


def _watch(firmware: Firmware, seconds, ended: threading.Event, each_second) -> dict:
    status = {}
    end = time.monotonic() + (seconds or float("inf"))
    while not ended.wait(max(0.0, min(1.0, end - time.monotonic()))):
        if firmware.poll() is not None:
            raise Failure("the firmware ended by itself")
        status = _ask(firmware, status)
        if each_second:
            each_second(status)
        if time.monotonic() >= end:
            return status
    return _ask(firmware, status)


def _ask(firmware: Firmware, otherwise: dict) -> dict:
    try:
        return firmware.status(timeout_s=0.5)
    except (OSError, ValueError):
        return otherwise


def check_site(data: Path) -> dict | None:
    """The checked settings of the site, None without any yet; UserError if they are wrong."""
    if not data.is_dir():
        raise UserError(f"--data {data}: no such folder, expected one for the settings")
    if not (data / "site.json").exists():
        return None
    use_device_code()
    from settings.schema import SettingsError
    from settings.store import read_site

    try:
        return read_site(str(data))
    except (SettingsError, OSError) as error:
        raise UserError(f"{data / 'site.json'}: {error}") from None


def check_serial(device: str | None) -> None:
    """UserError unless there is such a device. Opening it is left to the end, and done once."""
    if not device:
        raise UserError("--serial DEV is missing: the meter in site.json needs it")
    if not os.path.exists(device):
        raise UserError(f"--serial {device}: no such device, expected a serial device")
    if not stat.S_ISCHR(os.stat(device).st_mode):
        raise UserError(f"--serial {device}: not a tty, expected a serial device")


def open_serial(device: str) -> int:
    """The opened device; UserError unless it is a tty that we may read and write."""
    try:
        file = os.open(device, os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
    except OSError as error:
        hint = " (its group, often dialout, may)" if error.errno == errno.EACCES else ""
        reason = error.strerror.lower()
        raise UserError(f"--serial {device}: {reason}, expected a serial device{hint}") from None
    if not os.isatty(file):
        raise UserError(f"--serial {device}: not a tty, expected a serial device")
    return file


def check_claimed(data: Path, listen: str) -> None:
    """UserError if others could ask a device that belongs to nobody yet."""
    claimed = any((data / name).exists() for name in ("login.json", "claim"))
    if not claimed and not listen.startswith("127."):
        raise UserError(
            f"--listen {listen}: the device has no password yet: start it without --listen, set "
            "one on its page, and start it again"
        )


def check_port(port: int, listen: str = "127.0.0.1") -> None:
    """UserError if the page cannot be served there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((listen, port))
        except OSError as error:
            if error.errno == errno.EADDRNOTAVAIL:
                reason = "not an address of this computer, expected one or 0.0.0.0"
                raise UserError(f"--listen {listen}: {reason}") from None
            reason = "in use" if error.errno == errno.EADDRINUSE else error.strerror.lower()
            raise UserError(f"--port {port}: {reason}, expected a free port") from None
