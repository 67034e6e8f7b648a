# Siemens SENTRON PAC2200 (RS485 variant). Registers: Tinkerforge esp32-firmware (siemens.py);
# mbmd (pac2200.go); openWB (siemens_sentron); OpenEMS (PAC2200); mbmap (sentron-pac-2200).
# Confidence: high.

MAP = (
    3,  # function
    ((13, 18),),  # what is read: the first register and how many
    (13, 15, 17),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (25, 27, 29),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((1, 6),),  # what is read once a minute, for the voltages
    (1, 3, 5),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
