"""How chargers ask who is there: HTTP Basic, and HTTP Digest as Tinkerforge's chargers do it."""

import base64
import hashlib
import os
import re

from .http_server import Reply, Request

REALM = "esp32-lib"


def basic(request: Request, user: str, password: str) -> bool:
    """Whether the request has these credentials."""
    told = base64.b64encode(f"{user}:{password}".encode()).decode()
    return request.headers.get("authorization") == f"Basic {told}"


# RFC 7616 with MD5 and qop=auth. What is checked is only that the response fits the numbers in
# the same header: neither nonce nor opaque nor uri nor nc (esp32-firmware, digest_auth.cpp).
def digest(request: Request, user: str, password: str) -> bool:
    """Whether the request answers a challenge with these credentials."""
    scheme, _, rest = request.headers.get("authorization", "").partition(" ")
    told = {name: a or b for name, a, b in re.findall(r'(\w+)=(?:"([^"]*)"|([^\s,]+))', rest)}
    if scheme != "Digest" or told.get("username") != user:
        return False
    secret = _md5(user, REALM, password)
    what = _md5(request.method, told.get("uri", ""))
    middle = [told.get(name, "") for name in ("nonce", "nc", "cnonce", "qop")]
    return told.get("response") == _md5(secret, *middle, what)


def challenge() -> Reply:
    """The 401 that asks for it."""
    nonce, opaque = os.urandom(16).hex(), os.urandom(16).hex()
    asked = f'Digest realm="{REALM}", qop="auth", nonce="{nonce}", opaque="{opaque}"'
    return Reply(401, headers=(("WWW-Authenticate", asked),))


def _md5(*parts):
    return hashlib.md5(":".join(parts).encode()).hexdigest()
