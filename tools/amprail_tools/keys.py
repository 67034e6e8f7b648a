"""Make the key by which you sign updates for your devices.

The private key, RSA with 3072 bits, is written to a folder of yours outside of any checkout,
readable by you alone; `flash` and the page put the public one on a device. Whoever has the
private key can install anything on it, and without it a device takes no update until another key
is put there, which asks for its password: keep a copy where you keep what matters.
"""

import argparse
import os
from pathlib import Path

from amprail_tools import ROOT, UserError, say, use_device_code

FOLDER = Path("~/.config/amprail").expanduser()
PRIVATE = FOLDER / "update_key.private.pem"
BITS = 3072


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--key",
        type=Path,
        default=PRIVATE,
        metavar="FILE",
        help="where the private key goes (default: %(default)s)",
    )


def main(arguments: argparse.Namespace) -> int:
    path = arguments.key
    make(path)
    say(f"private key: {path} (keep a copy, and keep it to yourself)")
    say(f"public key: {public_path(path)}")
    print(fingerprint(public_path(path).read_bytes()))
    return 0


def public_path(private: Path) -> Path:
    """Where the public key lies beside a private one."""
    name = private.name.removesuffix(".pem").removesuffix(".private")
    return private.with_name(name + ".public.pem")


def on_device(path: Path = PRIVATE) -> dict[str, bytes]:
    """The public key as a device's data directory has it; nothing if there is none yet."""
    public = public_path(path)
    return {"update_key.pem": public.read_bytes()} if public.exists() else {}


def make(path: Path) -> None:
    """Makes a pair of keys; UserError where there is one already, or in a checkout."""
    from cryptography.hazmat.primitives import serialization
    from cryptography.hazmat.primitives.asymmetric import rsa

    if path.exists():
        raise UserError(f"--key {path}: is there already, expected a new file")
    if path.resolve().is_relative_to(ROOT):
        raise UserError(f"--key {path}: is in the checkout, expected a folder outside of it")
    key = rsa.generate_private_key(65537, BITS)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(pem)
    public_path(path).write_bytes(public_of(key))


def public_of(key) -> bytes:
    """The public key of a private one, in PEM."""
    from cryptography.hazmat.primitives import serialization

    return key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )


def read_private(path: Path):
    """The private key in a file; UserError if there is none of RSA with 3072 bits."""
    from cryptography.hazmat.primitives import serialization

    try:
        key = serialization.load_pem_private_key(path.read_bytes(), None)
    except FileNotFoundError:
        raise UserError(f"--key {path}: no such file (`tools/amprail keys` makes one)") from None
    except (OSError, ValueError, TypeError) as error:
        text = str(error).splitlines()[0]
        raise UserError(f"--key {path}: no private key in PEM without password: {text}") from None
    if getattr(key, "key_size", 0) != BITS or not hasattr(key, "private_numbers"):
        raise UserError(f"--key {path}: expected RSA with {BITS} bits")
    return key


def signature_of(content: bytes, key) -> bytes:
    """PKCS#1 v1.5 with SHA-256."""
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.asymmetric import padding

    return key.sign(content, padding.PKCS1v15(), hashes.SHA256())


def modulus_of(pem: bytes) -> bytes:
    """The modulus of a public key, as the device reads it; ValueError."""
    use_device_code()
    from update.signature import modulus

    return modulus(pem)


def fingerprint(pem: bytes) -> str:
    """By which people compare public keys, as the page shows it."""
    use_device_code()
    from update import signature

    return signature.fingerprint(pem)
