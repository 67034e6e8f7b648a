# ABB B23/B24 (EQ), A43/A44; B21 1-phase. Registers: Victron dbus-modbus-client (abb.py); mbmd
# (abb.go); openWB (b23.py); SmartEVSE; mbmap (b23-b24); the maker's manual. Confidence: high.

MAP = (
    3,  # function
    ((23308, 16),),  # what is read: the first register and how many
    (23308, 23310, 23312),  # currents
    ("uint32", (0, 1, 2, 3), 10, 1),  # as mA
    (23318, 23320, 23322),  # powers
    ("int32", (0, 1, 2, 3), 1, 100),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((23296, 6),),  # what is read once a minute, for the voltages
    (23296, 23298, 23300),  # voltages
    ("uint32", (0, 1, 2, 3), 1, 10),  # as V
)
