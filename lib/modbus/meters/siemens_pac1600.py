# Siemens PAC1600 / 7KT1665, 7KT1666 (same map as Lovato DMG/DME). Registers: evcc
# (siemens-7kt1665); OpenEMS (PAC1600); openWB (lovato.py); Tinkerforge bricklib2 (dmed341).
# Confidence: medium.

MAP = (
    3,  # function
    ((7, 18),),  # what is read: the first register and how many
    (7, 9, 11),  # currents
    ("uint32", (0, 1, 2, 3), 1, 10),  # as mA
    (19, 21, 23),  # powers
    ("int32", (0, 1, 2, 3), 1, 100),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((1, 6),),  # what is read once a minute, for the voltages
    (1, 3, 5),  # voltages
    ("uint32", (0, 1, 2, 3), 1, 100),  # as V
)
