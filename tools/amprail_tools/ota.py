"""Update a device over the network.

It gets the bundle that `sign` would make of this checkout, or the one in --bundle, and goes on
controlling meanwhile; the chargers stay as told while it starts the new version. What does not
become healthy within a few minutes is undone by itself. The password of the device is asked for,
or taken from the environment, AMPRAIL_PASSWORD.
"""

import argparse
import getpass
import hashlib
import hmac
import http.client
import json
import os
import time
from pathlib import Path

from amprail_tools import Failure, UserError, say, sign

RESTART_S = 60

# What the device refuses with, for people. `{name}` is a number or text that comes along.
REFUSALS = {
    "update_key": "it has no key of an owner, or this is none",
    "update_trial": "what it runs has not shown yet that it works: try again in two minutes",
    "update_computer": "it is a computer, updated by updating its checkout",
    "update_unready": "it has to be started for an update first",
    "update_signature": "the bundle is not signed by the key that the device has",
    "update_older": "{version} is older than {running}, which it runs (--older installs it)",
    "update_space": "it has no room for the bundle",
    "update_flash": "its flash failed (error {errno})",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("address", metavar="ADDRESS", help="of the device, as 192.168.1.20[:80]")
    sign.add_key(parser)
    parser.add_argument("--bundle", type=Path, metavar="FILE", help="a bundle that is signed")
    parser.add_argument(
        "--older", action="store_true", help="install it even if the device runs a newer version"
    )


def main(arguments: argparse.Namespace) -> int:
    content, number = _content(arguments)
    device = Device(arguments.address)
    device.log_in()
    was = device.state()
    say(f"{arguments.address} runs {was['version']}; sending {number}, {len(content)} bytes ...")
    device.send(content, arguments.older)
    say("installed; it starts again ...")
    now = device.wait(lambda now: now["slot"] != was["slot"])
    say(f"it runs {now['version']} (slot {now['slot']}), on trial for two minutes")
    return 0


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
    """A device, as its owner's browser sees it (firmware/app/login.py)."""

    def __init__(self, address: str):
        self.address = address
        self._fields = {}
        self._key = None

    def log_in(self) -> None:
        """Proves the password, where the device asks for one; UserError."""
        about = self.ask("GET", "/api/login", missing={})
        if not about.get("claimed"):
            return
        password = os.environ.get("AMPRAIL_PASSWORD") or getpass.getpass("Password: ")
        salt = bytes.fromhex(about["salt"])
        rounds = about["iterations"]
        self._key = hashlib.pbkdf2_hmac("sha256", password.encode(), salt, rounds)
        proof = {"nonce": about["nonce"], "proof": self._prove(about["nonce"], "login")}
        response, body = self._exchange("POST", "/api/login", json.dumps(proof).encode())
        self._accept(response, body)
        self._fields["Cookie"] = response.headers["Set-Cookie"].partition(";")[0]
        self._fields["X-CSRF"] = json.loads(body)["csrf"]

    def state(self) -> dict:
        """What it runs."""
        return self.ask("GET", "/api/update")

    def ask(self, method: str, path: str, body: bytes | None = None, missing=None) -> dict:
        """One request; `missing` if there is no such route; UserError, Failure."""
        response, text = self._exchange(method, path, body)
        if response.status == 404 and missing is not None:
            return missing
        self._accept(response, text)
        return json.loads(text)

    def prepare(self) -> None:
        """Has it start again without its page, for the memory; UserError."""
        if not self.state()["ready"]:
            self.ask("POST", "/api/update", b"")
            self.wait(lambda now: now.get("ready"))

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
                self._fields.clear()  # sessions end with the program
                self.log_in()
                now = self.state()
            except (Failure, UserError):
                continue
            if until(now):
                return now
        raise Failure(f"{self.address}: it did not start again within {RESTART_S} s")

    def _exchange(self, method, path, body):
        fields = dict(self._fields)
        if method in ("PUT", "POST") and self._key and path != "/api/login":
            nonce = self.ask("GET", "/api/login")["nonce"]
            fields |= {"X-Nonce": nonce, "X-Proof": self._prove(nonce, "confirm")}
        connection = http.client.HTTPConnection(self.address, timeout=30)
        try:
            try:
                connection.request(method, path, body, fields)
            except (BrokenPipeError, ConnectionResetError):
                pass  # it refuses, and says why
            response = connection.getresponse()
            return response, response.read()
        except (OSError, http.client.HTTPException) as error:
            raise Failure(f"{self.address}: {error}") from None
        finally:
            connection.close()

    def _prove(self, nonce, text):
        message = bytes.fromhex(nonce) + text.encode()
        return hmac.new(self._key, message, hashlib.sha256).hexdigest()

    def _accept(self, response, body):
        if response.status < 300:
            return
        try:
            error = json.loads(body)["error"]
        except (ValueError, KeyError, TypeError):
            error = {"code": f"http_{response.status}"}
        text = REFUSALS.get(error["code"])
        rest = ", ".join(f"{name} {value}" for name, value in error.items() if name != "code")
        text = text.format(**error) if text else f"{error['code']} {rest}".strip()
        raise UserError(f"{self.address} refused: {text}")
