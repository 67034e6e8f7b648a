# Who the device belongs to, as the data directory says: login.json holds the key that the browser
# makes of the password, with its salt; token the bearer token; claim the code from the label of a
# board. None of them is in a backup. The first password comes from whoever has the code; a key
# travels masked by what both sides know, the code or the old key. Loaded at start and for that.

import json
import os
from binascii import hexlify, unhexlify

from app import log
from micropython import const
from net.access import Access, same

NEEDS = ("app.login", "settings.files")

# About a second on a slow phone. Whoever hears a login has to do it for each password they try.
_ITERATIONS = const(20000)

_FILE_SIZE = const(512)
_BODY_SIZE = const(512)
_LOGIN = "/login.json"
_CODE = "/claim"
_ABOUT = '"claim_code":%s,"salt":"%s","iterations":%d'


def build(data_dir: str, host: str, port: int, name: str) -> Access:
    """The access by what the data directory holds, which gets a token if it has none."""
    access = Access(host, port)
    access.names = names(name, host)
    _read_key(access, data_dir)
    if access.key is None and not access.local and _claim_code(data_dir) is None:
        log.error("no password and no claim code: nobody can log in")
    access.token = _read(data_dir + "/" + "token").strip()
    if not 16 <= len(access.token) <= 128 or min(access.token) <= 32 or max(access.token) > 126:
        _renew_token(access, data_dir)
    return access


def names(name: str, host: str) -> tuple:
    """How a device of this name that listens on `host` may be called: by its name, also as mDNS
    has it, as localhost and by its address."""
    found = bytes([code if _is_plain(code) else 45 for code in name.lower().encode()])
    found = found.strip(b"-") or b"amprail"
    return found, found + b".local", b"localhost", host.encode()


# A letter, in lower case, or a digit. A character that was asked for would stay in memory.
def _is_plain(code):
    return 97 <= code <= 122 or 48 <= code <= 57


def _read(path):
    try:
        with open(path, "rb") as file:
            return file.read(_FILE_SIZE)
    except OSError:
        return b""


def _write(path, text):
    from settings.files import write_file

    try:
        write_file(path, (text,))
    except OSError as error:
        log.error("{} not written: {}".format(path, error))
        raise ValueError(507, b"", '"code":"not_written"')


def _renew_token(access, data_dir):
    access.token = hexlify(os.urandom(16))
    try:
        _write(data_dir + "/" + "token", access.token)
    except ValueError:
        pass  # it is good until the next start


# A file that says nothing makes a device that nobody can log in to, rather than one for anybody.
def _read_key(access, data_dir):
    try:
        os.stat(data_dir + _LOGIN)
    except OSError:
        _unclaimed(access, data_dir)
        return
    try:
        owner = json.loads(_read(data_dir + _LOGIN).decode())
        key, salt, iterations = [owner[name] for name in "key salt iterations".split()]
        key, salt = unhexlify(key), unhexlify(salt)
        if len(key) != 32 or len(salt) != 16 or not 1000 <= iterations <= 1000000:
            raise ValueError
    except (ValueError, KeyError, TypeError):
        log.error("login.json: broken: nobody can log in until it is removed")
        key, salt, iterations = os.urandom(32), bytes(16), _ITERATIONS
    _set_key(access, key, salt, iterations)


# What is said of a device without a password.
def _unclaimed(access, data_dir):
    needed = "false" if _claim_code(data_dir) is None else "true"
    access.key = None
    access.about = _ABOUT % (needed, hexlify(os.urandom(16)).decode(), _ITERATIONS)


# The code of the label without what people put between its letters; None without a file.
def _claim_code(data_dir):
    code = _read(data_dir + _CODE).lower()
    return bytes([code for code in code if _is_plain(code)]) or None


def _set_key(access, key, salt, iterations):
    access.key = key
    access.about = _ABOUT % ("false", hexlify(salt).decode(), iterations)


def forget(access, data_dir: str) -> None:
    """What the button does: no password, no session, another token. OSError."""
    try:
        os.remove(data_dir + _LOGIN)
    except OSError as error:
        if error.errno != 2:  # ENOENT
            raise
    _unclaimed(access, data_dir)
    access.sessions = []
    access.secrets = (os.urandom(16), os.urandom(16))
    _renew_token(access, data_dir)


async def answer(web, exchange) -> None:
    """Answers the claim and another password; ValueError as `net.guard.Guard` has it."""
    from app import login

    access = web.access
    first = exchange.path == b"/api/claim"
    fields = "nonce 16 salt 16 masked 32 check 32" + ("" if first else " proof 32")
    given = login.parsed(await exchange.body(_BODY_SIZE), fields)
    if first != (access.key is None):
        raise ValueError(409, b"", '"code":"claimed"' if first else '"code":"unclaimed"')
    key = (_claimed if first else _changed)(login, web, exchange, *given)
    salt = given[1]
    text = '{"key":"%s","salt":"%s","iterations":%d}\n'
    text %= (hexlify(key).decode(), hexlify(salt).decode(), _ITERATIONS)
    _write(web.data_dir + _LOGIN, text.encode())
    _set_key(access, key, salt, _ITERATIONS)
    access.sessions = []
    log.info("claimed by an owner" if first else "another password")
    await login.begin(access, exchange)


def _claimed(login, web, exchange, nonce, salt, masked, check):
    code = _claim_code(web.data_dir)
    if code is None and not web.access.local:
        raise ValueError(403, b"", '"code":"no_claim_code"')
    key = _seen(masked, login.hmac(code or b"", nonce, b"claim"))
    login.prove(web.access, exchange, key, nonce, b"claim", check, 401, '"code":"wrong_code"')
    return key


def _changed(login, web, exchange, nonce, salt, masked, check, proof):
    old = web.access.key
    login.prove(web.access, exchange, old, nonce, b"password", proof, 403)
    key = _seen(masked, login.hmac(old, nonce, b"mask"))
    if not same(login.hmac(key, nonce, b"password"), check):
        raise ValueError(400, b"", '"code":"body","expected":"check: an HMAC by the new key"')
    return key


def _seen(masked, mask):
    return bytes([masked[at] ^ mask[at] for at in range(32)])
