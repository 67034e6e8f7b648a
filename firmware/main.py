# The launcher. It is never updated in the field and imports nothing of ours: what it starts may be
# broken. Every start is a try, counted in DATA/tries; the firmware removes it once it is healthy.
# After three tries without that it is the other slot's turn. ROOT and DATA are "" and "/data" on a
# board; the Unix port gets them as arguments.

import machine
import os
import sys


def read(name, known):
    try:
        with open(data + "/" + name) as file:
            return known[known.index(file.read(4).strip())]
    except (OSError, ValueError):
        return known[0]


def write(name, text):
    try:
        with open(data + "/new", "w") as file:
            file.write(text)
        os.rename(data + "/new", data + "/" + name)
    except OSError as error:  # a full or broken flash does not keep it from controlling
        print("launcher: {} not written: {}".format(name, error))


def choose():
    slots = [slot for slot in ("a", "b") if slot in os.listdir(root or "/")]
    slot, tries = read("slot", slots), int(read("tries", "0123"))
    back = tries == 3 and len(slots) == 2
    write("tries", "1" if back else str(min(tries + 1, 3)))  # first: a power cut gives it a try
    if back:
        slot = "b" if slot == "a" else "a"
        write("slot", slot)
        print("launcher: three tries failed, slot " + slot)
    return slot


code = 1
try:
    root, data = sys.argv[1:3] if len(sys.argv) > 2 else ("", "/data")
    code_dir = root + "/" + choose()
    sys.path[:0] = [code_dir + "/lib", code_dir]
    from app.start import main

    code = main(code_dir, data)
except KeyboardInterrupt:  # somebody at the console wants the prompt
    machine = None
except Exception as error:
    sys.print_exception(error)
finally:
    if hasattr(machine, "reset"):
        machine.reset()
    if machine:
        sys.exit(code)
