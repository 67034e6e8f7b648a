# Janitza Janitza B23/B24 (Modbus variant). Registers: mbmd (janitza.go); evcc (janitza).
# Confidence: medium.

MAP = (
    3,  # function
    ((19012, 14),),  # what is read: the first register and how many
    (19012, 19014, 19016),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (19020, 19022, 19024),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((19000, 6),),  # what is read once a minute, for the voltages
    (19000, 19002, 19004),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
