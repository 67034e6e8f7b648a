# TQ-Systems B-control EM300, KOSTAL KSEM, TQ EM410/EM420 (OBIS map). Registers: OpenEMS
# (bcontrol.em300); evcc (kostal-ksem (SunSpec)); cFos KSEM template; KOSTAL interface
# description (header). Confidence: medium.

MAP = (
    3,  # function
    ((40, 24), (80, 24), (120, 24)),  # what is read: the first register and how many
    (60, 100, 140),  # currents
    ("uint32", (0, 1, 2, 3), 1, 1),  # as mA
    (40, 80, 120),  # powers
    ("uint32", (0, 1, 2, 3), 1, 10),  # as W
    (42, 82, 122),  # powers into the grid, where they are apart
    0,  # ms of silence before a request
    (),  # the voltages are among what is read
    (62, 102, 142),  # voltages
    ("uint32", (0, 1, 2, 3), 1, 1000),  # as V
)
