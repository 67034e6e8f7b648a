# The launcher. It is never updated in the field and imports nothing of ours: what it starts may be
# broken. DATA/slot says which slot has its turn and how often that was started without becoming
# healthy (lib/update/slots.py). After three tries the other slot has its turn, after three more
# the one that was healthy last, with control only. A good one that loses power is not at fault.
# ROOT and DATA are "" and "/data" on a board; the Unix port gets them as arguments.

import machine
import os
import sys
import time


def read(name, known):
    try:
        with open(name) as file:
            return known[known.index(file.read(4).strip())]
    except (OSError, ValueError):
        return ""


def write(name, text):
    try:
        with open(data + "/new", "w") as file:
            file.write(text)
        os.rename(data + "/new", data + "/" + name)
    except OSError as error:  # a full or broken flash does not keep it from controlling
        print("launcher: {} not written: {}".format(name, error))


def choose():
    slots = [slot for slot in "ab" if read(root + "/" + slot + "/manifest", ["ampr"])]
    good = read(data + "/good", slots) or (slots + ["a"])[0]  # noqa: RUF005
    slot = read(data + "/slot", [s + n for s in slots for n in [""] + list("01234567")]) or good  # noqa
    slot, tries = slot[0], min(int(slot[1:] or 0) + 1, 7)
    if slot == good and tries < 4 and hasattr(machine, "reset_cause"):
        tries = 1 if machine.reset_cause() == machine.PWRON_RESET else tries
    if tries == 4 and len(slots) == 2:
        slot = "b" if slot == "a" else "a"
    if tries == 7:
        slot = good
    write("slot", slot + str(tries))
    return slot, tries


def blink(count):  # the LED's pin is in ROOT/led, negative for one that shines at 0
    try:
        with open(root + "/led") as file:
            pin = int(file.read(4))
        led = machine.Pin(abs(pin), machine.Pin.OUT)
        for step in range(2 * count):
            led.value((step % 2 == 0) == (pin >= 0))
            time.sleep_ms(200)
    except (OSError, ValueError, AttributeError):
        pass  # a board without one


code = 1
try:
    root, data = sys.argv[1:3] if len(sys.argv) > 2 else ("", "/data")
    slot, tries = choose()
    if hasattr(machine, "WDT"):
        machine.WDT(timeout=60000)
    if tries > 1:
        print("launcher: slot {}, try {}".format(slot, tries))
        blink(tries)
    del globals()["choose"], globals()["read"], globals()["blink"]  # it all needs the memory
    code_dir = root + "/" + slot
    sys.path[:0] = [code_dir + "/lib", code_dir]
    from app.start import main

    code = main(code_dir, data, tries)
except KeyboardInterrupt:  # somebody at the console wants the prompt
    if hasattr(machine, "WDT"):
        machine.WDT(timeout=3600000)
    machine = None
except Exception as error:
    sys.print_exception(error)
    write("died", repr(error)[:200])
finally:
    if hasattr(machine, "reset"):
        machine.reset()
    if machine:
        sys.exit(code)
