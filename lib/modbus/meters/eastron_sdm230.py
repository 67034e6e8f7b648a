# Eastron SDM230/SDM220-Modbus (1 phase). Registers: the maker's protocol (SDM230 (2 revisions));
# mbmd (sdm230.go/sdm220.go); nmakel sdm_modbus. Confidence: high.

MAP = (
    4,  # function
    ((6, 8),),  # what is read: the first register and how many
    (6,),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (12,),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    60,  # ms of silence before a request
    ((0, 2),),  # what is read once a minute, for the voltages
    (0,),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
