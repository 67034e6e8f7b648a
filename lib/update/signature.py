# Whether the owner of the device has signed: RSA with 3072 bits, PKCS#1 v1.5, SHA-256 (RFC 8017,
# 8.2.2). MicroPython verifies no signatures. `pow` with three arguments would take 0.1 s on an
# ESP32 and 5 KB at once, so the power is made in steps. The block that a signature has to be is
# made whole and compared: padding that is parsed has been forged before (CVE-2006-4339).
#
# The key is DATA/update_key.pem, as openssl writes a public key. Its exponent is 65537, so that
# all bytes but the modulus are always the same (RFC 8017, A.1.1; RFC 5280, 4.1.2.7).

import binascii
import hashlib

from clock import sleep_ms

SIZE = 384
KEY = "/update_key.pem"

_BEGIN = "-----BEGIN PUBLIC KEY-----"
_END = "-----END PUBLIC KEY-----"
_BEFORE = binascii.unhexlify(b"308201a2300d06092a864886f70d01010105000382018f003082018a0282018100")
_AFTER = b"\x02\x03\x01\x00\x01"
_SHA256 = binascii.unhexlify(b"3031300d060960864801650304020105000420")
_PEM_SIZE = 1024


def modulus(pem: bytes) -> bytes:
    """The modulus of a public key in PEM; ValueError unless it is one of RSA with 3072 bits and
    the exponent 65537."""
    if len(pem) > _PEM_SIZE:
        raise ValueError("longer than a key")
    lines = pem.decode().strip().split("\n")
    if lines[0].strip() != _BEGIN or lines[-1].strip() != _END:
        raise ValueError("no public key in PEM")
    der = binascii.a2b_base64("".join([line.strip() for line in lines[1:-1]]))
    number = der[len(_BEFORE) : -len(_AFTER)]
    if der != _BEFORE + number + _AFTER or len(number) != SIZE:
        raise ValueError("not RSA with 3072 bits and 65537")
    if number[0] < 128 or not number[-1] & 1:
        raise ValueError("not a modulus")
    return number


def read_key(data_dir: str) -> bytes:
    """The owner's key as PEM; OSError, ValueError."""
    with open(data_dir + KEY, "rb") as file:
        pem = file.read(_PEM_SIZE + 1)
    modulus(pem)
    return pem


def write_key(data_dir: str, pem: bytes) -> None:
    """Puts another key in its place; OSError, ValueError."""
    from settings.files import write_file

    modulus(pem)
    write_file(data_dir + KEY, (pem,))


def fingerprint(pem: bytes) -> str:
    """By which people compare keys: SHA-256 over the modulus, the first 16 bytes of it."""
    return binascii.hexlify(hashlib.sha256(modulus(pem)).digest()[:16]).decode()


async def signed(digest: bytes, signature: bytes, number: bytes) -> bool:
    """Whether the key with the modulus `number` signed what has this SHA-256."""
    value = int.from_bytes(signature, "big")
    whole = int.from_bytes(number, "big")
    if len(signature) != SIZE or value >= whole:
        return False
    power = value
    for _ in range(16):
        power *= power
        power %= whole
        await sleep_ms(0)
    power = (power * value % whole).to_bytes(SIZE, "big")
    padding = b"\xff" * (SIZE - 3 - len(_SHA256) - len(digest))
    return power == b"\x00\x01" + padding + b"\x00" + _SHA256 + digest
