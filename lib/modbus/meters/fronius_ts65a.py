# Fronius Fronius Smart Meter TS 65A-3 (CG EM530 family). Registers: otti/FroniusModbusRtu; the
# maker's protocol (EM300 CP table 2.4-2). Confidence: medium.

MAP = (
    3,  # function
    ((288, 34),),  # what is read: the first register and how many
    (290, 304, 318),  # currents
    ("int32", (2, 3, 0, 1), 1, 1),  # as mA
    (292, 306, 320),  # powers
    ("int32", (2, 3, 0, 1), 1, 10),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    (),  # the voltages are among what is read
    (288, 302, 316),  # voltages
    ("int32", (2, 3, 0, 1), 1, 10),  # as V
)
