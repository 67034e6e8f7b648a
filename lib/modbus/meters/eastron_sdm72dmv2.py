# Eastron SDM72DM-V2 (SDM72D-M V2). Registers: the maker's protocol (SDM72D-M-V2 manual v1.1);
# Tinkerforge esp32-firmware (sdm72dmv2_defs); Tinkerforge bricklib2; mbmd (sdm72v2.go); openWB
# (sdm.py). Confidence: high.

MAP = (
    4,  # function
    ((6, 12),),  # what is read: the first register and how many
    (6, 8, 10),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (12, 14, 16),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    60,  # ms of silence before a request
    ((0, 6),),  # what is read once a minute, for the voltages
    (0, 2, 4),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
