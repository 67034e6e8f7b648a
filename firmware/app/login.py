# Logging in and out, and proofs that somebody knows the password, which itself never comes here.
# The browser makes a key of it (PBKDF2 with HMAC-SHA256, RFC 8018), and proves by an HMAC (RFC
# 2104) over a nonce of ours that it has it. Loaded when somebody asks for it and let go again
# (`app.web`), so what stays is in `net.access`, and what a page asks first in `app.visit`.
#
# Nobody can use up the nonces, since none is kept: a nonce is random and carries what only we can
# have made of it. The secret for that is renewed each minute, the one before is good for another,
# and a right proof ends all nonces: what was heard on the way is good for nothing.
#
# Wrong proofs make who gave them wait, by address, so that somebody who tries passwords locks
# nobody else out. When too many addresses try, those that are new wait together.

import hashlib
from binascii import hexlify, unhexlify
from json import loads
from os import urandom

from app import log
from clock import add_ms, diff_ms, now_ms
from micropython import const
from net.access import same, seal

NEEDS = ()

_WAITERS = const(8)
_FREE_TRIES = const(3)
_MOST_TRIES = const(7)  # the last wait is 1 << 7 - 3: 16 s
_BODY_SIZE = const(512)
_SESSIONS = const(4)  # of four the one that was not used for longest ends for another one
_JSON = b"Content-Type: application/json\r\nCache-Control: no-store\r\n"
_COOKIE = b"%sSet-Cookie: %s%s; Path=/; HttpOnly; SameSite=Strict%s\r\n"
_WRONG = '"code":"wrong_password"'


def hmac(key: bytes, *parts) -> bytes:
    """HMAC-SHA256 of the parts one after the other; a key has up to 64 bytes."""
    key += bytes(64 - len(key))
    for pad in (0x36, 0x5C):
        digest = hashlib.sha256(bytes([byte ^ pad for byte in key]))
        for part in parts:
            digest.update(part)
        parts = (digest.digest(),)
    return parts[0]


def confirm(access, exchange) -> None:
    """ValueError unless `X-Nonce` and `X-Proof` prove the password freshly, if there is one."""
    if access.key is not None:
        try:
            nonce = unhexlify(exchange.header(b"x-nonce"))
            proof = unhexlify(exchange.header(b"x-proof"))
        except (ValueError, TypeError):
            raise ValueError(403, b"", '"code":"confirm"')
        prove(access, exchange, access.key, nonce, b"confirm", proof, 403)


def prove(access, exchange, key, nonce, text, proof, status=401, code=_WRONG) -> None:
    """ValueError unless `nonce` is fresh and `proof` the HMAC of it and `text`."""
    tries = _tries(access, exchange.address)
    left_s = (diff_ms(tries[1], now_ms()) + 999) // 1000
    if tries[0] >= _FREE_TRIES and left_s > 0:
        error = '"code":"throttled","wait_s":%d' % left_s
        raise ValueError(429, b"Retry-After: %d\r\n" % left_s, error)
    seals = [seal(secret, nonce[:8]) for secret in access.secrets]
    if not (same(seals[0], nonce[8:]) | same(seals[1], nonce[8:])):
        raise ValueError(status, b"", '"code":"nonce"')
    if not same(hmac(key, nonce, text), proof):
        raise ValueError(status, b"", '%s,"wait_s":%d' % (code, _count(tries)))
    access.secrets = (urandom(16), urandom(16))
    tries[0] = 0


# How often an address was wrong, and when it may try again. The Unix port gives a sockaddr.
def _tries(access, peer):
    who = peer[0] if isinstance(peer, tuple) else bytes(peer[4:8])
    wrong = access.wrong
    for other in list(wrong):
        if wrong[other][0] <= 0:
            del wrong[other]
    if who not in wrong and len(wrong) >= _WAITERS:
        who = None
    return wrong.setdefault(who, [0, 0])


# Gives the seconds until the next try counts.
def _count(tries):
    tries[0] = min(tries[0] + 1, _MOST_TRIES)
    wait_s = 1 << tries[0] - _FREE_TRIES if tries[0] >= _FREE_TRIES else 0
    tries[1] = add_ms(now_ms(), 1000 * wait_s)
    if tries[0] == _FREE_TRIES:
        log.warning("wrong passwords, the next try in 1 s")
    return wait_s


async def answer(web, exchange) -> None:
    """Answers the routes of the login; ValueError as `net.guard.Guard` has it."""
    access = web.access
    session = access.session(exchange)
    if exchange.path == b"/api/logout":
        if session:
            access.sessions.remove(session)
        end = _COOKIE % (_JSON, access.cookie, b"", b"; Max-Age=0")
        await exchange.answer(200, ("{}\n",), end)
        return
    nonce, proof = parsed(await exchange.body(_BODY_SIZE), "nonce 16 proof 32")
    if access.key is None:
        raise ValueError(409, b"", '"code":"unclaimed"')
    prove(access, exchange, access.key, nonce, b"login", proof)
    await begin(access, exchange)


# `fields`: names and numbers of bytes in one text, since short texts stay in memory as names.
def parsed(raw, fields: str) -> list:
    """The values of these fields, bytes, of a JSON object of hex; ValueError."""
    names = fields.split()
    raw = bytes(raw)
    try:
        if raw.count(b"{") != 1 or raw.count(b"[") > 0:  # 400 lists in lists would take 40 KB
            raise ValueError
        given = loads(raw.decode())
        if len(given) != len(names) // 2:
            raise ValueError
        return [_unhex(given[names[at]], int(names[at + 1])) for at in range(0, len(names), 2)]
    except (ValueError, KeyError, TypeError):
        error = '"code":"body","expected":"fields and their bytes in hex: %s"' % fields
        raise ValueError(400, b"", error)


def _unhex(text, size):
    found = unhexlify(text)
    if len(found) != size or not isinstance(text, str):
        raise ValueError
    return found


# Never the session that the browser came with: somebody else may have put it there.
async def begin(access, exchange) -> None:
    """Answers with a new session in the place of the browser's old one."""
    sessions = access.sessions
    old = access.session(exchange)
    if old is None and len(sessions) == _SESSIONS:
        old = max(sessions, key=lambda session: session[2])
    if old:
        sessions.remove(old)
    cookie, csrf = hexlify(urandom(16)), hexlify(urandom(16))
    sessions.append([cookie, csrf, 0, 0])
    text = b'{"csrf":"%s"}\n' % csrf
    await exchange.answer(200, (text,), _COOKIE % (_JSON, access.cookie, cookie, b""))
