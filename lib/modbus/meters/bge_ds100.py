# B+G e-tech B+G e-tech DS100 / YTL DEM4A. Registers: mbmd (ds100.go); evcc (bgetech-ds100);
# Tinkerforge bricklib2 (dem4a). Confidence: medium.

MAP = (
    3,  # function
    ((1040, 16),),  # what is read: the first register and how many
    (1040, 1042, 1044),  # currents
    ("int32", (0, 1, 2, 3), 1, 1),  # as mA
    (1050, 1052, 1054),  # powers
    ("int32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((1024, 6),),  # what is read once a minute, for the voltages
    (1024, 1026, 1028),  # voltages
    ("int32", (0, 1, 2, 3), 1, 1000),  # as V
)
