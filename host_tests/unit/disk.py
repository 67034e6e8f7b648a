# A disk whose power is cut after some steps. Under MicroPython it is a real littlefs on a block
# device in memory; under CPython a model that is worse than any: what was not synced is lost.

import errno
import gc
import os
import sys

from settings import files as store

BLOCK = 512
BLOCKS = 12


class _Cut:
    """Counts steps; every one beyond the last that is allowed fails, and so do all after it."""

    def __init__(self):
        self.left = None

    def step(self):
        if self.left is not None:
            if self.left <= 0:
                raise OSError(errno.EIO, "no power")
            self.left -= 1


if sys.implementation.name == "micropython":
    import vfs

    class _Blocks:
        def __init__(self, cut, data):
            self.cut = cut
            self.data = data

        def readblocks(self, block, buffer, offset=0):
            memoryview(buffer)[:] = memoryview(self.data[block])[offset : offset + len(buffer)]

        def writeblocks(self, block, buffer, offset=None):
            if offset is None:
                self.erase(block)
                offset = 0
            self.cut.step()
            self.data[block][offset : offset + len(buffer)] = buffer

        def erase(self, block):
            self.cut.step()
            for at in range(BLOCK):
                self.data[block][at] = 255

        def ioctl(self, operation, argument):
            if operation == 4:
                return BLOCKS
            if operation == 5:
                return BLOCK
            if operation == 6:
                self.erase(argument)
            return 0

    class Disk:
        root = "/cut"

        def __init__(self):
            gc.collect()
            self._cut = _Cut()
            self._blocks = _Blocks(self._cut, [bytearray(BLOCK) for _ in range(BLOCKS)])
            vfs.VfsLfs2.mkfs(self._blocks, readsize=64, progsize=64)

        def cut_after(self, steps):
            self._cut.left = steps

        # What is left of the files that were open when the power went has no disk any more.
        def power_on(self):
            self._blocks.data, data = None, self._blocks.data
            self._cut = _Cut()
            self._blocks = _Blocks(self._cut, data)

        def __enter__(self):
            vfs.mount(vfs.VfsLfs2(self._blocks, readsize=64, progsize=64), self.root)

        def __exit__(self, *_):
            vfs.umount(self.root)

        def open(self, path, mode):
            return open(path, mode)

        def names(self):
            return sorted(os.listdir(self.root))

else:
    import io

    class _File(io.BytesIO):
        def __init__(self, disk, path, content):
            super().__init__(content)
            self.disk = disk
            self.path = path

        def write(self, data):
            self.disk._cut.step()
            count = super().write(data)
            self.disk._files[self.path] = self.getvalue()
            return count

        def fileno(self):
            return self.path

    class Disk:
        root = "/cut"

        def __init__(self):
            self._cut = _Cut()
            self._files = {}
            self._synced = {}

        def cut_after(self, steps):
            self._cut.left = steps

        def power_on(self):
            self._cut.left = None
            self._files = dict(self._synced)

        def __enter__(self):
            store.open = self.open
            store.os = self

        def __exit__(self, *_):
            del store.open
            store.os = os

        def open(self, path, mode):
            if mode == "wb":
                self._cut.step()
                self._files[path] = b""
                self._synced.setdefault(path, b"")
            return _File(self, path, self._files[path])

        def fsync(self, path):
            self._cut.step()
            self._synced[path] = self._files[path]

        def rename(self, old, new):
            self._cut.step()
            for files in (self._files, self._synced):
                files[new] = files.pop(old)

        def remove(self, path):
            self._cut.step()
            for files in (self._files, self._synced):
                files.pop(path, None)

        def names(self):
            return sorted(path.rpartition("/")[2] for path in self._files)
