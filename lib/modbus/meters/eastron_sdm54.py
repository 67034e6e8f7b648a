# Eastron SDM54 series. Registers: mbmd (sdm54.go); evcc (eastron-sdm54). Confidence: medium.

MAP = (
    4,  # function
    ((6, 12),),  # what is read: the first register and how many
    (6, 8, 10),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (12, 14, 16),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    60,  # ms of silence before a request
    ((0, 6),),  # what is read once a minute, for the voltages
    (0, 2, 4),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
