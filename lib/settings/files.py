# Replacing a file. What is written takes the old file's place only once it is whole: littlefs and
# POSIX both make a rename atomic.

import errno
import os


def write_file(path: str, chunks) -> None:
    """Puts a file of `chunks` (bytes) in the place of `path`, whole or not at all.

    Whatever `chunks` or the file system raises comes out, with the old file still in force.
    """
    new = path + ".new"
    done = False
    try:
        with open(new, "wb") as file:
            for chunk in chunks:
                if file.write(chunk) != len(chunk):
                    raise OSError(errno.EIO, "not all of it was written")
            file.flush()
            if hasattr(os, "fsync"):
                os.fsync(file.fileno())
        os.rename(new, path)
        done = True
    finally:
        if not done:
            _forget(new)


def _forget(path: str) -> None:
    try:
        os.remove(path)
    except OSError:
        pass
