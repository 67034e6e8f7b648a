# Schneider Electric iEM3150/3155/3250/3255/3350/3355 (also 3455/3555). Registers: mbmd
# (iem3000.go); SmartEVSE; mbmap (iem3000); the maker's manual (DOCA0005EN-04). Confidence: high.

MAP = (
    3,  # function
    ((2999, 60),),  # what is read: the first register and how many
    (2999, 3001, 3003),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (3053, 3055, 3057),  # powers
    ("float32", (0, 1, 2, 3), 1000, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    (),  # the voltages are among what is read
    (3027, 3029, 3031),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
