# Writing the settings. What is written takes the old file's place only once it is whole: littlefs
# and POSIX both make a rename atomic.

import errno
import json
import os


class Staged:
    """A file beside `path` that takes its place with `keep()`, when it is whole and saved, or is
    gone with `drop()`, which does nothing after that. OSError; the old file is in force then."""

    def __init__(self, path: str):
        self._path = path
        self._new = path + ".new"
        self._file = open(self._new, "wb")

    def write(self, chunk: bytes) -> None:
        if self._file.write(chunk) != len(chunk):
            raise OSError(errno.EIO, "not all of it was written")

    def keep(self) -> None:
        self._file.flush()
        if hasattr(os, "fsync"):
            os.fsync(self._file.fileno())
        self._file.close()
        os.rename(self._new, self._path)
        self._new = ""

    def drop(self) -> None:
        if self._new:
            try:
                self._file.close()
            except OSError:
                pass  # what is in it does not count
            _forget(self._new)
            self._new = ""


def write_file(path: str, chunks) -> None:
    """Puts a file of `chunks` (bytes) in the place of `path`, whole or not at all.

    Whatever `chunks` or the file system raises comes out, with the old file still in force.
    """
    staged = Staged(path)
    try:
        for chunk in chunks:
            staged.write(chunk)
        staged.keep()
    finally:
        staged.drop()


def _forget(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass


# Both files at once: first both lie beside the old ones, whole and saved; from the moment when
# `both` is there, they count. What is left to do is to rename them, which is done again after a
# power cut, before anybody reads them.
STAGED = ".both"
_MARK = "/both.restored"
_FILES = ("/site.json", "/chargers.jsonl")


def commit_both(data_dir: str) -> None:
    """Puts the two files that are staged under their names and STAGED in force, both or none;
    OSError."""
    write_file(data_dir + _MARK, ())
    end(data_dir)


def end(data_dir: str) -> None:
    """Ends what a power cut may have left of `commit_both`. OSError: try again."""
    try:
        open(data_dir + _MARK, "rb").close()
        whole = True
    except OSError as error:
        if error.errno != errno.ENOENT:
            raise
        whole = False
    for name in _FILES:
        path = data_dir + name
        try:
            if whole:
                os.rename(path + STAGED, path)
            else:
                os.remove(path + STAGED)
        except OSError as error:
            if error.errno != errno.ENOENT:  # renamed before, or never there
                raise
    if whole:
        os.remove(data_dir + _MARK)


def write_site(data_dir: str, site: dict) -> None:
    """Checks `site` and writes it as it is, without defaults; SettingsError, OSError."""
    from settings.schema import check_site
    from settings.store import SITE_SIZE

    check_site(site)
    raw = dumped("site.json", site, SITE_SIZE)
    write_file(data_dir + "/site.json", (raw, b"\n"))


def write_chargers(data_dir: str, chargers) -> None:
    """Writes an iterable of chargers, one a line; SettingsError, OSError.

    One that is wrong refuses all, and the old file stays.
    """
    write_file(data_dir + "/chargers.jsonl", _dumped_chargers(chargers))


def _dumped_chargers(chargers):
    from settings.schema import SettingsError, check_charger
    from settings.store import CHARGERS, LINE_SIZE, once

    seen = bytearray(CHARGERS + 1)
    number = 0
    for charger in chargers:
        number += 1
        where = "chargers.jsonl line {}".format(number)
        if number > CHARGERS:
            raise SettingsError("{}: more than {} chargers".format(where, CHARGERS))
        once(where, check_charger(charger, where), seen)
        yield dumped(where, charger, LINE_SIZE)
        yield b"\n"


# CPython escapes what is not ASCII, as pairs of halves that MicroPython does not join again; so
# it is told not to, which MicroPython neither needs nor knows. What was written is read once more:
# a NaN in an unknown key would make a file that nobody can read.
def dumped(where: str, settings: dict, most: int) -> bytes:
    """The line of a file; SettingsError where it would be longer than `most` or unreadable."""
    from settings.schema import SettingsError
    from settings.store import parsed

    try:
        raw = json.dumps(settings, ensure_ascii=False)  # pyright: ignore[reportCallIssue]
    except TypeError:
        raw = json.dumps(settings)
    raw = raw.encode()
    if len(raw) > most:
        raise SettingsError("{}: is longer than {} bytes".format(where, most))
    parsed(where, raw)
    return raw
