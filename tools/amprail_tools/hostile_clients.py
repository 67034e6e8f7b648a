"""Clients of the web server that mean harm, each in its way, and what they do to a device.

They talk to a device on this computer only, as long as they are told to and no longer. Measured is
what matters: how much later a reading above target reaches the chargers, how long after an attack
the page is back, and the memory that it has cost.
"""

import contextlib
import hashlib
import hmac
import http.client
import json
import random
import secrets
import socket
import threading
import time
from collections import Counter
from pathlib import Path
from statistics import median

from amprail_tools import latency, say

HOST = "127.0.0.1"
SILENT = 50
SECOND = 1.0
BODY = 1 << 20

# A password's key with the fewest iterations that the firmware takes, so that a thousand tries are
# a matter of seconds here.
KEY = hashlib.pbkdf2_hmac("sha256", b"test password", bytes(16), 1000)
LOGIN = {"key": KEY.hex(), "salt": bytes(16).hex(), "iterations": 1000}

TRAVERSAL = ("/../data/token", "/..%2f..%2fetc/passwd", "//etc/passwd", "/%2e%2e/data/login.json")
TRAVERSAL += (
    "/page/../../data/site.json",
    "/api/../data/token",
    "/a/lib/../../data/claim",
    "/%00",
)
NO_TEXT = (b"GET /\xff\xfe HTTP/1.1\r\n\r\n", b"GET / HTTP/1.1\r\nHost: \xc3\x28\r\n\r\n")
NO_TEXT += (b"GET /%c3%28 HTTP/1.1\r\nHost: localhost\r\n\r\n", b"\x80\x81\x82\r\n\r\n")


class Attack:
    """What one kind of client needs: where the device is, until when, and a count of answers."""

    def __init__(self, port: int, token: str, seed: int):
        self.port = port
        self.token = token
        self.random = random.Random(seed)
        self.over = threading.Event()
        self.answers = Counter()

    def connected(self, timeout_s: float = 3.0) -> socket.socket:
        return socket.create_connection((HOST, self.port), timeout_s)

    def send(self, data: bytes) -> None:
        """Sends what it likes and counts the answer by its status, or by how it ended."""
        try:
            with self.connected() as sock:
                sock.sendall(data)
                answer = sock.recv(64)
            self.answers[answer[9:12].decode(errors="replace") or "closed"] += 1
        except OSError as error:
            self.answers[type(error).__name__] += 1

    def ask(self, method: str, path: str, body=None, **headers) -> dict:
        """A request as a client would make it; the JSON of the answer, {} where that is none."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=5)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.answers[str(response.status)] += 1
            return json.loads(response.read())
        except (OSError, http.client.HTTPException, ValueError) as error:
            if not isinstance(error, ValueError):
                self.answers[type(error).__name__] += 1
            return {}
        finally:
            connection.close()

    def proof(self, key: bytes) -> str | None:
        nonce = self.ask("GET", "/api/login").get("nonce")
        if nonce is None:
            return None
        proof = hmac.new(key, bytes.fromhex(nonce) + b"login", hashlib.sha256).hexdigest()
        return json.dumps({"nonce": nonce, "proof": proof})


def slow_heads(attack: Attack) -> None:
    """50 connections with a byte a second (slow-loris)."""
    _many(attack, b"GET / HTTP/1.1\r\nHost: localhost\r\nX-Slow: 1\r\n")


def silent(attack: Attack) -> None:
    """50 connections that never say anything."""
    _many(attack, b"")


def _many(attack, text):
    open_ones = []
    while not attack.over.wait(SECOND):
        while len(open_ones) < SILENT:
            try:
                open_ones.append([attack.connected(), 0])
            except OSError:
                break
        for one in list(open_ones):
            sock, at = one
            try:
                sock.sendall(text[at : at + 1])
                one[1] += 1
                sock.setblocking(False)
                if sock.recv(64):
                    raise OSError
            except BlockingIOError:
                continue
            except OSError:
                attack.answers["ended by it"] += 1
                sock.close()
                open_ones.remove(one)
    for sock, _ in open_ones:
        sock.close()


def endless_heads(attack: Attack) -> None:
    """Heads that do not end."""
    _endless(attack, b"GET / HTTP/1.1\r\nHost: localhost\r\n", b"X-More: " + b"a" * 500 + b"\r\n")


def endless_bodies(attack: Attack) -> None:
    """Bodies that do not end, without a login and with one."""
    head = b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 999999999\r\n\r\n"
    _endless(attack, head, b"a" * 512)


def _endless(attack, head, more):
    while not attack.over.is_set():
        try:
            with attack.connected() as sock:
                sock.sendall(head)
                while not attack.over.is_set():
                    sock.sendall(more)
                    time.sleep(0.001)
        except OSError:
            attack.answers["ended by it"] += 1


def broken_utf8(attack: Attack) -> None:
    """Requests that are no text."""
    while not attack.over.is_set():
        attack.send(attack.random.choice(NO_TEXT))


def traversal(attack: Attack) -> None:
    """Paths that lead out of the page."""
    while not attack.over.is_set():
        path = attack.random.choice(TRAVERSAL).encode()
        attack.send(b"GET %s HTTP/1.1\r\nHost: localhost\r\n\r\n" % path)


def other_sites(attack: Attack) -> None:
    """What another site has a logged-in browser send (CSRF): a session without its token."""
    cookie = ""
    while not attack.over.is_set():
        body = attack.proof(KEY) if not cookie else None
        if body:
            cookie = _session(attack, body)
        attack.ask("POST", "/api/logout", "{}", Cookie=cookie, Origin="http://evil.example")


def _session(attack, body):
    connection = http.client.HTTPConnection(HOST, attack.port, timeout=5)
    try:
        connection.request("POST", "/api/login", body)
        return (connection.getresponse().getheader("Set-Cookie") or "").partition(";")[0]
    except (OSError, http.client.HTTPException):
        return ""
    finally:
        connection.close()


def foreign_hosts(attack: Attack) -> None:
    """A page of another name that leads here (DNS rebinding), even with the token."""
    while not attack.over.is_set():
        bearer = f"Bearer {attack.token}"
        attack.ask("GET", "/api/status", Host="evil.example", Authorization=bearer)


def replayed_logins(attack: Attack) -> None:
    """A login that was overheard, again and again."""
    body = None
    while not attack.over.is_set():
        if body is None:
            body = attack.proof(KEY)
            if body:
                _session(attack, body)
        else:
            attack.ask("POST", "/api/login", body)


def wrong_passwords(attack: Attack) -> None:
    """Passwords that are wrong, as fast as the device takes them."""
    while not attack.over.is_set():
        body = attack.proof(attack.random.randbytes(32))
        if body:
            attack.ask("POST", "/api/login", body)


def uploads(attack: Attack) -> None:
    """Three large uploads at once, with the token: two backups and an update that are none."""
    threads = [
        threading.Thread(target=_upload, args=(attack, path))
        for path in ("/api/backup", "/api/backup", "/api/update")
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def _upload(attack, path):
    head = f"PUT {path} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer {attack.token}\r\n"
    head = (head + f"Content-Length: {BODY}\r\n\r\n").encode()
    while not attack.over.is_set():
        try:
            with attack.connected() as sock:
                sock.sendall(head)
                sent = 0
                while sent < BODY and not attack.over.is_set():
                    sock.sendall(attack.random.randbytes(4096))
                    sent += 4096
                    time.sleep(0.005)
                attack.answers[sock.recv(64)[9:12].decode(errors="replace")] += 1
        except OSError:
            attack.answers["ended by it"] += 1


def fuzz(attack: Attack) -> None:
    """Requests with random bytes, lengths and ends."""
    whole = (
        b"POST /api/login HTTP/1.1\r\nHost: localhost\r\nContent-Length: 20\r\n\r\n" + b"{}" * 10
    )
    while not attack.over.is_set():
        data = bytearray(whole[: attack.random.randrange(1, len(whole))])
        for _ in range(attack.random.randrange(8)):
            data[attack.random.randrange(len(data))] = attack.random.randrange(256)
        attack.send(bytes(data) + b"\r\n\r\n")


def deaf(attack: Attack) -> None:
    """Clients that ask for the page and never read it."""
    while not attack.over.is_set():
        with contextlib.ExitStack() as stack:
            for _ in range(3):
                try:
                    sock = stack.enter_context(attack.connected())
                    sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1024)
                    sock.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
                except OSError:
                    attack.answers["ended by it"] += 1
            attack.over.wait(2)


ATTACKS = (slow_heads, silent, deaf, endless_heads, endless_bodies, broken_utf8, traversal)
ATTACKS += (other_sites, foreign_hosts, replayed_logins, wrong_passwords, uploads, fuzz)


@contextlib.contextmanager
def attacked(port: int, token: str, kinds: tuple, seed: int = 1):
    """Clients of these kinds at a device for as long as the block takes; gives their `Attack`s."""
    attacks = [Attack(port, token, seed + at) for at in range(len(kinds))]
    pairs = zip(kinds, attacks, strict=True)
    threads = [threading.Thread(target=kind, args=(attack,)) for kind, attack in pairs]
    for thread in threads:
        thread.start()
    try:
        yield attacks
    finally:
        for attack in attacks:
            attack.over.set()
        for thread in threads:
            thread.join()


def page_back_s(port: int, longest_s: float = 30.0) -> float | None:
    """Seconds until the page comes whole; None if it does not."""
    begin = time.monotonic()
    while time.monotonic() - begin < longest_s:
        connection = http.client.HTTPConnection(HOST, port, timeout=5)
        try:
            connection.request("GET", "/")
            response = connection.getresponse()
            if response.status == 200 and response.read():
                return time.monotonic() - begin
        except (OSError, http.client.HTTPException):
            pass
        finally:
            connection.close()
        time.sleep(0.05)
    return None


def claimed(data_dir: Path) -> None:
    """Makes a data directory that of a device with a password, the one whose key is `KEY`."""
    (data_dir / "login.json").write_text(json.dumps(LOGIN))
    (data_dir / "token").write_text(secrets.token_hex(16))


def heap_used(firmware, times: int = 40) -> int:
    """Bytes, without what is only waiting to be collected."""
    return min(firmware.status(timeout_s=5)["heap"]["used"] for _ in range(times))


# What was loaded for a request goes within a minute.
LATER_S = 65.0


class Table:
    """A row for each step of a measurement of the latency: `peace` steps without anybody, then one
    with each group of attacks, and, with `later`, one a minute after all of them."""

    def __init__(self, groups: tuple, peace: int, later: bool):
        self.rows = []
        self.steps = [("in peace", ())] * peace
        self.steps += [(" and ".join(kind.__name__ for kind in group), group) for group in groups]
        self.steps += [("a minute later", ())] * later
        self._first = None

    @contextlib.contextmanager
    def around(self, firmware):
        """What is to be there while a cut is measured."""
        name, group = self.steps[len(self.rows)]
        if name == "a minute later":
            time.sleep(LATER_S)
        used = heap_used(firmware)
        self._first = self._first or used
        before = self._first if name == "a minute later" else used
        token = (firmware.data_dir / "token").read_text()
        with attacked(firmware.port, token, group) as attacks:
            time.sleep(SECOND)
            yield
        row = {"name": name, "back_s": page_back_s(firmware.port)}
        row["answers"] = dict(sum((attack.answers for attack in attacks), Counter()))
        row["heap"] = heap_used(firmware) - before
        row["restarts"] = firmware.status(timeout_s=5)["restarts"]
        self.rows.append(row)
        say(f"{name}: {_short(row['answers']) or 'nobody'}")


def measure(build_dir: Path, groups=None, peace: int = 3, later: bool = True) -> list[dict]:
    """The rows of a table with 8 chargers, each with `answered_s`: from a reading above target to
    the last cut's answer."""
    table = Table(groups or tuple((kind,) for kind in ATTACKS), peace, later)
    case = latency.Case(8)
    steps = len(table.steps)
    found = latency.steps_of(case, steps, build_dir, around=table.around, prepare=claimed)
    return [row | step for row, step in zip(table.rows, found, strict=True)]


def text(rows: list[dict]) -> str:
    peace = median(row["answered_s"] for row in rows if row["name"] == "in peace")
    lines = ["cut answered, later than in peace, page back, heap, answers"]
    for row in rows:
        back = "never" if row["back_s"] is None else f"{row['back_s']:.2f} s"
        lines.append(
            f"{row['name']:16}{row['answered_s']:7.2f} s{row['answered_s'] - peace:+7.2f} s"
            f"{back:>8}{row['heap']:+7} B  {_short(row['answers'])}"
        )
    return "\n".join(lines)


def _short(answers):
    return ", ".join(f"{count} x {name}" for name, count in sorted(answers.items()))
