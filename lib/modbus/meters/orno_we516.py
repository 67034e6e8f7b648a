# ORNO OR-WE-516 / OR-WE-517. Registers: mbmd (orno3p.go); evcc (orno (comset 8E1)); mbmap (or-
# we-516); esphome devices. Confidence: medium.

MAP = (
    3,  # function
    ((22, 14),),  # what is read: the first register and how many
    (22, 24, 26),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (30, 32, 34),  # powers
    ("float32", (0, 1, 2, 3), 1000, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((14, 6),),  # what is read once a minute, for the voltages
    (14, 16, 18),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
