# Updates as a test wants them, right and wrong, and a device's file system to put them on.

import binascii
import hashlib
import os

from both import a_folder, run
from update_test_keys import OWNER

FILES = (("app/start.mpy", b"start" * 900), ("lib/clock.mpy", b"c"), ("page/index.html.gz", b""))


class Key:
    """A private key: two primes."""

    def __init__(self, primes):
        self.p, self.q = [int(prime, 16) for prime in primes]
        self.modulus = self.p * self.q
        self.der = BEFORE + self.modulus.to_bytes(384, "big") + b"\x02\x03\x01\x00\x01"

    def pem(self):
        text = binascii.b2a_base64(self.der).strip()
        lines = [text[at : at + 64] for at in range(0, len(text), 64)]
        begin, end = b"-----BEGIN PUBLIC KEY-----\n", b"\n-----END PUBLIC KEY-----\n"
        return begin + b"\n".join(lines) + end

    def sign(self, content):
        """PKCS#1 v1.5 with SHA-256, by the Chinese remainder theorem."""
        return self.power(padded(hashlib.sha256(content).digest()))

    def power(self, block):
        value = int.from_bytes(block, "big")
        p, q = self.p, self.q
        at_p = pow(value % p, private(p), p)
        at_q = pow(value % q, private(q), q)
        # Fermat's little theorem: the inverse of q
        whole = at_q + (at_p - at_q) * pow(q, p - 2, p) % p * q
        return whole.to_bytes(384, "big")


BEFORE = binascii.unhexlify(b"308201a2300d06092a864886f70d01010105000382018f003082018a0282018100")
SHA256 = binascii.unhexlify(b"3031300d060960864801650304020105000420")


def private(prime):
    """The inverse of 65537 modulo prime - 1."""
    a, b, x, y = 65537, prime - 1, 1, 0
    while b:
        a, b, x, y = b, a % b, y, x - a // b * y
    return x % (prime - 1)


def padded(digest, block=384):
    return b"\x00\x01" + b"\xff" * (block - 3 - 19 - 32) + b"\x00" + SHA256 + digest


def line(path, content, size=None):
    digest = binascii.hexlify(hashlib.sha256(content).digest())
    return digest + b" %d " % (len(content) if size is None else size) + path.encode() + b"\n"


def manifest(files=FILES, version="0.2.0"):
    lines = [line(path, content) for path, content in files]
    return b"amprail 1\nversion %s\n" % version.encode() + b"".join(lines)


def bundle(text=None, files=FILES, key=OWNER, version="0.2.0"):
    """A bundle with the manifest `text`, signed by `key`."""
    text = manifest(files, version) if text is None else text
    bodies = b"".join([content for _, content in files])
    return b"amprail-bundle 1 %06d\n" % len(text) + text + Key(key).sign(text) + bodies


class Upload:
    """What an exchange has of a request: `left`, and the body in pieces of odd sizes."""

    def __init__(self, body, left=None, fails=None):
        self.body = body
        self.at = 0
        self.left = len(body) if left is None else left
        self.fails = fails
        self.step = None

    async def read(self, most=2048):
        if self.step:
            self.step()
        part = self.body[self.at : self.at + min(most, 701)]
        if not part and self.left:
            raise self.fails
        self.at += len(part)
        self.left -= len(part)
        return part


class It:
    """Any object."""


def no_chargers():
    cycle = It()
    cycle.rows = It()
    cycle.rows.count = 0
    cycle.grid = It()
    cycle.grid.ok, cycle.grid.static, cycle.grid.limit_ma = True, False, 63000
    return cycle


class Device:
    """The file system of a device in a folder of its own; slot a runs version 0.1.0."""

    def __init__(self):
        self.root = a_folder()
        self.code_dir = self.root + "/a"
        self.data_dir = self.root + "/data"
        self.cycle = no_chargers()
        self.busy = False

    def __enter__(self):
        for slot, version in (("a", "0.1.0"), ("b", "0.0.9")):
            self.put(slot + "/manifest", manifest(version=version))
            for path, content in FILES:
                self.put(slot + "/" + path, content + slot.encode())
        self.put("data/slot", b"a")
        self.put("data/good", b"a")
        self.put("data/site.json", b"{}")
        self.put("data/answered", b"1 0 chargers 63000 mA")
        self.put("data/update_key.pem", Key(OWNER).pem())
        return self

    def put(self, path, content):
        parts = path.split("/")
        for at in range(1, len(parts)):
            folder = self.root + "/" + "/".join(parts[:at])
            try:
                os.stat(folder)
            except OSError:
                os.mkdir(folder)
        with open(self.root + "/" + path, "wb") as file:
            file.write(content)

    def tree(self, folder=""):
        """{path: content} of all files, and None for folders."""
        found = {}
        for name in os.listdir(self.root + folder):
            path = folder + "/" + name
            if os.stat(self.root + path)[0] & 0x4000:
                found[path] = None
                found.update(self.tree(path))
            else:
                with open(self.root + path, "rb") as file:
                    found[path] = file.read()
        return found

    def install(self, upload, older=False):
        from app import updater

        upload = upload if isinstance(upload, Upload) else Upload(upload)
        return run(updater.install(upload, self, older))

    def refuses(self, upload, code, older=False):
        """Nothing changes; returns the reason's arguments, of which `code` is the first."""
        from update.bundle import Refused

        before = self.tree()
        try:
            self.install(upload, older)
        except Refused as refused:
            assert refused.args[0] == code, refused.args
            assert self.tree() == before
            return refused.args
        raise AssertionError("it was installed")

    def __exit__(self, *_):
        self._remove(self.root)

    def _remove(self, folder):
        for name in os.listdir(folder):
            path = folder + "/" + name
            if os.stat(path)[0] & 0x4000:
                self._remove(path)
            else:
                os.remove(path)
        os.rmdir(folder)
