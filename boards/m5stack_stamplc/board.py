# M5Stack StamPLC: ESP32-S3 with 8 MB, RS485 with DE at GPIO46, on a rail. Not on a bench here yet.
# Source: m5stack/M5StamPLC on GitHub, src/pin_config.h (485: TX 0, RX 39, DIR 46; I2C: SDA 13,
# SCL 15) and src/M5StamPLC.cpp (DIR is the UART's RTS in half duplex: high is sending; status
# light on the expander's pins 6 red, 5 green, 4 blue, low: on, off by high impedance); M5Unified,
# PI4IOE5V6408 (address 0x43, registers 3 direction, 5 output, 7 high impedance, 15 input).
# GPIO0 is the line's TX here, so the front's keys A, B, C serve as the button. Not confirmed: that
# they are the expander's pins 0 to 2, low when pressed.

from boards.esp32 import Esp32
from machine import I2C, Pin
from micropython import const

_EXPANDER = const(0x43)
_DIRECTION = const(3)
_OUTPUT = const(5)
_HIGH_IMPEDANCE = const(7)
_INPUT = const(15)

_LIGHTS = const(0x70)
_KEYS = const(0x07)

_i2c = I2C(0, sda=Pin(13), scl=Pin(15), freq=400000, timeout=2000)


def _set(register, bits, mask):
    kept = _i2c.readfrom_mem(_EXPANDER, register, 1)[0] & ~mask
    _i2c.writeto_mem(_EXPANDER, register, bytes((kept | bits,)))


# An expander that does not answer takes LED and keys, and nothing else.
def _light(colour: int) -> None:
    try:
        _set(_HIGH_IMPEDANCE, _LIGHTS & ~(colour << 4), _LIGHTS)
    except OSError:
        pass


def _pressed() -> bool:
    try:
        return _i2c.readfrom_mem(_EXPANDER, _INPUT, 1)[0] & _KEYS != _KEYS
    except OSError:
        return False


try:
    _set(_HIGH_IMPEDANCE, _LIGHTS, _LIGHTS)
    _set(_OUTPUT, 0, _LIGHTS)
    _set(_DIRECTION, _LIGHTS, _LIGHTS | _KEYS)
except OSError:
    pass

board = Esp32(tx=0, rx=39, enable=46, light=_light, pressed=_pressed)
