"""What a device says of parts that not every one has, as examples."""

WIFI = {
    "state": "connected",
    "problem": None,
    "weak": False,
    "rssi_dbm": -61,
    "address": "192.168.1.9",
    "settings": {"ssid": "House", "password": True, "fixed": None},
    "scan": "ended",
    "networks": [{"ssid": "House", "rssi_dbm": -61}, {"ssid": "Neighbour", "rssi_dbm": -80}],
}
UPDATE = {
    "version": "1.2.0",
    "slot": "a",
    "other": "1.1.0",
    "key": "8f14e45fceea167a5a36dedd4bea2543",
    "trial": False,
    "ready": False,
    "resets": [{"cause": "power_on", "slot": "a", "try": 1}, {"ended": 3, "uptime_s": 77}],
}
