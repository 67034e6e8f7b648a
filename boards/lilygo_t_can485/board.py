# LILYGO T-CAN485: ESP32, MAX13487E. Not on a bench here yet.
# Source: github.com/Xinyuan-LilyGO/T-CAN485, libraries/private_library/t_can485_config.h (pins,
# BOOT at GPIO0) and examples/RS485/RS485.ino (levels: booster 16 high, SHDN 19 high, RE 17 high).
# MAX13487E data sheet: SHDN low is off; with RE high the driver's AutoDirection decides, so there
# is no DE. Not confirmed: the WS2812's order of colours. The vendor's ESPHome file inverts the
# three outputs and switches none of them on; this follows the example.

from boards.esp32 import Esp32, button, pixel
from machine import Pin

for _pin in (16, 19, 17):
    Pin(_pin, Pin.OUT, value=1)

board = Esp32(tx=22, rx=21, light=pixel(4), pressed=button(0))
