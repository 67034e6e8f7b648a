# Carlo Gavazzi EM24-DIN (RS485). Registers: the maker's protocol (EM24 CP V4R0 + DS); Victron
# dbus-cgwacs (ac_sensor_updater); Tinkerforge esp32-firmware (carlo_gavazzi.py); mbmd; SmartEVSE
# (Phoenix C). Confidence: high.

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
