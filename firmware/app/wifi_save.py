# Other settings of the Wi-Fi, from the page: checked, written, then tried. Loaded for that.

import errno

from micropython import const
from settings.wifi import KEYS, parsed, read_wifi, wanted, write_wifi

# In steps of 500 ms: the answer goes out before the network may change.
_DELAY = const(3)


def save(wifi, raw: bytes) -> tuple:
    """Takes wifi.json as the page sends it; the status and what to answer."""
    try:
        settings = parsed(raw, _former(wifi.data_dir))
        write_wifi(wifi.data_dir, settings)
    except ValueError as error:
        return 400, {"error": _about(str(error))}
    except OSError as error:
        text = errno.errorcode.get(error.errno, str(error))
        return 507, {"error": {"code": "not_saved", "text": text}}
    wifi.apply(wanted(settings), _DELAY)
    name = settings["hostname"]
    return 200, {"restart": bool(name and name != wifi.hostname)}


def _former(data_dir):
    try:
        return read_wifi(data_dir)
    except ValueError:
        return None


# "wifi.json: fixed.dns: is not ..." in its parts.
def _about(text):
    text = text.partition(": ")[2]
    key, _, words = text.partition(": ")
    if key.partition(".")[0] not in KEYS:
        key, words = "", text
    return {"code": "setting", "key": key, "text": words}
