# Starts the Wi-Fi: before everything else, since its driver takes memory that Python, once it has
# it, never gives back (MicroPython issue 14421). Loaded for that and let go again.

from app import log
from app.wifi import Wifi
from settings.label import make_label, read_label
from settings.wifi import read_wifi, wanted

# What is loaded with this.
NEEDS = ("settings.files", "settings.label", "settings.strict", "settings.wifi")


def opened(board, data_dir: str):
    """The Wi-Fi of the board by what the data directory says. Whatever is wrong with it or with
    the driver is logged, and control starts without."""
    network = board.network()
    wifi = Wifi(board, network, data_dir)
    settings = _settings(data_dir)
    try:
        label = read_label(data_dir) or _new_label(data_dir, wifi.station.config("mac"))
        wifi.hostname = (settings or {}).get("hostname") or label[0]
        network.hostname(wifi.hostname)  # the driver answers mDNS by it
        wifi.station.active(True)
    except Exception as error:
        log.error("Wi-Fi: " + repr(error))
    if settings:
        wifi.apply(wanted(settings))
    return wifi


# A file that cannot be used makes a device to be set up anew, at its access point.
def _settings(data_dir):
    try:
        return read_wifi(data_dir)
    except ValueError as error:
        log.error(error)
        return None


# Shown to whoever has the board on a cable, and so all of it.
def _new_label(data_dir, mac):
    label = make_label(data_dir, mac)
    print("access point {}, password {}".format(*label))
    return label
