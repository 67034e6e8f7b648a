# Lovato DMG610 / DMED3xx. Registers: mbmd (dmg610.go); openWB (lovato.py); Tinkerforge bricklib2
# (meter_dmed341mid7er_def). Confidence: medium.

MAP = (
    4,  # function
    ((7, 18),),  # what is read: the first register and how many
    (7, 9, 11),  # currents
    ("int32", (0, 1, 2, 3), 1, 10),  # as mA
    (19, 21, 23),  # powers
    ("int32", (0, 1, 2, 3), 1, 100),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((1, 6),),  # what is read once a minute, for the voltages
    (1, 3, 5),  # voltages
    ("int32", (0, 1, 2, 3), 1, 100),  # as V
)
