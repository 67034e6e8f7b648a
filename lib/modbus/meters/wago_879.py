# WAGO 879-3000/3001/3020/3021/3040. Registers: mbmd (wago87930.go); SmartEVSE; evcc; mbmap
# (879-3000). Confidence: high.

MAP = (
    3,  # function
    ((20492, 14),),  # what is read: the first register and how many
    (20492, 20494, 20496),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (20500, 20502, 20504),  # powers
    ("float32", (0, 1, 2, 3), 1000, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((20482, 6),),  # what is read once a minute, for the voltages
    (20482, 20484, 20486),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
