# A board from its reset on, under the Unix port: the file system in the flash given is the root,
# and its /main.py runs. The pins and the radio are fakes; the line is a pty with a meter.
#
#   board_program.py FAKES MODULES NAMES FLASH OFFSET CHIP SERIAL ENABLE HOST PORT

import os
import sys
import vfs

fakes, modules, names, flash, offset, chip, serial, enable, host, port = sys.argv[1:11]
sys.path[:0] = [modules + "/lib", modules, fakes]

import boards.linux.board as computer  # noqa: E402
import fake_machine as machine  # noqa: E402
import neopixel  # noqa: E402, F401
import radio  # noqa: E402

sys.modules["machine"] = machine
sys.modules["network"] = radio.Air()
machine.chip = chip
machine.enable = int(enable)
machine.line = computer.open_port(serial, 9600)


class Flash:
    """The file as MicroPython's Partition shows it."""

    def __init__(self, path, begin):
        self._file = open(path, "r+b")
        self._begin = begin
        self._blocks = (os.stat(path)[6] - begin) // 4096

    def readblocks(self, block, buffer, at=0):
        self._file.seek(self._begin + block * 4096 + at)
        self._file.readinto(buffer)

    def writeblocks(self, block, buffer, at=0):
        self._file.seek(self._begin + block * 4096 + at)
        self._file.write(buffer)

    def ioctl(self, op, argument):
        if op == 4:
            return self._blocks
        if op == 5:
            return 4096
        if op == 6:
            self.writeblocks(argument, b"\xff" * 4096)
            return 0


short = {}
with open(names) as file:
    for text in file:
        new, old = text.split()
        short[old] = new

# A mount without parameters, as MicroPython's _boot.py does it.
partition = Flash(flash, int(offset))
vfs.umount("/")
vfs.mount(partition, "/")

# The page is for this computer only, and at a port that anybody may have.
sys.path[:] = ["/a/lib", "/a"]
for name in [name for name in sys.modules if name.split(".")[0] == "boards"]:
    sys.modules.pop(name)
import boards.esp32  # noqa: E402

board = getattr(boards.esp32, short.get("Esp32", "Esp32"))
setattr(board, short.get("arguments", "arguments"), lambda self: ("rs485", int(port), host))

del sys.path[:]
sys.argv[1:] = []
exec(open("/main.py").read(), {"__name__": "__main__"})
