# Other settings of the Wi-Fi, from the page: checked, written, then tried. A password of true
# keeps the one there is. Loaded for that.

import errno
import json

from micropython import const
from settings.wifi import KEYS, parsed, read_wifi, wanted, write_wifi

NEEDS = ("settings.files", "settings.label", "settings.strict", "settings.wifi")

_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"

# In steps of 500 ms: the answer goes out before the network may change.
_DELAY = const(3)


async def answer(web, exchange) -> None:
    """Answers; ValueError as `net.guard.Guard` has it."""
    if not web.wifi:
        raise ValueError(404, b"", '"code":"no_wifi"')
    status, said = _save(web.wifi, bytes(await exchange.body()))
    await exchange.answer(status, (json.dumps(said), "\n"), _JSON)


# Takes wifi.json as the page sends it; the status and what to answer.
def _save(wifi, raw):
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
