"""Who gets in and who does not: the whole firmware, over HTTP, with hostile clients."""

import json
import socket
import threading
import time

import pytest
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from device.owner import PASSWORD, Owner, prove

SITE = {"name": "My House", "limit_ma": 63000, "supply_ma": 63000, "meter": None}


@pytest.fixture
def started(tmp_path, free_port):
    """Makes a firmware without a meter: `started(files, listen)` -> Firmware."""
    made = []

    def start(files=(), listen="127.0.0.1"):
        data = tmp_path / f"data{len(made)}"
        data.mkdir()
        for name, text in {"site.json": json.dumps(SITE), **dict(files)}.items():
            (data / name).write_text(text)
        port = free_port(listen)
        made.append(Firmware(build(), data, None, port, log=None, listen=listen))
        made[-1].start()
        made[-1].wait_ready(20)
        return made[-1]

    yield start
    for one in made:
        one.stop()


@pytest.fixture
def firmware(started):
    return started()


@pytest.fixture
def owner(firmware):
    """Somebody who has claimed the device and is logged in."""
    somebody = Owner(firmware.port)
    assert somebody.claim().status == 200
    return somebody


def stranger(firmware, **options):
    return Owner(firmware.port, **options)


def raw(port, request):
    """Everything that is answered to bytes."""
    with socket.create_connection(("127.0.0.1", port), 10) as connection:
        connection.sendall(request)
        parts = []
        while part := connection.recv(4096):
            parts.append(part)
        return b"".join(parts)


def get(path, *lines, host="127.0.0.1"):
    head = [f"GET {path} HTTP/1.1", f"Host: {host}", *lines, "", ""]
    return "\r\n".join(head).encode()


# --- The first visitor --------------------------------------------------------------------------


def test_on_a_computer_nobody_owns_everybody_there_sees_the_status_and_nothing_else(firmware):
    somebody = stranger(firmware)
    about = somebody.about()
    assert (about["claimed"], about["open"], about["claim_code"], about["in"]) == (
        False,
        True,
        False,
        False,
    )
    assert somebody.ask("GET", "/api/status").status == 200
    assert somebody.ask("POST", "/api/logout").code == "login"
    assert somebody.ask("POST", "/api/password", {}).code == "login"
    assert somebody.ask("POST", "/api/login", somebody.login_body()).code == "unclaimed"


def test_after_the_claim_only_its_session_and_the_token_get_in(firmware, owner):
    assert owner.ask("GET", "/api/status").status == 200
    answer = stranger(firmware).ask("GET", "/api/status")
    assert (answer.status, answer.code) == (401, "login")
    assert stranger(firmware).ask("GET", "/").status == 200
    assert firmware.status()["chargers"] == []  # by data/token


def test_a_claim_is_kept_over_a_restart_and_the_password_is_nowhere(firmware, owner):
    firmware.stop()
    kept = {path.name: path.read_bytes() for path in firmware.data_dir.iterdir()}
    assert PASSWORD.encode() not in b"".join(kept.values())
    for name in ("login.json", "token"):
        assert (firmware.data_dir / name).stat().st_mode & 0o077 == 0
    again = Firmware(build(), firmware.data_dir, None, firmware.port, log=None)
    with again:
        again.wait_ready(20)
        assert owner.ask("GET", "/api/status").code == "login"  # sessions end with a restart
        assert Owner(again.port).log_in().status == 200
        assert json.loads(kept["login.json"])["key"] not in "".join(again.lines)


def test_a_device_is_claimed_once(firmware, owner):
    thief = stranger(firmware)
    assert thief.claim("another password").code == "claimed"
    assert owner.ask("GET", "/api/status").status == 200
    assert thief.log_in("another password").code == "wrong_password"


def test_two_who_claim_at_once_do_not_both_get_it(firmware):
    both = [stranger(firmware), stranger(firmware)]
    bodies = [somebody.claim_body() for somebody in both]
    answers = [one.ask("POST", "/api/claim", body) for one, body in zip(both, bodies, strict=True)]
    assert [answer.code for answer in answers] == [None, "claimed"]


def test_with_a_code_on_the_label_only_who_has_it_may_claim(started):
    firmware = started({"claim": "ABCD-1234-efgh\n"})
    somebody = stranger(firmware)
    assert somebody.about()["claim_code"] is True
    for code in ("", "abcd1234efg", "abcd1234efgi", "ABCD1234EFGH"):
        if code:
            answer = Owner(firmware.port, f"127.0.0.{len(code)}").claim(code=code)
            assert (answer.status, answer.code) == (401, "wrong_code"), code
    assert somebody.claim(code="abcd1234efgh").status == 200


def test_on_the_network_without_an_owner_and_a_code_nobody_gets_in(started):
    firmware = started(listen="0.0.0.0")
    somebody = stranger(firmware)
    assert somebody.ask("GET", "/api/status").code == "login"
    assert somebody.claim().code == "no_claim_code"
    assert any("no claim code" in line for line in firmware.lines)


@pytest.mark.parametrize(
    "text",
    ["", "{", "[]", '{"key":1}', '{"key":"00","salt":"00","iterations":20000}', "\xff", "null"],
)
def test_a_broken_login_file_lets_nobody_in(started, text):
    firmware = started({"login.json": text})
    somebody = stranger(firmware)
    assert somebody.about()["claimed"] is True
    assert somebody.ask("GET", "/api/status").code == "login"
    assert somebody.log_in("").code == "wrong_password"
    assert somebody.claim().code == "claimed"
    assert firmware.status()["chargers"] == []
    assert any("nobody can log in until it is removed" in line for line in firmware.lines)


# --- Logging in ---------------------------------------------------------------------------------


def test_the_cookie_is_out_of_reach_of_scripts_and_other_sites(firmware, owner):
    cookie = stranger(firmware).log_in().headers["Set-Cookie"]
    assert cookie.endswith("; Path=/; HttpOnly; SameSite=Strict")
    assert len(cookie.partition(";")[0].partition("=")[2]) == 32


def test_a_login_that_was_overheard_is_good_for_nothing(firmware, owner):
    victim = stranger(firmware)
    body = victim.login_body()
    assert victim.ask("POST", "/api/login", body).status == 200
    answer = stranger(firmware).ask("POST", "/api/login", body)
    assert (answer.status, answer.code) == (401, "nonce")


def test_a_proof_is_good_for_what_it_was_made_for(firmware, owner):
    about = owner.about()
    for text in ("confirm", "password", "claim", ""):
        proof = prove(owner.key(PASSWORD, about), about["nonce"], text)
        body = {"nonce": about["nonce"], "proof": proof}
        answer = Owner(firmware.port, f"127.0.0.{9 + len(text)}").ask("POST", "/api/login", body)
        assert answer.code == "wrong_password"


def test_only_a_nonce_of_the_device_is_good(firmware, owner):
    key = owner.key(PASSWORD, owner.about())
    real = owner.about()["nonce"]
    for nonce in ("00" * 16, real[:-1] + ("0" if real[-1] != "0" else "1"), real[16:] + real[:16]):
        body = {"nonce": nonce, "proof": prove(key, nonce, "login")}
        assert stranger(firmware).ask("POST", "/api/login", body).code == "nonce"
    body = {"nonce": real.upper(), "proof": prove(key, real, "login").upper()}
    assert stranger(firmware).ask("POST", "/api/login", body).status == 200


def test_asking_for_a_thousand_nonces_spoils_nobodys_login(firmware, owner):
    victim = stranger(firmware)
    body = victim.login_body()
    for _ in range(1000):
        stranger(firmware).about()
    assert victim.ask("POST", "/api/login", body).status == 200


def test_a_session_is_never_the_one_that_the_browser_came_with(firmware, owner):
    name = owner.cookie.partition("=")[0]
    victim = stranger(firmware)
    for value in ("0" * 32, "a" * 31, owner.cookie.partition("=")[2]):
        victim.cookie = f"{name}={value}"
        answer = victim.log_in()
        assert answer.status == 200
        assert value not in answer.headers["Set-Cookie"]
    assert owner.ask("GET", "/api/status").code == "login"  # the last one took its place


def test_of_five_sessions_the_one_not_used_for_longest_ends(firmware, owner):
    others = [stranger(firmware) for _ in range(4)]
    for other in others:
        assert other.log_in().status == 200
    codes = [each.ask("GET", "/api/status").code for each in [owner, *others]]
    assert sorted(codes, key=str) == [None, None, None, None, "login"]


def test_after_the_logout_the_cookie_is_good_for_nothing(firmware, owner):
    cookie = owner.cookie
    answer = owner.ask("POST", "/api/logout")
    assert answer.status == 200 and "Max-Age=0" in answer.headers["Set-Cookie"]
    assert owner.ask("GET", "/api/status").code == "login"
    assert cookie == owner.cookie and owner.log_in().status == 200


def test_another_password_ends_all_sessions_and_the_old_password(firmware, owner):
    other = stranger(firmware)
    other.log_in()
    assert owner.change_password("not this one", "whatever it is").code == "wrong_password"
    body = owner.password_body(PASSWORD, "new password")
    assert owner.ask("POST", "/api/password", {**body, "check": "0" * 64}).code == "body"
    assert owner.change_password(PASSWORD, "new password").status == 200
    assert owner.ask("GET", "/api/status").status == 200
    assert other.ask("GET", "/api/status").code == "login"
    assert stranger(firmware).log_in().code == "wrong_password"
    assert stranger(firmware).log_in("new password").status == 200
    assert stranger(firmware).ask("POST", "/api/password", body).code == "login"


# --- Trying passwords ---------------------------------------------------------------------------


def test_a_thousand_wrong_passwords_lock_nobody_out(firmware, owner):
    outcomes = []

    def attack(number):
        thief = stranger(firmware, source=f"127.0.1.{number}")
        for at in range(334):
            outcomes.append(_patient(thief, key=bytes([at % 256]) * 32).code)

    threads = [threading.Thread(target=attack, args=(number,)) for number in (1, 2)]
    threads.append(threading.Thread(target=attack, args=(1,)))
    for thread in threads:
        thread.start()
    took = []
    while any(thread.is_alive() for thread in threads):
        began = time.monotonic()
        victim = stranger(firmware, source="127.0.0.7")
        answer = _patient(victim)
        took.append(time.monotonic() - began)
        assert answer.status == 200
        assert _asked(victim, "/api/logout", "POST") == 200
        assert _asked(owner, "/api/status") == 200
    counted = {code: outcomes.count(code) for code in set(outcomes)}
    print(f"1,002 tries: {counted}; the owner got in {len(took)} times, at most {max(took):.2f} s")
    assert set(counted) == {"wrong_password", "throttled"}
    assert counted["throttled"] > counted["wrong_password"]
    assert max(took) < 10
    # From the attacker's own address the right password is good after the wait.
    victim = stranger(firmware, source="127.0.1.1")
    answer = victim.log_in()
    if answer.status != 200:
        assert answer.code == "throttled" and answer.json["error"]["wait_s"] <= 16
        assert int(answer.headers["Retry-After"]) == answer.json["error"]["wait_s"]


# A browser asks again where three clients are there already.
def _patient(somebody, **how):
    while True:
        try:
            answer = somebody.log_in(**how)
        except (OSError, TypeError, KeyError):
            continue
        if answer.code not in ("http_503", "nonce"):
            return answer


def _asked(somebody, path, method="GET"):
    while True:
        try:
            status = somebody.ask(method, path).status
        except OSError:
            continue
        if status != 503:
            return status


def test_a_right_password_after_the_wait_is_taken(firmware, owner):
    thief = stranger(firmware, source="127.0.2.1")
    waits = [thief.log_in("wrong").json["error"]["wait_s"] for _ in range(3)]
    assert waits == [0, 0, 1]
    assert thief.log_in().code == "throttled"
    end = time.monotonic() + 10
    while thief.log_in().status != 200:
        assert time.monotonic() < end
        time.sleep(0.1)
    assert thief.log_in("wrong").json["error"]["wait_s"] == 0


def test_many_addresses_that_try_wait_together_and_others_that_have_tried_do_not(firmware, owner):
    mine = stranger(firmware, source="127.0.3.99")
    mine.log_in("wrong")
    right = mine.key(PASSWORD, mine.about())  # by itself it takes a while, and the wait is short
    for number in range(20):
        thief = stranger(firmware, source=f"127.0.3.{number + 1}")
        for _ in range(4):
            thief.log_in(key=bytes(32))
    assert stranger(firmware, source="127.0.3.80").log_in(key=right).code == "throttled"
    assert mine.log_in().status == 200


# --- Other sites --------------------------------------------------------------------------------


def test_a_change_needs_the_csrf_token_of_its_own_session(firmware, owner):
    other = stranger(firmware)
    other.log_in()
    mine = owner.csrf
    for csrf in (None, "", "0" * 32, mine[:-1], mine + "0", mine.upper() + " x", other.csrf):
        owner.csrf = csrf
        answer = owner.ask("POST", "/api/logout")
        assert (answer.status, answer.code) == (403, "csrf"), csrf
    owner.csrf = mine
    assert owner.ask("POST", "/api/logout").status == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "127.0.0.1.evil.example",
        "localhost.evil.example",
        "evil.example:8080",
        "192.168.1.5",
        "127.0.0.2",
        "my-house.evil.example",
        "my-house.local.",
        "",
        "[::1]",
        "2130706433",
        "user@127.0.0.1",
    ],
)
def test_a_foreign_host_is_refused_on_every_route(firmware, host):
    for path in ("/", "/api/login", "/api/status"):
        assert raw(firmware.port, get(path, host=host))[9:12] == b"421", path


def test_without_a_host_or_with_two_nothing_is_answered(firmware):
    assert raw(firmware.port, b"GET / HTTP/1.1\r\n\r\n")[9:12] == b"421"
    two = get("/", "Host: 127.0.0.1")
    assert raw(firmware.port, two)[9:12] == b"400"


def test_the_device_goes_by_its_address_localhost_and_its_name(firmware):
    for host in ("127.0.0.1", "LOCALHOST", "my-house", "My-House.local:80"):
        assert raw(firmware.port, get("/api/status", host=host))[9:12] == b"200", host


def test_on_all_addresses_it_goes_by_any_address_but_no_foreign_name(started):
    firmware = started({"claim": "abcd"}, listen="0.0.0.0")
    for host, status in (("192.168.1.5:8080", b"200"), ("10.0.0.1.evil.example", b"421")):
        assert raw(firmware.port, get("/api/login", host=host))[9:12] == status, host


# --- Tricks -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path",
    [
        "//api/status",
        "/api/status/",
        "/API/status",
        "/api%2fstatus",
        "/api/%73tatus",
        "/%2e/api/status",
        "/./api/status",
        "/api/login/../status",
        "/api/login/%2e%2e/status",
        "/api/status;x=1",
        "/api/status%00",
        "/../data/token",
        "/data/token",
        "/api/../../data/login.json",
    ],
)
def test_a_path_that_is_only_like_a_route_leads_nowhere(firmware, owner, path):
    assert raw(firmware.port, get(path))[9:12] in (b"401", b"404", b"400")


@pytest.mark.parametrize("method", ["GET", "HEAD"])
def test_no_method_gets_round_the_login(firmware, owner, method):
    assert stranger(firmware).ask(method, "/api/status").status == 401


def test_near_misses_of_the_token_do_not_get_in(firmware, owner):
    token = (firmware.data_dir / "token").read_text().strip()
    assert len(token) == 32
    wrong = ["Bearer " + token[:-1], f"Bearer {token}0", "Bearer " + token.upper() + "x", token]
    wrong += ["Bearer", "Bearer ", f"Bearer  {token}", f"Basic {token}", f"Bearer{token}", ""]
    wrong += [f"Bearer {'0' * 32}", f"Bearer {token},{token}"]
    for value in wrong:
        answer = stranger(firmware).ask("GET", "/api/status", headers={"Authorization": value})
        assert answer.code == "login", value
        assert answer.headers["WWW-Authenticate"] == "Bearer"
    for value in (f"Bearer {token}", f"bearer {token}"):
        headers = {"Authorization": value}
        assert stranger(firmware).ask("GET", "/api/status", headers=headers).status == 200
        assert stranger(firmware).ask("POST", "/api/logout", headers=headers).status == 200
    # A session does not make up for a wrong token.
    answer = owner.ask("GET", "/api/status", headers={"Authorization": "Bearer x"})
    assert answer.code == "login"


def test_two_cookies_of_one_name_are_none(firmware, owner):
    name, _, value = owner.cookie.partition("=")
    for cookie in (f"{owner.cookie}; {name}=x", f"{name}=x;{owner.cookie}", f"{name}=x; {name}="):
        answer = stranger(firmware).ask("GET", "/api/status", headers={"Cookie": cookie})
        assert answer.code == "login", cookie
    for cookie in (f"a=b;  {owner.cookie}", f"x{name}=1; {owner.cookie};z=", f"{owner.cookie};;"):
        answer = stranger(firmware).ask("GET", "/api/status", headers={"Cookie": cookie})
        assert answer.status == 200, cookie
    twice = get("/api/status", f"Cookie: {owner.cookie}", f"Cookie: {owner.cookie}")
    assert raw(firmware.port, twice)[9:12] == b"400"
    for near in (f"{name}={value[:-1]}", f"{name}={value}0", f"{name.upper()}={value}", name):
        assert stranger(firmware).ask("GET", "/api/status", headers={"Cookie": near}).status == 401


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b"[]",
        b'"x"',
        b"{",
        b"\xff\xfe",
        b'{"nonce":"\xc3\x28","proof":"00"}',
        b'{"nonce":1,"proof":2}',
        b'{"nonce":null,"proof":[]}',
        b'{"nonce":"zz","proof":"zz"}',
        b'{"nonce":"' + b"0" * 31 + b'","proof":"' + b"0" * 64 + b'"}',
        b'{"nonce":"' + b"0" * 32 + b'","proof":"' + b"0" * 63 + b'"}',
        b"[" * 400,
        b'{"nonce":' * 50,
    ],
)
def test_a_login_that_is_no_login_is_told_what_was_expected(firmware, owner, body):
    answer = stranger(firmware).ask("POST", "/api/login", body)
    assert (answer.status, answer.code) == (400, "body")
    assert "nonce 16 proof 32" in answer.json["error"]["expected"]
    assert owner.ask("GET", "/api/status").status == 200


def test_a_body_that_is_too_long_is_refused_unread(firmware, owner):
    for size in (513, 2048, 5000, 999999999):
        answer = raw(
            firmware.port,
            b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n\r\n" % size,
        )
        assert answer[9:12] == b"413"
    assert stranger(firmware).log_in().status == 200


def test_hammering_the_login_loses_no_memory_and_kills_no_task(firmware, owner):
    def settled():
        return min(firmware.status()["heap"]["used"] for _ in range(200))

    def hammer(times):
        for at in range(times):
            thief = stranger(firmware, source=f"127.0.5.{at % 200 + 1}")
            thief.ask("POST", "/api/login", b"{" * at)
            stranger(firmware).about()

    hammer(3)  # what answers is there now
    before = settled()
    hammer(300)
    assert settled() - before < 2000
    assert firmware.status()["restarts"] == 0
