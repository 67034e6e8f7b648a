# Bernecker MPM3PM. Registers: mbmd; openWB (mpm3pm.py). Confidence: medium.

MAP = (
    4,  # function
    ((14, 12),),  # what is read: the first register and how many
    (14, 16, 18),  # currents
    ("uint32", (0, 1, 2, 3), 10, 1),  # as mA
    (20, 22, 24),  # powers
    ("int32", (0, 1, 2, 3), 1, 100),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((8, 6),),  # what is read once a minute, for the voltages
    (8, 10, 12),  # voltages
    ("uint32", (0, 1, 2, 3), 1, 10),  # as V
)
