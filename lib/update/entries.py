# The lines of a manifest (`update.bundle`) after its head: the files.

import binascii

from update.bundle import Refused

_FILE_SIZE = 256 * 1024
_FILES = 256
_LINE = 160
_PATH = 64
_FOLDERS = ("app", "boards", "lib", "page")
_LETTERS = b"abcdefghijklmnopqrstuvwxyz0123456789_-."


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
