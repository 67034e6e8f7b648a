# The settings of the Wi-Fi, wifi.json, which the page writes. They are in no backup: a network and
# the way in are of a place, not of an installation. This stands apart from `schema`, since it is
# loaded while everything runs, and nothing that is wrong may show the password.

import errno
import json

from micropython import const
from settings import strict
from settings.files import write_file
from settings.label import is_hostname, is_passphrase

_SIZE = const(1024)
KEYS = ("ssid", "password", "hostname", "fixed")
_FILE = "wifi.json"
_FIXED = ("address", "netmask", "gateway", "dns")


def check_wifi(given) -> dict:
    """`given` with the defaults filled in, unknown keys kept; ValueError with the key and what
    was expected.

    ssid 1 to 32 bytes; password "" (an open network) or 8 to 63 characters; hostname "" (as on the
    label) or a name for mDNS; fixed None (DHCP) or address, netmask, gateway and dns.
    """
    if not isinstance(given, dict):
        raise ValueError(_FILE + ": is not an object")
    ssid = given.get("ssid")
    if not isinstance(ssid, str) or not 1 <= len(ssid.encode()) <= 32 or "\0" in ssid:
        _refuse("ssid", "is not a text of 1 to 32 bytes")
    password = given.get("password", "")
    if not isinstance(password, str) or (password and not is_passphrase(password)):
        _refuse("password", "is neither empty nor 8 to 63 characters of ASCII")
    hostname = given.get("hostname", "")
    if not isinstance(hostname, str) or (hostname and not is_hostname(hostname)):
        _refuse("hostname", "is not a name of 1 to 32 of a..z, 0..9 and -, with - inside only")
    fixed = given.get("fixed")
    if fixed is not None:
        _check_fixed(fixed)
    whole = dict(given)
    whole.update({"password": password, "hostname": hostname, "fixed": fixed})
    return whole


def _refuse(key, wrong):
    raise ValueError("{}: {}: {}".format(_FILE, key, wrong))


def _check_fixed(fixed):
    if not isinstance(fixed, dict) or sorted(fixed) != sorted(_FIXED):
        _refuse("fixed", "is neither null nor an object with " + ", ".join(_FIXED))
    numbers = {}
    for key in _FIXED:
        numbers[key] = _numbers(fixed[key])
        if not numbers[key]:
            _refuse("fixed." + key, "is not an IPv4 address as 192.168.1.50")
    _check_network(numbers["address"], numbers["netmask"], numbers["gateway"])


# The four numbers of an address, None where it is none.
def _numbers(text):
    parts = text.split(".") if isinstance(text, str) else ()
    numbers = []
    for part in parts:
        if not part.isdigit() or len(part) > 3 or part != str(int(part)) or int(part) > 255:
            return None
        numbers.append(int(part))
    return numbers if len(numbers) == 4 else None


# 8 to 30 ones and then zeros; an address in it that is neither the network's nor everybody's.
def _check_network(address, netmask, gateway):
    bits = "".join(["{:08b}".format(part) for part in netmask])
    ones = bits.find("0")
    if "1" in bits[max(ones, 0) :] or not 8 <= ones <= 30:
        _refuse("fixed.netmask", "is not one as 255.255.255.0")
    host = "".join(["{:08b}".format(part) for part in address])[ones:]
    if "1" not in host or "0" not in host or not 1 <= address[0] < 224:
        _refuse("fixed.address", "is no address of a device with this netmask")
    for at in range(4):
        if address[at] & netmask[at] != gateway[at] & netmask[at]:
            _refuse("fixed.gateway", "is not in the network of the address")


def wanted(settings: dict) -> tuple:
    """What `app.wifi.Wifi` takes of checked settings: name, password or None, and what its driver
    takes for the address."""
    fixed = settings["fixed"]
    address = tuple([fixed[key] for key in _FIXED]) if fixed else "dhcp"
    return settings["ssid"], settings["password"] or None, address


def read_wifi(data_dir: str) -> dict | None:
    """wifi.json, checked; None where there is none. ValueError."""
    try:
        with open(data_dir + "/" + _FILE, "rb") as file:
            raw = file.read(_SIZE + 1)
    except OSError as error:
        if error.errno == errno.ENOENT:
            return None
        raise ValueError("{}: cannot be read: {}".format(_FILE, error))
    return parsed(raw)


def parsed(raw: bytes, former: dict | None = None) -> dict:
    """The checked settings in some JSON; a password of true is the `former` one. ValueError."""
    if len(raw) > _SIZE:
        raise ValueError("{}: is longer than {} bytes".format(_FILE, _SIZE))
    try:
        given = strict.loads(raw.decode())
    except ValueError as error:
        raise ValueError("{}: is not JSON in UTF-8: {}".format(_FILE, error))
    if isinstance(given, dict) and given.get("password") is True:
        given["password"] = (former or {}).get("password", "")
    return check_wifi(given)


def write_wifi(data_dir: str, settings: dict) -> None:
    """Writes checked settings; OSError, and the old ones stay."""
    write_file(data_dir + "/" + _FILE, (json.dumps(settings).encode(), b"\n"))
