# Who may ask, by the minute: sessions, marks, nonces, wrong passwords.

from binascii import hexlify, unhexlify

from app import login, owner, visit
from net.access import CONFIRM, OPEN, USER, VIEW, Access, same

from both import raises, run

KEY = bytes(range(32))
TOKEN = b"0123456789abcdef"


class Request:
    """What `Access` sees of an exchange."""

    def __init__(self, method=b"GET", address="10.0.0.9", **fields):
        self.method = method
        self.address = (address, 1)
        self.fields = {"host": b"localhost"}
        self.fields.update(fields)

    async def answer(self, status, pieces, headers):
        self.text = pieces[0]

    def header(self, name):
        return self.fields.get(name.decode().replace("-", "_"))


def access(host="127.0.0.1", claimed=True):
    made = Access(host, 80)
    made.names = owner.names("My House", host)
    made.token = TOKEN
    made.key = KEY if claimed else None
    return made


def session(made, number=1):
    """Begins a session; a request of it."""
    value = b"%032d" % number
    made.sessions.append([value, b"csrf" + value, 0, 0])
    return Request(cookie=made.cookie + value, x_csrf=b"csrf" + value)


def status(made, request, mark=USER):
    """0, or the status and code of the refusal."""
    try:
        made.admit(request, mark)
    except ValueError as error:
        return error.args[0], error.args[2].split('"')[3]
    return 0


def proves(made, nonce, key=KEY, address="10.0.0.9", text=b"login"):
    """None, or what was refused."""
    proof = login.hmac(key, nonce, text)
    try:
        login.prove(made, Request(address=address), KEY, nonce, text, proof)
    except ValueError as error:
        return error.args[2].split('"')[3]
    return None


def nonce(made):
    """A fresh one, as `GET /api/login` gives it."""
    part = Request()
    part.access = made
    run(visit.answer(part, part))
    return unhexlify(part.text.split('"nonce":"')[1][:32])


def test_hmac_is_that_of_rfc_4231():
    vectors = (
        (
            b"\x0b" * 20,
            b"Hi There",
            "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
        ),
        (
            b"Jefe",
            b"what do ya want for nothing?",
            "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
        ),
        (
            b"\xaa" * 20,
            b"\xdd" * 50,
            "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
        ),
    )
    for key, text, digest in vectors:
        assert hexlify(login.hmac(key, text)).decode() == digest
        assert hexlify(login.hmac(key, text[:3], b"", text[3:])).decode() == digest


def test_the_comparison_tells_any_difference():
    assert same(b"", b"") and same(KEY, bytes(KEY))
    for at in range(32):
        other = bytearray(KEY)
        other[at] ^= 1 << at % 8
        assert not same(KEY, bytes(other))
    assert not same(KEY, KEY[:-1]) and not same(KEY, KEY + b"\0")


def test_each_mark_lets_in_whom_it_says():
    nobody, bearer = Request(), Request(authorization=b"Bearer " + TOKEN)
    for host, claimed, view in (
        ("127.0.0.1", False, 0),
        ("127.0.0.1", True, (401, "login")),
        ("0.0.0.0", False, (401, "login")),
    ):
        made = access(host, claimed)
        assert status(made, nobody, OPEN) == 0
        assert status(made, nobody, VIEW) == view
        assert status(made, nobody, USER) == status(made, nobody, CONFIRM) == (401, "login")
        for mark in (OPEN, VIEW, USER, CONFIRM):
            assert status(made, bearer, mark) == 0
        for mark in (0, 1, 48, 97, 128):
            assert status(made, bearer, mark) == (403, "mark")


def test_without_a_file_there_is_a_token_all_the_same():
    made = owner.build("/nowhere", "127.0.0.1", 80, "x")
    assert len(made.token) == 32
    assert status(made, Request(authorization=b"Bearer ")) == (401, "login")


def test_a_session_ends_an_hour_after_its_last_use():
    made = access()
    request = session(made)
    for _ in range(3):
        for _ in range(59):
            made.tick()
        assert status(made, request) == 0
    for _ in range(60):
        made.tick()
    assert status(made, request) == (401, "login") and made.sessions == []


def test_a_session_ends_after_a_day_however_much_it_is_used():
    made = access()
    request = session(made)
    for _ in range(24 * 60 - 1):
        made.tick()
        assert status(made, request) == 0
    made.tick()
    assert status(made, request) == (401, "login")


def test_reading_needs_no_csrf_token_and_changing_does():
    made = access()
    request = session(made)
    other = session(made, 2)
    for method in (b"POST", b"PUT", b"DELETE", b"PATCH", b"get"):
        request.method = method
        request.fields["x_csrf"] = made.sessions[0][1]
        assert status(made, request) == 0
        for csrf in (None, b"", b"x", other.fields["x_csrf"]):
            request.fields["x_csrf"] = csrf
            assert status(made, request) == (403, "csrf")
    request.method = b"GET"
    assert status(made, request) == 0


def test_a_nonce_is_good_for_a_minute_and_not_for_two():
    for minutes, refused in ((0, None), (1, None), (2, "nonce"), (3, "nonce")):
        made = access()
        given = nonce(made)
        for _ in range(minutes):
            made.tick()
        assert proves(made, given) == refused, minutes


def test_a_right_proof_ends_every_nonce_and_a_wrong_one_none():
    made = access()
    given, other = nonce(made), nonce(made)
    assert proves(made, given, key=bytes(32)) == "wrong_password"
    assert proves(made, given) is None
    assert proves(made, given) == proves(made, other) == "nonce"
    assert proves(made, nonce(made)) is None


def test_a_changed_nonce_is_none():
    made = access()
    given = nonce(made)
    for at in range(16):
        bad = bytearray(given)
        bad[at] ^= 128
        assert proves(made, bytes(bad)) == "nonce"
    assert proves(made, bytes(16)) == "nonce"
    assert proves(made, given) is None


def test_wrong_passwords_make_their_address_wait_longer_and_longer():
    made = access()
    now = [0]
    clock, login.now_ms = login.now_ms, lambda: now[0]
    try:
        waits = []
        for _ in range(9):
            assert proves(made, nonce(made), key=bytes(32)) == "wrong_password"
            wait_ms = made.wrong["10.0.0.9"][1] - now[0]
            waits.append(wait_ms // 1000)
            if wait_ms:
                now[0] += wait_ms - 1
                assert proves(made, nonce(made)) == "throttled"
                now[0] += 1
        assert waits == [0, 0, 1, 2, 4, 8, 16, 16, 16]
        assert proves(made, nonce(made), address="10.0.0.8") is None
        assert proves(made, nonce(made)) is None
        assert proves(made, nonce(made), key=bytes(32)) == "wrong_password"
        assert made.wrong["10.0.0.9"][0] == 1
    finally:
        login.now_ms = clock


def test_wrong_passwords_are_forgiven_one_a_minute():
    made = access()
    for _ in range(3):
        proves(made, nonce(made), key=bytes(32))
    assert proves(made, nonce(made)) == "throttled"
    for _ in range(3):
        made.tick()
    assert proves(made, nonce(made)) is None
    assert len(made.wrong) == 1


def test_no_number_of_addresses_takes_more_memory_than_nine():
    made = access()
    for number in range(300):
        proves(made, nonce(made), key=bytes(32), address="10.0.%d.%d" % (number // 100, number))
    assert len(made.wrong) == 9
    assert proves(made, nonce(made), address="10.9.9.9") == "throttled"
    assert proves(made, nonce(made), address="10.0.0.3") is None


def test_a_confirmation_is_a_proof_of_its_own():
    made = access()
    request = session(made)
    for fields in ({}, {"x_nonce": b"00", "x_proof": b"zz"}, {"x_nonce": b"", "x_proof": b"0"}):
        request.fields.update(fields)
        raises(ValueError, "", login.confirm, made, request)
    given = nonce(made)
    for text, good in ((b"login", False), (b"confirm", True), (b"confirm", False)):
        proof = login.hmac(KEY, given, text)
        request.fields.update({"x_nonce": hexlify(given), "x_proof": hexlify(proof)})
        if good:
            login.confirm(made, request)
        else:
            raises(ValueError, "", login.confirm, made, request)
    made.key = None
    login.confirm(made, Request())  # there is no password to prove before the claim


def test_a_device_goes_by_its_name_as_mdns_has_it():
    for name, host in (
        ("My House", b"my-house"),
        ("--A  b--", b"a--b"),
        ("", b"amprail"),
        ("***", b"amprail"),
        ("evil.example", b"evil-example"),
    ):
        assert owner.names(name, "10.0.0.1") == (host, host + b".local", b"localhost", b"10.0.0.1")
