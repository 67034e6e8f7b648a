# Eastron SDM630-Modbus V1/V2 and SDM630MCT-V2: "SDM630 Modbus Protocol" V1.8 and V2.0, the same in
# Tinkerforge's sdm630_defs, mbmd and openWB. Currents and phase powers lie side by side. Currents
# are never negative: the direction is in the powers. Ex works it has 9600 8N1 and address 1.

FUNCTION = 4
START = 6
COUNT = 12

# Where the currents and then the powers of the three phases begin in the bytes of one read. Each
# is a float32, in A or W; ORDER is the byte of the highest value first (ABCD).
PLACES = (0, 4, 8, 12, 16, 20)
ORDER = (0, 1, 2, 3)

# The silence that it wants before a request (V2.0, section 3.3).
PAUSE_MS = 60
