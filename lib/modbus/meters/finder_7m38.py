# Finder 7M.38.8.400.0212 (7M.24 = 1 phase). Registers: mbmd (finder7m38.go); SmartEVSE; evcc;
# star.ke.st. Confidence: high.

MAP = (
    4,  # function
    ((2516, 20),),  # what is read: the first register and how many
    (2516, 2518, 2520),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (2530, 2532, 2534),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((2500, 6),),  # what is read once a minute, for the voltages
    (2500, 2502, 2504),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
