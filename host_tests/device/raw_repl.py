# A board's console as mpremote meets it, under the Unix port: MicroPython's raw REPL on stdin and
# stdout, with the folder given as its file system (docs/reference/repl.rst of MicroPython).
#
#   raw_repl.py FAKES FOLDER

import io
import os
import sys
import vfs

sys.path.insert(0, sys.argv[1])
import fake_machine as machine

sys.modules["machine"] = machine
vfs.umount("/")
vfs.mount(vfs.VfsPosix(sys.argv[2]), "/")
os.chdir("/")

PROMPT = "raw REPL; CTRL-B to exit\r\n>"


def write(text):
    sys.stdout.buffer.write(text)


def run(code, names):
    write(b"OK")
    error = io.BytesIO()
    try:
        exec(code, names)
    except Exception as raised:
        sys.print_exception(raised, error)
    write(b"\x04" + error.getvalue() + b"\x04>")


names = {"__name__": "__main__"}
code = b""
while True:
    byte = sys.stdin.buffer.read(1)
    if not byte:
        break
    if byte == b"\x01":
        write(PROMPT.encode())
    elif byte == b"\x04" and not code.strip():
        names = {"__name__": "__main__"}
        write(b"OK\r\nMPY: soft reboot\r\n" + PROMPT.encode())
    elif byte == b"\x04":
        run(code, names)
    elif byte == b"\x05":  # raw paste, which a board may lack
        sys.stdin.buffer.read(2)
        write(b"R\x00")
    elif byte not in b"\x02\x03":
        code += byte
        continue
    code = b""
