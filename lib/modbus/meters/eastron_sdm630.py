# Eastron SDM630-Modbus V1/V2 and SDM630MCT-V2: "SDM630 Modbus Protocol" V1.8 and V2.0, the same in
# Tinkerforge's sdm630_defs, mbmd and openWB. Currents and phase powers lie side by side. Currents
# are never negative: the direction is in the powers. Ex works it has 9600 8N1 and address 1.
# Confidence: high.

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
