# Replacing files. What is written takes the old file's place only once it is whole: littlefs and
# POSIX both make a rename atomic.

import errno
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
