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

import binascii

PREAMBLE = 24
_NAME = b"amprail-bundle 1 "
_HEAD = b"amprail 1\n"
_VERSION = b"version "

_MANIFEST_SIZE = 24 * 1024
_FILE_SIZE = 256 * 1024
_FILES = 256
_LINE = 160
_PATH = 64
_FOLDERS = ("app", "boards", "lib", "page")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789_-."


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


def entries(file):
    """Yields the SHA-256, the size and the path of each file in what is left of a manifest after
    `head`; Refused."""
    last = ""
    number = 2
    while True:
        line = file.readline(_LINE)
        if not line:
            break
        number += 1
        try:
            digest, size, path = _entry(line)
        except ValueError:
            raise Refused("update_manifest", "line", number)
        if path <= last or number > _FILES + 2:
            raise Refused("update_manifest", "line", number)
        last = path
        yield digest, size, path


def _entry(line):
    digest, size, path = line.split(b" ")
    if line[-1:] != b"\n" or not size.isdigit() or len(size) > 6 or int(size) > _FILE_SIZE:
        raise ValueError
    digest = binascii.unhexlify(digest)
    if len(digest) != 32 or not _good(path[:-1]):
        raise ValueError
    return digest, int(size), path[:-1].decode()


# Folders have no dot and files do, so none is in the place of the other, and none leads out.
def _good(path):
    *folders, name = path.split(b"/")
    if not folders or folders[0].decode() not in _FOLDERS or len(path) > _PATH:
        return False
    for part in folders + [name]:  # noqa: RUF005
        if not part or [letter for letter in part if letter not in _LETTERS]:
            return False
        if (b"." in part) != (part is name) or b".." in part or part[:1] == b".":
            return False
    return True
