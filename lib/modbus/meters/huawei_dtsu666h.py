# Huawei (Chint) DTSU666-H / DTSU666-HW. Registers: salakrzy translator; public observed map
# (file id 54372470975); the maker's protocol (Huawei handbook). Confidence: medium.

MAP = (
    3,  # function
    ((2102, 32),),  # what is read: the first register and how many
    (2102, 2104, 2106),  # currents
    ("float32", (0, 1, 2, 3), 1000, 1),  # as mA
    (2128, 2130, 2132),  # powers
    ("float32", (0, 1, 2, 3), 1, 1),  # as W
    (),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    (),  # the voltages are among what is read
    (2108, 2110, 2112),  # voltages
    ("float32", (0, 1, 2, 3), 1, 1),  # as V
)
