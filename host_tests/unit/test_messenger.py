# What is said to a charger, and when it is written to. Over real sockets, to a charger that notes
# what it is asked.

from app.chargers import UNKNOWN_MA, Chargers
from app.messenger import ARM, CONFIRM, POLL, REPEAT, WRITE, Messenger, connections
from both import run
from chargers import secrets
from chargers.answer import Answer
from clock import sleep_ms
from core import C, Site
from net.http_client import HttpError
from peer import listen, read_request


HEAP = "192K"  # the core, sockets and what stands for a charger


class Brand:
    """A driver with the peculiarities that a test wants."""

    AUTH = ""
    STEP_MA = 1000
    WRITE_EVERY_MS = 0
    DEADLINE_MS = 2000
    SETTLES_MS = 10
    KEEP = ()

    def __init__(self, steps=1, repeat_ms=0, arm_steps=0):
        self.steps = steps
        self.REPEAT_MS = repeat_ms
        self.ARM_STEPS = arm_steps

    def write(self, ma, notes, step):
        return ("POST", "/set", b"%d" % ma) if step < self.steps else None

    def confirm(self, notes):
        return "GET", "/state", None

    def poll(self, notes):
        return "GET", "/currents", None

    def arm(self, notes, fallback_ma, step):
        return "GET", "/arm%d" % step, None

    def read(self, request, status, body, answer, notes):
        if status != 200:
            raise ValueError("status")
        if request[1] == "/state":
            answer.allowed_ma = int(bytes(body))


def charger(brand, port=80, allowed=6000, secret=None):
    site = Site()
    index = site.add(C, allowed)
    chargers = Chargers(4)
    if secret:
        chargers.secrets[0] = secret
    chargers.add(1, '"x"', brand, "127.0.0.1", port)
    site.ledger.written(index, allowed)
    chargers.wrote(0, allowed - allowed % brand.STEP_MA)
    return site, chargers, Messenger(site.rows, site.ledger, chargers, connections(1))


def heads(requests):
    return [request.split(b" HTTP/")[0] for request in requests]


async def _carried(brand, told, answers, kind=WRITE, secret=None):
    requests = []

    async def behave(reader, writer):
        requests.append(await read_request(reader))
        writer.write(answers[min(len(requests), len(answers)) - 1])
        await writer.drain()

    server, port = await listen(behave)
    _, chargers, messenger = charger(brand, port, secret=secret)
    answer = Answer()
    try:
        await messenger.carry(0, kind, told, 0, answer)
        error = None
    except (HttpError, ValueError) as reason:
        error = reason
    server.close()
    await sleep_ms(10)
    return requests, chargers.told_ma[0], error, messenger.requests


async def _a_while():
    await sleep_ms(5)


OK = b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\n0"
DENIED = b"HTTP/1.1 401 no\r\nContent-Length: 0\r\n%s\r\n"
CHALLENGE = b'WWW-Authenticate: Digest qop="auth", realm="esp32-lib", nonce="AbC", opaque="Xy"\r\n'


def test_a_current_is_rounded_down_to_what_the_charger_takes():
    requests, told, error, _ = run(_carried(Brand(), 7999, [OK]))
    assert requests[0].endswith(b"\r\n\r\n7000") and told == 7000 and error is None


def test_what_rounds_to_the_same_is_not_written_again():
    site, chargers, messenger = charger(Brand(), allowed=6000)
    site.ledger.tell(0, 6900)
    assert messenger.kind(0, 6900) == CONFIRM
    assert messenger.kind(0, 6900) == CONFIRM
    site.ledger.tell(0, 7000)
    assert messenger.kind(0, 7000) == WRITE
    chargers.told_ma[0] = UNKNOWN_MA
    site.ledger.tell(0, 6900)
    assert messenger.kind(0, 6900) == WRITE


def test_a_setpoint_may_take_several_requests():
    requests, told, _, _ = run(_carried(Brand(steps=3), 6000, [OK]))
    assert heads(requests) == [b"POST /set"] * 3 and told == 6000


def test_a_setpoint_of_which_a_part_failed_is_written_again():
    failed = b"HTTP/1.1 500 no\r\nContent-Length: 0\r\n\r\n"
    requests, told, error, _ = run(_carried(Brand(steps=3), 6000, [OK, failed]))
    assert len(requests) == 2 and told == UNKNOWN_MA and isinstance(error, ValueError)


def test_a_watchdog_is_fed_when_it_is_time_and_looked_after_before():
    _, chargers, messenger = charger(Brand(repeat_ms=1, arm_steps=2))
    assert messenger.kind(0, 6000) == ARM
    chargers.arming[0] = 0
    run(_a_while())
    assert messenger.kind(0, 6000) == REPEAT
    _, _, messenger = charger(Brand(repeat_ms=60000))
    assert messenger.kind(0, 6000) == POLL


def test_one_that_cannot_be_reached_is_only_asked():
    site, _, messenger = charger(Brand(repeat_ms=1, arm_steps=2))
    site.ledger.tell(0, 16000)
    assert messenger.kind(0, 16000) == WRITE
    for _ in range(3):
        site.ledger.failed(0)
    assert messenger.kind(0, 16000) == CONFIRM


def test_a_charger_with_a_password_is_asked_once_more_with_the_proof():
    secret = secrets.digest({"user": "me", "password": "Secret"})
    requests, told, error, count = run(
        _carried(Brand(), 6000, [DENIED % CHALLENGE, OK], secret=secret)
    )
    assert error is None and told == 6000 and count == 2
    assert b"Authorization" not in requests[0]
    assert b'Authorization: Digest username="me", realm="esp32-lib", nonce="AbC"' in requests[1]
    assert b'uri="/set"' in requests[1] and b'opaque="Xy"' in requests[1]
    assert b"Secret" not in requests[1]


def test_a_wrong_password_ends_after_two_requests():
    secret = secrets.digest({"user": "me", "password": "wrong"})
    answers = [DENIED % CHALLENGE, DENIED % CHALLENGE.replace(b"AbC", b"Def"), OK]
    requests, told, error, _ = run(_carried(Brand(), 6000, answers, secret=secret))
    assert len(requests) == 2 and told == UNKNOWN_MA and isinstance(error, ValueError)
    assert "password" in str(error) and "wrong" not in str(error)


def test_a_challenge_that_makes_no_sense_is_not_answered():
    for challenge in (
        b"",
        b"WWW-Authenticate: Basic\r\n",
        b'WWW-Authenticate: Digest nonce="\r\n',
    ):
        secret = secrets.digest({"user": "me", "password": "x"})
        requests, _, error, _ = run(
            _carried(
                Brand(), 6000, [DENIED % (b"WWW-Authenticate: %s\r\n" % challenge)], secret=secret
            )
        )
        assert len(requests) == 1 and isinstance(error, ValueError)


def test_basic_and_bare_tokens_are_sent_at_once():
    pair = secrets.basic({"user": "Aladdin", "password": "open sesame"})
    assert pair.header("GET", "/") == b"Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==\r\n"
    assert secrets.token({"token": "abc"}).header("GET", "/") == b"Authorization: abc\r\n"


def test_the_proof_of_a_digest_is_that_of_the_standards_example():
    # RFC 2617, 3.5, with the client's nonce of the example
    secret = secrets.digest({"user": "Mufasa", "password": "Circle Of Life"})
    nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"
    said = b'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="%s"' % nonce.encode()
    assert secret.learn(said)
    assert not secret.learn(said)
    sent = secret.header("GET", "/dir/index.html").decode()
    own = sent.split('cnonce="')[1].split('"')[0]
    a1, a2 = "Mufasa:testrealm@host.com:Circle Of Life", "GET:/dir/index.html"
    parts = (md5(a1), nonce, "00000001", own, "auth", md5(a2))
    assert 'response="%s"' % md5(":".join(parts)) in sent


def md5(text):
    import hashlib
    from binascii import hexlify

    return hexlify(hashlib.md5(text.encode()).digest()).decode()
