"""An update as one file: what lib/update/bundle.py says that it is."""

import asyncio
import hashlib
import tomllib
from pathlib import Path

from amprail_tools import ROOT, UserError, use_device_code
from amprail_tools.keys import modulus_of, signature_of

MANIFEST = "manifest"
PREAMBLE = b"amprail-bundle 1 %06d\n"


def version() -> str:
    """The version of this checkout."""
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]


def slot_files(slot: Path) -> list[tuple[str, bytes]]:
    """(path, content) of each file in a slot, as they stand in its manifest."""
    paths = [path for path in slot.rglob("*") if path.is_file()]
    files = [(path.relative_to(slot).as_posix(), path.read_bytes()) for path in paths]
    return sorted(file for file in files if file[0] != MANIFEST)


def manifest_of(files: list[tuple[str, bytes]], number: str) -> bytes:
    """The manifest of these files as version `number`."""
    lines = ["amprail 1", f"version {number}"]
    for path, content in files:
        lines.append(f"{hashlib.sha256(content).hexdigest()} {len(content)} {path}")
    return ("\n".join(lines) + "\n").encode()


def write_manifest(slot: Path, number: str | None = None) -> None:
    """Makes a slot whole: the launcher starts none without a manifest."""
    (slot / MANIFEST).write_bytes(manifest_of(slot_files(slot), number or version()))


def bundle_of(slot: Path, key) -> bytes:
    """The bundle of a whole slot, signed by `key` (as of `keys.read_private`)."""
    manifest = (slot / MANIFEST).read_bytes()
    return joined(manifest, signature_of(manifest, key), slot_files(slot))


def joined(manifest: bytes, signature: bytes, files: list[tuple[str, bytes]]) -> bytes:
    """The parts of a bundle in their order."""
    bodies = b"".join(content for _, content in files)
    return PREAMBLE % len(manifest) + manifest + signature + bodies


def parts_of(bundle: bytes) -> tuple[bytes, bytes, bytes]:
    """Manifest, signature and files of a bundle; ValueError."""
    use_device_code()
    from update.bundle import PREAMBLE as SIZE
    from update.bundle import manifest_size
    from update.signature import SIZE as SIGNATURE

    end = SIZE + manifest_size(bundle[:SIZE])
    return bundle[SIZE:end], bundle[end : end + SIGNATURE], bundle[end + SIGNATURE :]


def check(bundle: bytes, public: bytes | None = None) -> str:
    """The version in a bundle, looked at by the device's own code; UserError if it is damaged or
    not signed by the key whose public part is `public` (PEM)."""
    use_device_code()
    import io

    from update.bundle import head
    from update.entries import entries
    from update.signature import signed

    try:
        manifest, signature, bodies = parts_of(bundle)
        file = io.BytesIO(manifest)
        number = ".".join(map(str, head(file)))
        for digest, size, path in entries(file):
            if hashlib.sha256(bodies[:size]).digest() != digest:
                raise UserError(f"the bundle is damaged at {path}")
            bodies = bodies[size:]
    except ValueError as error:
        raise UserError(f"not an update bundle: {error}") from None
    if bodies:
        raise UserError(f"the bundle is {len(bodies)} bytes too long")
    digest = hashlib.sha256(manifest).digest()
    if public and not asyncio.run(signed(digest, signature, modulus_of(public))):
        raise UserError("the bundle is not signed by this key")
    return number
