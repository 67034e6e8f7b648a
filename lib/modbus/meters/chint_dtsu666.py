# Chint DTSU666 (3-phase). Registers: the maker's protocol (dtsu666_series); mbmd (dtsu666.go);
# SmartEVSE; elfabriceu/DTSU666-Modbus; salakrzy translator. Confidence: high.

MAP = (
    3,  # function
    ((8204, 14),),  # what is read: the first register and how many
    (8204, 8206, 8208),  # currents
    ("float32", (0, 1, 2, 3), 1, 1),  # as mA
    (8212, 8214, 8216),  # powers
    ("float32", (0, 1, 2, 3), 1, 10),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((8198, 6),),  # what is read once a minute, for the voltages
    (8198, 8200, 8202),  # voltages
    ("float32", (0, 1, 2, 3), 1, 10),  # as V
)
