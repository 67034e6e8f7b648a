# A bundle, by which a device gets another version of its firmware (tools/amprail_tools/bundle.py
# makes it):
#
#   amprail-bundle 1 009042     24 bytes: what it is, and the size of the manifest
#   the manifest                text, see below
#   the signature               384 bytes, over the manifest (`signature`)
#   the files                   in the order of the manifest, with nothing between them
#
# The manifest has a line each:
#
#   amprail 1
#   version 0.2.0
#   SHA-256 in hex, size, path      of each file, by path in ascending order
#
# Nothing is compressed, so nothing grows. It is checked though it is signed: whoever signs makes
# mistakes, and what is refused here never harms the file system.

PREAMBLE = 24
_NAME = b"amprail-bundle 1 "
_HEAD = b"amprail 1\n"
_VERSION = b"version "

_MANIFEST_SIZE = 24 * 1024
_LINE = 160


class Refused(ValueError):
    """Why an update is not installed: a code, then names and values that go with it."""


def manifest_size(preamble: bytes) -> int:
    """What the first 24 bytes of a bundle say; Refused."""
    size = preamble[len(_NAME) : -1]
    if preamble[: len(_NAME)] != _NAME or preamble[-1:] != b"\n" or not size.isdigit():
        raise Refused("update_format")
    if not 0 < int(size) <= _MANIFEST_SIZE:
        raise Refused("update_manifest", "size", int(size), "most", _MANIFEST_SIZE)
    return int(size)


def head(file) -> tuple:
    """Reads the first two lines of a manifest; gives the version as three numbers; Refused."""
    if file.readline(_LINE) != _HEAD:
        raise Refused("update_manifest", "line", 1)
    line = file.readline(_LINE)
    if line[: len(_VERSION)] != _VERSION or line[-1:] != b"\n":
        raise Refused("update_manifest", "line", 2)
    return _version(line[len(_VERSION) : -1])


def name(version: tuple) -> str:
    """A version as people write it."""
    return "%d.%d.%d" % version


def _version(text):
    parts = text.split(b".")
    numbers = tuple([int(part) for part in parts if part.isdigit() and len(part) < 5])
    if len(numbers) != 3 or b"%d.%d.%d" % numbers != text:
        raise Refused("update_manifest", "line", 2)
    return numbers
