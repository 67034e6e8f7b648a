# Carlo Gavazzi EM330/EM340/EM341, ET330/ET340. Registers: the maker's protocol (EM300/ET300 CP
# rev 2.6 + EM340 DS); Victron dbus-cgwacs; Tinkerforge esp32-firmware; mbmd (carlogavazzi-
# ex3x0); OpenEMS (EM300); openWB; SmartEVSE; mbmap (em340). Confidence: high.

MAP = (
    4,  # function
    ((12, 12),),  # what is read: the first register and how many
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
