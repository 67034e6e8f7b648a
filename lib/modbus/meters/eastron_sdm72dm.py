# Eastron SDM72D-M V1 (no currents!). Registers: Tinkerforge esp32-firmware (sdm72dm_defs);
# Tinkerforge bricklib2 (meter_eastron.c); mbmd (sdm72.go); the maker's protocol (manual v1.5).
# Confidence: high.

MAP = "it measures no currents"
