# Sinotimer Sinotimer DTS6619 / EARU EA777. Registers: SmartEVSE; cFos EA777 template (FC03).
# Confidence: medium.

MAP = (
    4,  # function
    ((3, 8),),  # what is read: the first register and how many
    (3, 4, 5),  # currents
    ("int16", (0, 1, 2, 3), 10, 1),  # as mA
    (8, 9, 10),  # powers
    ("int16", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((0, 3),),  # what is read once a minute, for the voltages
    (0, 1, 2),  # voltages
    ("int16", (0, 1, 2, 3), 1, 10),  # as V
)
