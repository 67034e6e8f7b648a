# Carlo Gavazzi EM110/EM111/EM112, ET112 (1 phase). Registers: the maker's protocol (EM100/ET100
# CP rev 2.6 + EM112 DS); Victron dbus-cgwacs; Tinkerforge esp32-firmware; evcc (cg-emt1xx);
# mbmap (em111). Confidence: high.

MAP = (
    4,  # function
    ((2, 4),),  # what is read: the first register and how many
    (2,),  # currents
    ("int32", (2, 3, 0, 1), 1, 1),  # as mA
    (4,),  # powers
    ("int32", (2, 3, 0, 1), 1, 10),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    ((0, 2),),  # what is read once a minute, for the voltages
    (0,),  # voltages
    ("int32", (2, 3, 0, 1), 1, 10),  # as V
)
