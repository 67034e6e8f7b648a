# What few settings have, as in `tables`: a map of one's own for a meter, and a charger that is
# asked as the user says.

# A map: a value is its registers, times ten to the power of `exponent`, in A, W or V. What the
# kinds here mean is said in `special`; exact: a group in which no other key may be.
TABLES = {
    "map": b"""\
function ! one_of 3 4
max_registers 60 whole 2 125
pause_ms 0 whole 0 500 ms
current ! exact current
power - exact power
voltage - exact voltage
""",
    "current": b"""\
registers ! registers
type ! one_of "float32" "int32" "uint32" "int16" "uint16"
order "ABCD" one_of "ABCD" "CDAB" "BADC" "DCBA"
exponent 0 whole -6 0
""",
    "power": b"""\
registers ! registers
type ! one_of "float32" "int32" "uint32" "int16" "uint16"
order "ABCD" one_of "ABCD" "CDAB" "BADC" "DCBA"
exponent 0 whole -3 3
""",
    "voltage": b"""\
registers ! registers
type ! one_of "float32" "int32" "uint32" "int16" "uint16"
order "ABCD" one_of "ABCD" "CDAB" "BADC" "DCBA"
exponent 0 whole -4 3
""",
    "generic": b"""\
set ! requests
pause null ?requests
success "" text 32
status ! path
state ! text 60
states ! states
allowed ! text 60
allowed_per_a 1 one_of 1 10 100 1000
paused "" text 60
currents null ?three
currents_per_a 1 one_of 1 10 100 1000
step_ma 1000 whole 1 1000 mA
write_every_s 5 whole 0 60 s
""",
}
