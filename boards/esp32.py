# What all ESP32 boards have in common, and what the firmware asks of a board. A board is
# boards/NAME/board.py: pins with their source, and one `board`. The computer, `linux`, is a module
# with the same names.
#
#   arguments()                           name of the serial line, port and address of the page
#   open_port(name, baud, parity, stop)   a port for modbus.rtu.Line: readinto, write, close;
#                                         OSError if it cannot be had
#   ended()                               a coroutine; returns when the program is to end
#   feed()                                feeds the watchdog, which the first call starts
#
# A board that is one has these too:
#
#   network()                             MicroPython's module for Wi-Fi
#   light(colour), pressed()              its LED and its button (app/panel.py)
#   show(state, reason, portal)           takes what the Wi-Fi does, for the LED
#
# None of them waits: the longest is the last 10 ms of a request on the line.

import asyncio

from machine import UART, WDT, Pin
from micropython import const

# Health feeds it once a second (app/health.py); the longest that keeps it from that is one
# signature check. It is the chip's task watchdog and outlives a soft reset.
_WATCHDOG_MS = const(10000)

# `uart.flush()` holds everybody up until the last bit is out; more than this is slept before it.
_FLUSH_MS = const(10)

_TX_BYTES = const(256)
_RX_BYTES = const(512)

# Of a WS2812: bright enough behind a front, and 10 mA.
_BRIGHT = const(24)


# The driver's direction by a pin (DE, with RE on the same or not): it has to fall before the
# meter answers, at the earliest 3.5 characters after the last bit, so somebody has to wait for
# that bit. The ESP32's UART knows RS485, but MicroPython does not say so to it (its issue 8966).
class _Port:
    def __init__(self, uart, enable, character_us):
        self._uart = uart
        self._enable = enable
        self._character_us = character_us
        self._sending = None

    def readinto(self, view) -> int | None:
        return self._uart.readinto(view)

    def write(self, frame) -> None:
        enable = self._enable
        if enable is None:
            self._put(frame)
            return
        self._end()
        enable(1)
        try:
            self._put(frame)
        except OSError:
            enable(0)
            raise
        on_wire_ms = len(frame) * self._character_us // 1000 + 1
        if on_wire_ms <= _FLUSH_MS:
            self._release()
        else:
            self._sending = asyncio.create_task(self._release_after(on_wire_ms - _FLUSH_MS))

    def close(self) -> None:
        self._end()
        self._uart.deinit()

    def _put(self, frame):
        if self._uart.write(frame) != len(frame):
            raise OSError("the line takes no bytes")

    async def _release_after(self, wait_ms):
        await asyncio.sleep_ms(wait_ms)
        self._sending = None
        self._release()

    def _release(self):
        try:
            self._uart.flush()
        except OSError:
            pass  # not out in its time: the answer will be missing, and says so
        finally:
            self._enable(0)

    # A line that is closed or asked again while a frame is still going out.
    def _end(self):
        sending, self._sending = self._sending, None
        if sending is not None:
            sending.cancel()
        if self._enable is not None:
            self._enable(0)


def pixel(pin: int):
    """`light` for one WS2812."""
    from neopixel import NeoPixel

    pixels = NeoPixel(Pin(pin, Pin.OUT), 1)

    def light(colour: int) -> None:
        pixels[0] = tuple([colour >> bit & 1 and _BRIGHT for bit in (2, 1, 0)])
        pixels.write()

    return light


def lamp(pin: int, on: int = 1):
    """`light` for a plain LED: any colour is on."""
    output = Pin(pin, Pin.OUT, value=1 - on)

    def light(colour: int) -> None:
        output(on if colour else 1 - on)

    return light


def button(pin: int):
    """`pressed` for a button to ground."""
    contact = Pin(pin, Pin.IN, Pin.PULL_UP)
    return lambda: not contact()


class Esp32:
    """A board. tx, rx: pins of the RS485 transceiver; enable: its DE, or None where it finds the
    direction by itself; light(colour): bits 4 red, 2 green, 1 blue; pressed(): bool."""

    def __init__(self, tx: int, rx: int, enable: int = None, light=None, pressed=None):
        self._tx = tx
        self._rx = rx
        self._enable = None if enable is None else Pin(enable, Pin.OUT, value=0)
        self._watchdog = None
        self.wifi = self.portal = None
        self.light = light or (lambda colour: None)
        self.pressed = pressed or (lambda: False)

    def arguments(self) -> tuple:
        return "rs485", 80, "0.0.0.0"

    def open_port(self, name: str, baud: int = 9600, parity: str = "N", stop: int = 1):
        kind = {"N": None, "E": 0, "O": 1}[parity]
        try:
            uart = UART(
                1,
                baudrate=baud,
                bits=8,
                parity=kind,
                stop=stop,
                tx=self._tx,
                rx=self._rx,
                txbuf=_TX_BYTES,
                rxbuf=_RX_BYTES,
                timeout=0,
                timeout_char=0,
            )
        except ValueError as error:
            raise OSError("{}: {}".format(name, error))
        bits = 9 + stop + (parity != "N")
        return _Port(uart, self._enable, bits * 1000000 // baud)

    def network(self):
        import network

        return network

    def show(self, state: int, reason: int, portal) -> None:
        self.wifi = state
        self.portal = portal

    async def ended(self) -> None:
        await asyncio.Event().wait()

    def feed(self) -> None:
        if self._watchdog is None:
            self._watchdog = WDT(timeout=_WATCHDOG_MS)
        self._watchdog.feed()
