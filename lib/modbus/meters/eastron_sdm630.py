# Eastron SDM630-Modbus V1/V2 and SDM630MCT-V2: "SDM630 Modbus Protocol" V1.8 and V2.0, the same in
# Tinkerforge's sdm630_defs, mbmd and openWB. Currents and phase powers lie side by side. Currents
# are never negative: the direction is in the powers.

FUNCTION = 4
START = 6
COUNT = 12

# Where the three phases begin in the bytes of one read, and the type there; ORDER is the byte of
# the highest value first (ABCD).
CURRENT = (0, 4, 8)
POWER = (12, 16, 20)
TYPE = "float32"
ORDER = (0, 1, 2, 3)
MA_PER_UNIT = 1000
W_PER_UNIT = 1

# The line as it leaves the factory; the silence it wants before a request is V2.0, section 3.3.
BAUD = 9600
PARITY = "N"
STOP = 1
ADDRESS = 1
PAUSE_MS = 60
