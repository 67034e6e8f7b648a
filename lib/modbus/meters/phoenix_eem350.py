# Phoenix Contact EEM-350-D-MCB (EM24 clone). Registers: SmartEVSE; the maker's protocol (EM24
# CP). Confidence: medium.

MAP = (
    4,  # function
    ((12, 6), (18, 6)),  # what is read: the first register and how many
    (12, 14, 16),  # currents
    ("int32", (2, 3, 0, 1), 1, 1),  # as mA
    (18, 20, 22),  # powers
    ("int32", (2, 3, 0, 1), 1, 10),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((0, 6),),  # what is read once a minute, for the voltages
    (0, 2, 4),  # voltages
    ("int32", (2, 3, 0, 1), 1, 10),  # as V
)
