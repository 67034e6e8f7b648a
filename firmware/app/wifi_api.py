# What the page asks of the Wi-Fi, loaded for that and let go again.
#
#   GET  /api/wifi       how it is, what is set (the password as true) and what a scan found
#   POST /api/wifi/scan  looks for networks, for about 3 s
#
# A scan blocks whoever asks for it (ports/esp32/network_wlan.c), so that is a thread of its own,
# which does nothing else: the driver lets the others run meanwhile. The radio is away from its
# channel for that time, so requests to chargers take as much longer.

import _thread
import json

from app.wifi import CONNECTED, CONNECTING, DEAF, DRIVER, NO_ADDRESS, OFF, WAITING
from micropython import const

NEEDS = ()

_FIXED = ("address", "netmask", "gateway", "dns")

STATES = ("off", "connecting", "connected", "waiting")

# The problems by the reasons (`app.wifi`; ESP-IDF, esp_wifi_types.h). A wrong password mostly
# shows as a handshake that nobody ends, an access point that is too weak or gone as one that is
# not found. What is not here is "refused".
PROBLEMS = {
    8: "lost",
    15: "wrong_password",
    200: "lost",
    201: "no_network",
    202: "wrong_password",
    204: "wrong_password",
    212: "no_network",
    NO_ADDRESS: "no_address",
    DEAF: "lost",
    DRIVER: "driver",
}

_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"
_WEAK_DBM = const(-75)
_NETWORKS = const(20)
_FOR_SCAN = const(20)

# In steps of 500 ms: what was found is kept for a minute, a scan that does not end for half of
# one.
_FOUND = const(120)
_SCANNING = const(60)

# What `networks` is while a scan runs, and if it failed.
_RUNNING = ()
_FAILED = None


async def answer(web, exchange) -> None:
    """Answers; ValueError as `net.guard.Guard` has it."""
    wifi = web.wifi
    if not wifi:
        raise ValueError(404, b"", '"code":"no_wifi"')
    if exchange.path == b"/api/wifi/scan":
        status, said = _scan(wifi)
    else:
        status, said = 200, _shown(wifi)
    await exchange.answer(status, (json.dumps(said), "\n"), _JSON)


def _error(code, **about):
    about["code"] = code
    return {"error": about}


def _shown(wifi):
    connected = wifi.state == CONNECTED
    portal = wifi.portal
    return {
        "state": STATES[wifi.state],
        "problem": _problem(wifi),
        "reason": wifi.reason,
        "tries": wifi.tries,
        "lost": wifi.lost,
        "address": _address(wifi.station) if connected else None,
        "rssi_dbm": wifi.rssi if connected else None,
        "weak": connected and wifi.rssi < _WEAK_DBM,
        "hostname": wifi.hostname,
        "access_point": portal
        and {"ssid": portal.name, "address": portal.address, "stations": portal.stations()},
        "settings": _settings(wifi.wanted),
        "scan": _scan_state(wifi),
        "networks": found(wifi.networks) if wifi.networks else None,
    }


# None also in the first try.
def _problem(wifi):
    if wifi.state in (OFF, CONNECTED) or not wifi.tries:
        return None
    return PROBLEMS.get(wifi.reason, "refused")


def _scan_state(wifi):
    if not wifi.networks_left:
        return None
    if wifi.networks is _RUNNING:
        return "running"
    return "failed" if wifi.networks is _FAILED else "ended"


def _address(station):
    try:
        return station.ifconfig()[0]
    except OSError:
        return None


# As far as they are known without reading the file, which would take much memory.
def _settings(wanted):
    if not wanted:
        return None
    name, password, address = wanted
    fixed = None if address == "dhcp" else dict(zip(_FIXED, address))
    return {"ssid": name, "password": True if password else "", "fixed": fixed}


def _scan(wifi):
    if wifi.networks is _RUNNING and wifi.networks_left:
        return 409, _error("scanning")
    wifi.networks = _RUNNING
    wifi.networks_left = _SCANNING
    try:
        _settle(wifi)
        _thread.start_new_thread(_look, (wifi,))
    except (OSError, RuntimeError, MemoryError) as error:
        wifi.networks = _FAILED
        return 503, _error("no_scan", text=repr(error))
    return 202, {}


# The driver scans only between two tries.
def _settle(wifi):
    if wifi.state == CONNECTING:
        wifi.station.disconnect()
        wifi.state = WAITING
        wifi.left = _FOR_SCAN
    elif wifi.state == WAITING:
        wifi.left = max(wifi.left, _FOR_SCAN)
    wifi.station.active(True)


def _look(wifi):
    networks = _FAILED
    try:
        networks = wifi.station.scan()
    except Exception as error:
        print("scan:", repr(error))
    wifi.networks = networks
    wifi.networks_left = _FOUND


def found(networks) -> list:
    """Networks with a name that is text, the strongest of each, in that order, 20 at most."""
    best = {}
    for raw, _, channel, rssi, security, *_ in networks:
        try:
            name = bytes(raw).decode()
        except ValueError:
            continue
        if name and not name.startswith("\0") and (name not in best or best[name][0] < rssi):
            best[name] = (rssi, channel, security)
    names = sorted(best, key=lambda name: -best[name][0])[:_NETWORKS]
    rows = []
    for name in names:
        rssi, channel, security = best[name]
        row = {"ssid": name, "rssi_dbm": rssi, "channel": channel, "open": security == 0}
        rows.append(row)
    return rows
