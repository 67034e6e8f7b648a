# What a charger wants to hear before it does what it is told: Basic and Digest (RFC 7617, RFC 7616
# with MD5, which is what chargers have) or a bare token. Loaded where a charger has a password.

import hashlib
from binascii import b2a_base64, hexlify

_HEADER = "Authorization: %s\r\n"
_DIGEST = (
    'Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s", qop=auth, '
    'nc=%08x, cnonce="%s", algorithm=MD5'
)
_MOST_COUNT = 0xFFFFFF


class _Plain:
    def __init__(self, value):
        self._header = (_HEADER % value).encode()

    def header(self, method: str, path: str) -> bytes:
        """The line of the head for a request, b"" for none."""
        return self._header

    def learn(self, challenge: bytes) -> bool:
        """Takes what came with a 401; whether another try makes sense."""
        return False


def basic(charger: dict):
    """User and password, for a checked line of chargers.jsonl."""
    pair = "%s:%s" % (charger.get("user", ""), charger.get("password", ""))
    return _Plain("Basic " + b2a_base64(pair.encode()).decode().strip())


def token(charger: dict):
    """The token and nothing else."""
    return _Plain(charger.get("token") or charger.get("password"))


class _Digest:
    def __init__(self, user, password):
        self._user = user
        self._password = password
        self._realm = self._nonce = self._opaque = ""
        self._count = 0

    def header(self, method: str, path: str) -> bytes:
        if not self._nonce:
            return b""
        self._count = self._count + 1 if self._count < _MOST_COUNT else 1
        own = _md5("%d:%s" % (self._count, self._password))[:16]
        who = _md5("%s:%s:%s" % (self._user, self._realm, self._password))
        what = _md5("%s:%s" % (method, path))
        proof = "%s:%s:%08x:%s:auth:%s" % (who, self._nonce, self._count, own, what)
        parts = (self._user, self._realm, self._nonce, path, _md5(proof), self._count, own)
        value = _DIGEST % parts
        if self._opaque:
            value += ', opaque="%s"' % self._opaque
        return (_HEADER % value).encode()

    def learn(self, challenge: bytes) -> bool:
        nonce = _quoted(challenge, b"nonce")
        fresh = challenge[:7].lower() == b"digest " and nonce not in ("", self._nonce)
        if fresh:
            self._nonce = nonce
            self._realm = _quoted(challenge, b"realm")
            self._opaque = _quoted(challenge, b"opaque")
            self._count = 0
        return fresh


def digest(charger: dict):
    """User and password, which never leave in clear."""
    return _Digest(charger.get("user", ""), charger.get("password", ""))


def _md5(text):
    return hexlify(hashlib.md5(text.encode()).digest()).decode()


# A value of a challenge. One that is longer than any charger's, or not plain, is not repeated.
def _quoted(challenge, name):
    at = (b" " + challenge.replace(b",", b" ")).find(b" " + name + b'="')
    if at < 0:
        return ""
    begin = at + len(name) + 2
    value = challenge[begin : challenge.find(b'"', begin)]
    if not 1 <= len(value) <= 100 or min(value) < 32 or max(value) > 126 or b"\\" in value:
        return ""
    return value.decode()
