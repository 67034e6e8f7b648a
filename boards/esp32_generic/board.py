# Any ESP32 module on a breadboard with a MAX485 (or MAX3485, at 3.3 V): DI to GPIO17, RO to
# GPIO16, DE and RE together to GPIO4, the button that every development board has at GPIO0, its
# blue LED at GPIO2 (some have none). A MAX485 runs at 5 V: 1 kohm and 2 kohm at RO, as a divider.
# Not for modules with PSRAM (WROVER): there GPIO16 and 17 are the memory's.
# Source: Espressif, ESP32 Hardware Design Guidelines (strapping pins 0, 2, 5, 12, 15), and
# ESP32-DevKitC V4 (BOOT at GPIO0). The LED at GPIO2 is custom, not a document.

from boards.esp32 import Esp32, button, lamp

board = Esp32(tx=17, rx=16, enable=4, light=lamp(2), pressed=button(0))
