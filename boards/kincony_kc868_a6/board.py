# KinCony KC868-A6: ESP32 with 4 MB, RS485 that finds the direction by itself, on a rail. Not on a
# bench here yet. Source: devices.esphome.io/devices/kincony-kc868-a6 (RS485 TX 27, RX 14; relays
# behind a PCF8574, which stay as they are), which follows the vendor's pin list. Not confirmed:
# that the key S2 (download) is GPIO0, as on the vendor's KC868-A4. There is no LED of ours.

from boards.esp32 import Esp32, button

board = Esp32(tx=27, rx=14, pressed=button(0))
