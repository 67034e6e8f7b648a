# Who may ask. Each request passes here, in one place, with the mark of its route: it names a host
# that is this device, and it carries the cookie of a session, with the session's CSRF token to
# change something, or the bearer token. How sessions come about is in `app.login`,
# which is loaded for that and let go again.
#
# Ages are counted in minutes: a stamp that nobody compared for days would look young again.

import hashlib
import os

from micropython import const

# Marks of routes, by their letters. OPEN: anybody. VIEW: as USER, but where nobody has claimed a
# computer anybody on it. USER: a session or the bearer token. CONFIRM: USER with a fresh
# proof of the password, for limits of the installation.
OPEN = const(79)
VIEW = const(86)
USER = const(85)
CONFIRM = const(67)

_KNOWN = b"UVC"  # what needs somebody who is known
_IDLE_MIN = const(60)
_LONGEST_MIN = const(24 * 60)

# A session: what its cookie says, its CSRF token, minutes since it was used and since it began.
_COOKIE = const(0)
_CSRF = const(1)
_IDLE = const(2)
_AGE = const(3)


def same(one: bytes, other: bytes) -> bool:
    """Whether they are equal, in a time that tells nothing of where they differ."""
    if len(one) != len(other):
        return False
    differ = 0
    for at in range(len(one)):
        differ |= one[at] ^ other[at]
    return not differ


def seal(secret: bytes, chance: bytes) -> bytes:
    """What only the holder of a secret can add to a random number: 8 bytes."""
    return hashlib.sha256(secret + chance).digest()[:8]


class Access:
    """The owner's secrets in memory, and the sessions.

    `key` is None until the device is claimed, `about` the salt and iterations that belong to it,
    as JSON. `names`: how the device may be called; 0.0.0.0: by any address; `own`: and how
    besides, whatever the settings say. `wrong` and
    `secrets` are of `app.login`: who has given wrong passwords, and what nonces are made of.
    """

    def __init__(self, host: str, port: int):
        self.local = host == "127.0.0.1"  # only this computer can ask
        self.cookie = b"amprail%d=" % port  # a browser sends cookies to every port of a host
        self.names = self.own = ()
        self.key = None
        self.about = ""
        self.token = b""
        self.sessions = []
        self.wrong = {}
        self.secrets = (os.urandom(16), os.urandom(16))

    def tick(self) -> None:
        """Once a minute: what has become too old ends."""
        for session in list(self.sessions):
            session[_IDLE] += 1
            session[_AGE] += 1
            if session[_IDLE] >= _IDLE_MIN or session[_AGE] >= _LONGEST_MIN:
                self.sessions.remove(session)
        self.secrets = (os.urandom(16), self.secrets[0])
        for tries in self.wrong.values():
            tries[0] -= 1

    # A page of a foreign name that was made to resolve to this device (DNS rebinding) says the
    # foreign name. A page at a bare address can only be the host that has it.
    def calls_us(self, exchange) -> bool:
        """Whether the request is for this device."""
        host = (exchange.header(b"host") or b"").lower().partition(b":")[0]
        if b"0.0.0.0" in self.names and host.replace(b".", b"").isdigit():
            return True
        return host in self.names or host in self.own

    def admit(self, exchange, mark: int) -> None:
        """ValueError for a request that is not for this device or may not use such a route. What
        CONFIRM wants besides is looked at by `app.login.confirm`."""
        if not self.calls_us(exchange):
            raise ValueError(421, b"", '"code":"host"')
        if mark == OPEN or (mark == VIEW and self.key is None and self.local):
            return
        bearer = exchange.header(b"authorization")
        session = self.session(exchange) if bearer is None else None
        if session:
            csrf = exchange.header(b"x-csrf") or b""
            if exchange.method != b"GET" and not same(csrf, session[_CSRF]):
                raise ValueError(403, b"", '"code":"csrf"')
            session[_IDLE] = 0
        elif not bearer or bearer[:7].lower() != b"bearer " or not same(bearer[7:], self.token):
            raise ValueError(401, b"WWW-Authenticate: Bearer\r\n", '"code":"login"')
        if mark not in _KNOWN:
            raise ValueError(403, b"", '"code":"mark"')

    def given(self, exchange, name: bytes) -> bytes:
        """The value of the cookie `name=`, b"" without it or where there are two."""
        pairs = b"; " + (exchange.header(b"cookie") or b"") + b";"
        at = pairs.find(b" " + name) + 1
        if not at or pairs.find(b" " + name, at) >= 0:
            return b""
        return pairs[at + len(name) : pairs.find(b";", at)]

    def session(self, exchange):
        """The session that the request is of, or None."""
        given = self.given(exchange, self.cookie)
        found = None
        for session in self.sessions:
            if same(given, session[_COOKIE]):
                found = session
        return found
