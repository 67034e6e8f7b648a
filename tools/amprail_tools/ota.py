"""Update a device over the network.

It gets the bundle that `sign` would make of this checkout, or the one in --bundle, and goes on
controlling meanwhile; the chargers stay as told while it starts the new version. What does not
become healthy within a few minutes is undone by itself. A device that has a password wants it
proved: it is asked for, or taken from the environment, AMPRAIL_PASSWORD. Before that it takes the
token alone, which lies in its data folder.
"""

import argparse
import getpass
import hashlib
import hmac
import http.client
import json
import os
import time
from contextlib import closing
from pathlib import Path

from amprail_tools import Failure, UserError, say, sign

RESTART_S = 120
TRIES = 4
AGAIN_S = 0.3

# What the device refuses with, for people. `{name}` is a number or text that comes along.
REFUSALS = {
    "update_key": "it has no key of an owner, or this is none",
    "update_trial": "what it runs has not shown yet that it works: try again in two minutes",
    "update_computer": "it is a computer, updated by updating its checkout",
    "update_busy": "another update is on its way",
    "update_signature": "the bundle is not signed by the key that the device has",
    "update_older": "{version} is older than {running}, which it runs (--older installs it)",
    "update_space": "it has no room for the bundle",
    "no_memory": "it has too little memory for that now",
    "login": "it wants its token (--token or --data), or its password if it has one",
    "wrong_password": "the password is wrong",
    "throttled": "too many wrong passwords: try again in {wait_s} s",
    "host": "it does not go by this name: give its IPv4 address",
    "update_flash": "its flash failed (error {errno})",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS", help="of the device, as 192.168.1.20[:80]")
    parser.add_argument("--token", help="of the device, instead of a login")
    parser.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="the folder with its token, if it is here",
    )
    sign.add_key(parser)
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="a bundle that is signed")
    parser.add_argument(
        "--older", action="store_true", help="install it even if the device runs a newer version"
    )


def main(arguments: argparse.Namespace) -> int:
    content, number = _content(arguments)
    device = Device(arguments.address, arguments.token or _token(arguments.data))
    device.log_in()
    was = device.state()
    say(f"{arguments.address} runs {was['version']}; sending {number}, {len(content)} bytes ...")
    device.send(content, arguments.older)
    say("installed; it starts again ...")
    now = device.wait(lambda now: now["slot"] != was["slot"])
    say(f"it runs {now['version']} (slot {now['slot']}), on trial for two minutes")
    return 0


def _token(data_dir):
    if data_dir is None:
        return None
    try:
        return (data_dir / "token").read_text().strip()
    except (OSError, ValueError) as error:
        raise UserError(f"--data {data_dir}: no token there: {error}") from None


def _content(arguments):
    from amprail_tools.bundle import check

    if not arguments.bundle:
        return sign.signed(arguments.key)
    try:
        content = arguments.bundle.read_bytes()
    except OSError as error:
        raise UserError(f"--bundle {arguments.bundle}: {error.strerror.lower()}") from None
    return content, check(content)


class Device:
    """A device, as its owner's browser or program sees it (firmware/app/login.py): by `token`, or
    with a session by the password, which a claimed device wants proved for what counts."""

    def __init__(self, address: str, token: str | None = None, password: str | None = None):
        self.address = address
        self._token = token
        self._password = password
        self._fields = {}
        self._key = None

    def log_in(self) -> None:
        """Proves the password, where the device has one; UserError."""
        self._fields = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        about = self.ask("GET", "/api/login")
        if not about["claimed"]:
            return
        if self._key is None:
            self._key = self._key_of(bytes.fromhex(about["salt"]), about["iterations"])
        if self._token:
            return
        proof = {"nonce": about["nonce"], "proof": self._prove(about["nonce"], "login")}
        response, body = self._exchange("POST", "/api/login", json.dumps(proof).encode())
        self._accept(response, body)
        self._fields["Cookie"] = response.headers["Set-Cookie"].partition(";")[0]
        self._fields["X-CSRF"] = json.loads(body)["csrf"]

    def _key_of(self, salt, iterations):
        if self._password is None:
            self._password = os.environ.get("AMPRAIL_PASSWORD") or getpass.getpass("Password: ")
        return hashlib.pbkdf2_hmac("sha256", self._password.encode(), salt, iterations)

    def state(self) -> dict:
        """What it runs."""
        return self.ask("GET", "/api/update")

    def ask(self, method: str, path: str, body: bytes | None = None) -> dict:
        """One request; UserError if it is refused, Failure without an answer."""
        response, text = self._exchange(method, path, body)
        self._accept(response, text)
        try:
            return json.loads(text)
        except ValueError:
            raise Failure(f"{self.address}: {method} {path} gave no JSON") from None

    def put_key(self, pem: bytes) -> bytes:
        """Gives it another key; returns the key that it has now. UserError if it is refused."""
        response, text = self._exchange("PUT", "/api/update/key", pem)
        self._accept(response, text)
        return text

    def prepare(self) -> None:
        """Has it start again without its page if it wants that, for the memory; UserError."""
        if not self.state()["ready"]:
            self.ask("POST", "/api/update", b"")
            self.wait(lambda now: now["ready"])

    def send(self, content: bytes, older: bool = False) -> dict:
        """Sends a bundle; UserError with the device's reason if it refuses it."""
        self.prepare()
        return self.ask("PUT", "/api/update" + ("?older=1" if older else ""), content)

    def wait(self, until) -> dict:
        """Its state once `until(state)` is true; Failure."""
        end = time.monotonic() + RESTART_S
        while time.monotonic() < end:
            time.sleep(0.5)
            try:
                self.log_in()  # sessions end with the program
                now = self.state()
            except (Failure, UserError):
                continue
            if until(now):
                return now
        raise Failure(f"{self.address}: it did not start again within {RESTART_S} s")

    def fields(self, method: str) -> dict:
        """The fields by which a request is its owner's."""
        fields = dict(self._fields)
        if method == "PUT" and self._key:
            nonce = self.ask("GET", "/api/login")["nonce"]
            fields |= {"X-Nonce": nonce, "X-Proof": self._prove(nonce, "confirm")}
        return fields

    # It has few places for clients, fewer during an update, and little memory.
    def _exchange(self, method, path, body):
        for _ in range(TRIES):
            response, text = self._once(method, path, body)
            if response.status != 503:
                break
            time.sleep(AGAIN_S)
        return response, text

    def _once(self, method, path, body):
        fields = self.fields(method)
        try:
            with closing(http.client.HTTPConnection(self.address, timeout=30)) as connection:
                try:
                    connection.request(method, path, body, fields)
                except (BrokenPipeError, ConnectionResetError):
                    pass  # it refuses, and says why
                response = connection.getresponse()
                return response, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{self.address}: {error}") from None

    def _prove(self, nonce, text):
        message = bytes.fromhex(nonce) + text.encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def _accept(self, response, body):
        if response.status < 300:
            return
        try:
            error = dict(json.loads(body)["error"])
            text = REFUSALS[error["code"]].format(**error)
        except (ValueError, KeyError, TypeError):
            text = f"{response.status} {body.decode(errors='replace').strip()}"
        raise UserError(f"{self.address} refused: {text}")
