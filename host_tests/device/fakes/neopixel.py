# One WS2812 and more, as frozen into MicroPython for the ESP32.

import machine


class NeoPixel:
    def __init__(self, pin, count):
        self.pin = pin
        self.colours = [(0, 0, 0)] * count

    def __setitem__(self, at, colour):
        self.colours[at] = colour

    def write(self):
        machine.calls.append(("pixel", self.pin.number, self.colours[0]))
