"""A client that knows how to claim a device and log in, with Python's own HMAC and PBKDF2."""

import hashlib
import hmac
import http.client
import json
import os

PASSWORD = "correct horse battery"


class Answer:
    """`status`, `headers` and `json`, None where the body is none."""

    def __init__(self, response):
        self.status = response.status
        self.headers = response.headers
        self.body = response.read()
        try:
            self.json = json.loads(self.body)
        except ValueError:
            self.json = None

    @property
    def code(self):
        """The code of its error, None without one."""
        return self.json.get("error", {}).get("code") if isinstance(self.json, dict) else None


class Owner:
    """Somebody at a browser; `source` is the address they ask from."""

    def __init__(self, port, source="127.0.0.1", host="127.0.0.1"):
        self.port = port
        self.source = source
        self.host = host
        self.cookie = self.csrf = None

    def ask(self, method, path, body=None, headers=(), timeout=10):
        """One request with what the browser would send; lists and dicts go as JSON."""
        connection = http.client.HTTPConnection(
            self.host, self.port, timeout=timeout, source_address=(self.source, 0)
        )
        sent = {"Cookie": self.cookie, "X-CSRF": self.csrf, **dict(headers)}
        sent = {name: value for name, value in sent.items() if value is not None}
        body = json.dumps(body) if isinstance(body, dict | list) else body
        try:
            connection.request(method, path, body, sent)
            return Answer(connection.getresponse())
        finally:
            connection.close()

    def about(self):
        return self.ask("GET", "/api/login").json

    def key(self, password, about):
        salt = bytes.fromhex(about["salt"])
        return hashlib.pbkdf2_hmac("sha256", password.encode(), salt, about["iterations"])

    def login_body(self, password=PASSWORD, key=None):
        about = self.about()
        proof = prove(key or self.key(password, about), about["nonce"], "login")
        return {"nonce": about["nonce"], "proof": proof}

    def log_in(self, password=PASSWORD, key=None):
        return self.enter(self.ask("POST", "/api/login", self.login_body(password, key)))

    def claim_body(self, password=PASSWORD, code=""):
        about = self.about()
        about["salt"] = os.urandom(16).hex()
        key = self.key(password, about)
        nonce = about["nonce"]
        masked = xor(key, prove(code.encode(), nonce, "claim"))
        check = prove(key, nonce, "claim")
        return {"nonce": nonce, "salt": about["salt"], "masked": masked, "check": check}

    def claim(self, password=PASSWORD, code=""):
        return self.enter(self.ask("POST", "/api/claim", self.claim_body(password, code)))

    def password_body(self, old, new):
        about = self.about()
        nonce = about["nonce"]
        old_key = self.key(old, about)
        about["salt"] = os.urandom(16).hex()
        key = self.key(new, about)
        return {
            "nonce": nonce,
            "proof": prove(old_key, nonce, "password"),
            "salt": about["salt"],
            "masked": xor(key, prove(old_key, nonce, "mask")),
            "check": prove(key, nonce, "password"),
        }

    def change_password(self, old, new):
        return self.enter(self.ask("POST", "/api/password", self.password_body(old, new)))

    def confirmed(self, password=PASSWORD):
        """The headers of a fresh proof."""
        about = self.about()
        proof = prove(self.key(password, about), about["nonce"], "confirm")
        return {"X-Nonce": about["nonce"], "X-Proof": proof}

    def enter(self, answer):
        """Keeps the session that an answer gave, as a browser does."""
        if answer.status == 200:
            self.cookie = answer.headers["Set-Cookie"].partition(";")[0]
            self.csrf = answer.json["csrf"]
        return answer


def prove(key, nonce, text):
    return hmac.new(key, bytes.fromhex(nonce) + text.encode(), hashlib.sha256).hexdigest()


def xor(key, mask):
    return bytes(a ^ b for a, b in zip(key, bytes.fromhex(mask), strict=True)).hex()
