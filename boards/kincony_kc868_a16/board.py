# KinCony KC868-A16: ESP32 with 4 MB, RS485 that finds the direction by itself, on a rail. Not on a
# bench here yet. Source: devices.esphome.io/devices/kincony-kc868-a16 (RS485 TX 13, RX 16), which
# follows the vendor's pin list. Not confirmed: that the key S2 (download) is GPIO0, as on the
# vendor's KC868-A4. There is no LED of ours.

from boards.esp32 import Esp32, button

board = Esp32(tx=13, rx=16, pressed=button(0))
