# Chint DDSU666 (1-phase). Registers: dingo35/SmartEVSE-3.5 meter.cpp (Chint 1P); salakrzy issue
# #7 listing. Confidence: medium.

MAP = (
    3,  # function
    ((8194, 4),),  # what is read: the first register and how many
    (8194,),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (8196,),  # powers
    ("float32", (0, 1, 2, 3), 1000, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((8192, 2),),  # what is read once a minute, for the voltages
    (8192,),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
