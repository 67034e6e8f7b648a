# What whoever visits the page has to know before a login: whether there is an owner, whether they
# are in, and a nonce for a proof (`app.login`). Every page asks for it, so it is small.

from binascii import hexlify
from os import urandom

from net.access import seal

NEEDS = ()

_JSON = b"Content-Type: application/json\r\nCache-Control: no-store\r\n"
_ABOUT = '{"claimed":%s,"open":%s,%s,"name":"%s","nonce":"%s","in":%s,"csrf":%s}\n'
_BOOLEAN = ("false", "true")


async def answer(web, exchange) -> None:
    """Answers `GET /api/login`."""
    access = web.access
    session = access.session(exchange)
    unclaimed = access.key is None
    chance = urandom(8)
    about = _ABOUT % (
        _BOOLEAN[not unclaimed],
        _BOOLEAN[unclaimed and access.local],
        access.about,
        access.names[0].decode(),
        hexlify(chance + seal(access.secrets[0], chance)).decode(),
        _BOOLEAN[session is not None],
        '"%s"' % session[1].decode() if session else "null",
    )
    await exchange.answer(200, (about,), _JSON)
