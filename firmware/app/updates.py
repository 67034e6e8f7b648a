# What version is installed and why the device started: GET /api/update. POST /api/update starts it
# again with what an update needs (`app.updater`) in the place of the page, for which there would
# be no memory: control goes on, and after ten minutes without an update the page is back. GET and
# PUT /api/update/key are the key by which the owner signs updates.

import json

from app import trial
from clock import sleep_ms
from micropython import const

NEEDS = ("app.trial", "update.signature", "settings.files")

# `Health.end`: start again at once. The answer has to be on its way by then.
_RESTART = const(3)
_ANSWERED_MS = const(500)
_KEY_SIZE = const(1024)
_BOOLEAN = ("false", "true")
_STATE = '{"version":"%s","slot":"%s","other":"%s","trial":%s,"ready":%s,"resets":[%s]}'
_JSON = b"Content-Type: application/json\r\nContent-Length: %d\r\n"


async def answer(web, exchange) -> None:
    """Answers one of the five; PUT /api/update with 409 unless that is what it was started for."""
    if exchange.path[-4:] == b"/key":
        await _key(web, exchange)
    elif exchange.method == b"GET":
        await _state(web, exchange)
    elif exchange.method == b"PUT":
        await _say(exchange, 409, '{"error":{"code":"update_unready"}}')
    elif web.code_dir[:-2] + "/data" != web.data_dir:
        await _say(exchange, 400, '{"error":{"code":"update_computer"}}')
    elif len(trial.read(web.data_dir)) > 1:
        await _say(exchange, 400, '{"error":{"code":"update_trial"}}')
    else:
        with open(web.data_dir + "/updating", "w"):  # noqa: ASYNC230
            pass
        await _say(exchange, 200, '{"restart":true}')
        await sleep_ms(_ANSWERED_MS)
        web.end(_RESTART)


async def _key(web, exchange):
    from update import signature

    if exchange.method == b"PUT":
        body = bytes(await exchange.body(_KEY_SIZE))
        try:
            signature.write_key(web.data_dir, body)
        except ValueError as error:
            text = '{"error":{"code":"update_key","text":%s}}'
            await _say(exchange, 400, text % json.dumps(str(error)))
            return
        await _say(exchange, 200, "{}")
        return
    try:
        pem = signature.read_key(web.data_dir)
    except (OSError, ValueError):
        raise ValueError(404)
    await exchange.answer(200, (pem,), b"Content-Type: application/x-pem-file\r\n")


async def _state(web, exchange):
    slot = web.code_dir[-1:]
    text = _STATE % (
        _version(web.code_dir),
        slot,
        _version(web.code_dir[:-1] + ("b" if slot == "a" else "a")),
        _BOOLEAN[len(trial.read(web.data_dir)) > 1],
        _BOOLEAN[web.snapshot is None],
        ",".join(trial.lines(web.data_dir)),
    )
    await _say(exchange, 200, text)


def _version(slot_dir):
    try:
        with open(slot_dir + "/manifest") as file:
            file.readline()
            return file.readline().strip()[8:]
    except (OSError, ValueError):
        return ""


async def _say(exchange, status, text):
    body = text.encode()
    await exchange.answer(status, (body,), _JSON % len(body))
