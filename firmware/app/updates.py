# What version is installed and why the device started: GET /api/update. GET and PUT
# /api/update/key are the key by which the owner signs updates. Where there is too little memory
# for an update beside the page (`ready` is false), POST /api/update starts the device again with
# `app.updater` in its place: control goes on, and after ten minutes without an update the page is
# back.

import gc
import json

from app import start
from micropython import const

NEEDS = ("app.patience",)

# 8 KB in all: they come one by one, and go at once.
_BRIEFLY = ("app.trial", "update.signature", "update.slots", "settings.files")

_KEY_SIZE = const(1024)
_BOOLEAN = ("false", "true")
_STATE = '{"version":"%s","slot":"%s","other":%s,"key":%s,"trial":%s,"ready":%s,"resets":[%s]}\n'
_JSON = b"Content-Type: application/json\r\nCache-Control: no-cache\r\n"
_PEM = b"Content-Type: application/x-pem-file\r\nCache-Control: no-cache\r\n"

# What an update takes, beside what is there when it is asked whether there is room for one.
_UPDATE_BYTES = const(22 * 1024)


async def answer(web, exchange) -> None:
    """Answers all but the update itself; ValueError as `net.guard.Guard` has it."""
    try:
        if exchange.path[-4:] == b"/key":
            text, about = await _key(web, exchange), _PEM
        elif exchange.method == b"GET":
            text, about = _state(web), _JSON
        else:
            text, about = _start_without_page(web), _JSON
    finally:
        start.forget(*_BRIEFLY)
    await exchange.answer(200, (text,), about)


def _start_without_page(web):
    from app import patience
    from update import slots

    slots.check(web)
    with open(web.data_dir + "/updating", "w"):
        pass
    patience.restart(web)
    return '{"restart":true}\n'


async def _key(web, exchange):
    from update import signature

    if exchange.method == b"PUT":
        body = bytes(await exchange.body(_KEY_SIZE))
        try:
            signature.write_key(web.data_dir, body)
        except ValueError as error:
            text = '"code":"update_key","text":%s'
            raise ValueError(400, b"", text % json.dumps(str(error)))
        except OSError:
            raise ValueError(507, b"", '"code":"not_written"')
    try:
        return signature.read_key(web.data_dir)
    except (OSError, ValueError):
        raise ValueError(404, b"", '"code":"update_key"')


def _state(web):
    slot = web.code_dir[-1:]
    key = _fingerprint(web)
    start.forget(*_BRIEFLY)
    from update import slots

    other = _version(slots.other(web.code_dir)) or None
    slots = None
    start.forget(*_BRIEFLY)
    ready = web.snapshot is None or gc.mem_free() >= _UPDATE_BYTES
    from app import trial

    return _STATE % (
        _version(web.code_dir),
        slot,
        json.dumps(other),
        json.dumps(key),
        _BOOLEAN[not trial.proven(web.data_dir, slot)],
        _BOOLEAN[ready],
        ",".join(trial.lines(web.data_dir)),
    )


def _fingerprint(web):
    from update import signature

    try:
        return signature.fingerprint(signature.read_key(web.data_dir))
    except (OSError, ValueError):
        return None


def _version(slot_dir):
    try:
        with open(slot_dir + "/manifest") as file:
            file.readline()
            return file.readline().strip()[8:]
    except (OSError, ValueError):
        return ""
