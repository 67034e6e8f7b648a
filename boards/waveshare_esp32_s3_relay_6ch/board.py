# Waveshare ESP32-S3-Relay-6CH: ESP32-S3 with 8 MB, isolated RS485, on a rail. Not on a bench here
# yet. Source: Waveshare's demo for it, WS_GPIO.h (TXD1 17, RXD1 18, relays 1, 2, 41, 42, 45, 46,
# RGB 38, buzzer 21) and devices.esphome.io/devices/waveshare-6ch-relay (BOOT at GPIO0). No pin of
# theirs is a DE: the board finds the direction. Not confirmed: the order of the RGB LED's colours.
# The relays stay off; nothing here switches anything.

from boards.esp32 import Esp32, button, pixel
from machine import Pin

for _pin in (1, 2, 41, 42, 45, 46, 21):
    Pin(_pin, Pin.OUT, value=0)

board = Esp32(tx=17, rx=18, light=pixel(38), pressed=button(0))
