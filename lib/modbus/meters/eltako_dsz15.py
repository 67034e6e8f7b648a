# Eltako DSZ15DZMOD / DSZ16DZE. Registers: mbmd (eltako.go); Tinkerforge bricklib2; Tinkerforge
# esp32-firmware (eltako.py). Confidence: medium.

MAP = (
    4,  # function
    ((6, 12),),  # what is read: the first register and how many
    (6, 8, 10),  # currents
    ("uint32", (0, 1, 2, 3), 10, 1),  # as mA
    (12, 14, 16),  # powers
    ("int32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((0, 6),),  # what is read once a minute, for the voltages
    (0, 2, 4),  # voltages
    ("uint32", (0, 1, 2, 3), 1, 100),  # as V
)
