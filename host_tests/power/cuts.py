# Under MicroPython: an operation on a real littlefs, whose power is cut at every program and
# erase, and a real start of the launcher after each cut. `test_power_cuts.py` and `tools/amprail
# power` run it: cuts.py LAUNCHER OPERATION PAIRS SEED, or cuts.py LAUNCHER wear SLOT, and it
# prints one line of JSON.
#
# An operation is run once, and what it does to the flash is written down. Power that is cut at
# step N leaves what the first N steps did, or these and a half of the next one. Nothing that runs
# afterwards knows of the cut.

import gc
import json
import os
import random
import sys
import vfs

from bundles import Key, Upload, bundle, manifest, no_chargers
from both import run
from update_test_keys import OWNER

BLOCK = 4096  # of an ESP32's flash; what littlefs reads and programs at once is 32 bytes there
BLOCKS = 512
ROOT = "/cut"
DATA = ROOT + "/data"

# What the slots of these tests hold: firmware that looks whether it is whole.
START = b"""\
import binascii
import hashlib
import seen


def main(code_dir, data_dir, tries):
    with open(code_dir + "/manifest", "rb") as manifest:
        manifest.readline()
        version = manifest.readline()[8:-1]
        for line in manifest:
            digest, size, path = line.split(b" ")
            with open(code_dir + "/" + path[:-1].decode(), "rb") as file:
                content = file.read()
            if hashlib.sha256(content).digest() != binascii.unhexlify(digest):
                raise ValueError("damaged: %s" % path)
            if len(content) != int(size):
                raise ValueError("cut: %s" % path)
    seen["ran"] = (code_dir[-1], version.decode(), tries)
    return 0
"""


def files(version):
    """What a slot holds, larger than a block, smaller, and empty."""
    other = version.encode() * 1500
    return (("app/start.py", START), ("lib/a.mpy", other), ("lib/b.mpy", b"b"), ("lib/c.mpy", b""))


class Flash:
    """Blocks of flash over others that stay as they are; `steps` are written down if it is a list:
    (block, offset, bytes), or None in the place of the bytes for an erase."""

    def __init__(self, under):
        self.under = under
        self.blocks = {}
        self.steps = None
        self.programs = self.erases = 0

    def block(self, number):
        return self.blocks.get(number) or self.under[number]

    def readblocks(self, number, buffer, offset=0):
        buffer[:] = memoryview(self.block(number))[offset : offset + len(buffer)]

    def writeblocks(self, number, buffer, offset=None):
        if offset is None:
            self.step(number, 0, None)
            offset = 0
        self.step(number, offset, bytes(buffer))

    def step(self, number, offset, content):
        if self.steps is not None:
            self.steps.append((number, offset, content))
        self.apply(number, offset, content)

    def apply(self, number, offset, content, part=1):
        block = self.blocks.get(number)
        if block is None:
            block = self.blocks[number] = bytearray(self.under[number])
        if content is None:
            self.erases += 1
            end = BLOCK // part
            block[:end] = b"\xff" * end
        else:
            self.programs += 1
            content = content[: len(content) // part]
            block[offset : offset + len(content)] = content

    def flat(self):
        """All blocks, to put another one over."""
        return [self.block(number) for number in range(BLOCKS)]

    def ioctl(self, operation, argument):
        if operation == 4:
            return BLOCKS
        if operation == 5:
            return BLOCK
        if operation == 6:
            self.step(argument, 0, None)
        return 0


class Mounted:
    def __init__(self, flash):
        self.flash = flash

    def __enter__(self):
        vfs.mount(vfs.VfsLfs2(self.flash), ROOT)

    def __exit__(self, *_):
        vfs.umount(ROOT)


# What ran: said by the firmware of the slot, for which it is a module.
seen = {}
sys.modules["seen"] = seen


def start(flash):
    """A real start of the launcher; (slot, version, tries) of what ran whole, None of nothing."""
    seen["ran"] = None
    kept = {name: sys.modules.pop(name) for name in list(sys.modules) if name[:3] == "app"}
    path = list(sys.path)
    with Mounted(flash):
        try:
            exec(LAUNCHER, {"__name__": "__main__"})
        except SystemExit:
            pass
    sys.path[:] = path
    for name in [name for name in sys.modules if name[:3] == "app"]:
        del sys.modules[name]
    sys.modules.update(kept)
    return seen["ran"]


# -- the file system before an operation --


def put(path, content):
    parts = path.split("/")
    for at in range(1, len(parts)):
        try:
            os.mkdir(ROOT + "/" + "/".join(parts[:at]))
        except OSError:
            pass
    with open(ROOT + "/" + path, "wb") as file:
        file.write(content)


def put_slot(slot, version):
    for path, content in files(version):
        put(slot + "/" + path, content)
    put(slot + "/manifest", manifest(files(version), version))


OLD_SITE = {"limit_ma": 63000, "supply_ma": 63000, "meter": None, "name": "old" * 5}
NEW_SITE = {"limit_ma": 50000, "supply_ma": 32000, "meter": None, "name": "new" * 9}


def lines(name, count):
    url = "http://192.168.1.{}"
    return [
        {"id": at, "name": name * 3, "driver": "warp", "url": url.format(at), "max_ma": 16000}
        for at in range(1, count + 1)
    ]


def device(pointer, good):
    """A device with version 0.1.0 in slot a and `other` in b."""
    flash = Flash([bytes(b"\xff" * BLOCK)] * BLOCKS)
    vfs.VfsLfs2.mkfs(flash)
    with Mounted(flash):
        put_slot("a", "0.1.0")
        put_slot("b", "0.2.0" if good == "a" and pointer[0] == "b" else "0.0.9")
        put("data/slot", pointer.encode())
        put("data/good", good.encode())
        put("data/update_key.pem", Key(OWNER).pem())
        put("data/login.json", b"{}")
        put("data/token", b"token")
        put("data/claim", b"1234")
        save(OLD_SITE, lines("old", 12))
    return flash


def save(site=None, chargers=None):
    from settings.writer import write_chargers, write_site

    if site:
        write_site(DATA, site)
    if chargers:
        write_chargers(DATA, chargers)


# -- operations: (pointer, good, what is done, what may run afterwards, settings) --


class Web:
    code_dir = ROOT + "/a"
    data_dir = DATA
    cycle = no_chargers()


def install():
    from app import updater

    run(updater.install(Upload(UPDATE), Web, False))


def mark():
    from app import trial

    class Health:
        restarts = 0

    web, cycle = Web(), Web.cycle
    web.guard = web
    web.guard.listener = web
    web.socket = True
    if not trial.run([3, 3, 0, DATA, "b", web, cycle], Health):
        raise ValueError("not marked")


def reset():
    from settings.factory import reset

    reset(DATA)


# That the cuts find what is not safe: a setting that is removed before it is written, and an
# update that gives the new slot its turn before it is whole.
def remove_first():
    os.remove(DATA + "/site.json")
    with open(DATA + "/site.json", "w") as file:
        file.write(json.dumps(NEW_SITE))


def switch_first():
    put("data/slot", b"b0")
    put_slot("b", "0.2.0")


OPERATIONS = {
    "saving site.json": ("a", "a", lambda: save(site=NEW_SITE)),
    "saving chargers.jsonl": ("a", "a", lambda: save(chargers=lines("new", 20))),
    "update": ("a", "a", install),
    "marking healthy": ("b1", "a", mark),
    "going back": ("b3", "a", None),
    "factory settings": ("a", "a", reset),
    "removing first": ("a", "a", remove_first),
    "switching first": ("a", "a", switch_first),
}


def settings():
    """Whether each of the two files is the old or the new one, and what else there is of settings;
    ValueError for anything else."""
    from settings.store import read_chargers, read_site

    names = os.listdir(DATA)
    found = []
    if "site.json" in names:
        found.append(read_site(DATA)["name"][:3])
    chargers = list(read_chargers(DATA))
    for _, charger, error in chargers:
        if error or charger["name"] != chargers[0][1]["name"]:
            raise ValueError(error or "mixed")
    if chargers:
        name = chargers[0][1]["name"][:3]
        if len(chargers) != {"old": 12, "new": 20}[name]:
            raise ValueError("chargers are missing")
        found.append(name)
    return found + [name for name in names if name in ("login.json", "token")]


# Which of the two files of settings an operation changes.
SAVED = {"saving site.json": 0, "saving chargers.jsonl": 1, "removing first": 0}


# As app/build.py does before it reads them.
def finish():
    if "factory_settings" in os.listdir(DATA):
        from settings.factory import end

        end(DATA)


def judge(name, flash):
    """After a cut: "old" or "new", ValueError for what is broken."""
    ran = start(flash)
    if ran is None:
        raise ValueError("nothing ran")
    with Mounted(flash):
        finish()
        what = settings()
    whole = ["login.json", "token"]
    if name == "factory settings":
        if what and what != ["old", "old"] + whole:  # noqa: RUF005
            raise ValueError("settings {}".format(what))
    elif len(what) != 4 or what[1 - SAVED.get(name, 0)] != "old":
        raise ValueError("settings {}".format(what))
    elif name not in SAVED and what[0] != "old":
        raise ValueError("settings {}".format(what))
    expected = {"a": "0.1.0", "b": "0.2.0"}
    if ran[1] != expected[ran[0]]:
        raise ValueError("ran {}".format(ran))
    if name in SAVED:
        return what[SAVED[name]]
    if name == "factory settings":
        return "old" if what else "new"
    if name == "marking healthy":
        if ran[0] != "b":
            raise ValueError("ran {}".format(ran))
        return "new" if ran[2] == 1 else "old"
    if name == "going back":
        return "new" if ran[0] == "a" else "old"
    return "new" if ran[0] == "b" else "old"


def recorded(name, flash):
    """The steps of the operation, done on `flash`; where the files lie whole in it."""
    from update import slots

    operation = OPERATIONS[name][2]
    marks = []
    clear = slots.clear

    def noted(folder):
        marks.append(len(flash.steps))
        return clear(folder)

    flash.steps = []
    slots.clear = noted
    try:
        if operation is None:
            start(flash)
        else:
            with Mounted(flash):
                operation()
    finally:
        slots.clear = clear
    steps, flash.steps = flash.steps, None
    return steps, marks


def after(base, steps, count, half):
    """The flash after so many steps, and a half of the next if `half`."""
    flash = Flash(base)
    for step in steps[:count]:
        flash.apply(*step)
    if half and count < len(steps):
        flash.apply(*steps[count], part=2)
    return flash


class Row:
    def __init__(self, name):
        self.row = {"operation": name, "cuts": 0, "old": 0, "new": 0, "broken": 0}
        self.errors = []

    def count(self, name, flash, where):
        self.row["cuts"] += 1
        try:
            self.row[judge(name, flash)] += 1
        except Exception as error:
            self.row["broken"] += 1
            self.errors.append("{}: {}".format(where, repr(error)))

    def again(self, name, flash, where):
        """What was cut can be done once more."""
        try:
            start(flash)
            with Mounted(flash):
                finish()
            if OPERATIONS[name][2]:
                recorded(name, flash)
            if judge(name, flash) != "new":
                raise ValueError("old")
        except Exception as error:
            if error.args:
                self.row["broken"] += 1
                self.errors.append("{}: {}".format(where, repr(error)))


# The operation is done again after every so-manieth cut.
_AGAIN = 8


def every_cut(name, base, steps, rows):
    """Each cut of an operation, before, in the middle of and after each step."""
    flash = Flash(base)
    for at in range(len(steps) + 1):
        row = rows(at)
        under = flash.flat()
        row.count(name, Flash(under), "cut before step {}".format(at))
        if at < len(steps):
            torn = Flash(under)
            torn.apply(*steps[at], part=2)
            row.count(name, Flash(torn.flat()), "cut in step {}".format(at))
            if at % _AGAIN == 0:
                row.again(name, Flash(torn.flat()), "done again after a cut in step {}".format(at))
            flash.blocks = {n: bytearray(block) for n, block in flash.blocks.items()}
            flash.apply(*steps[at])


def pairs(name, base, steps, count, seed):
    """A cut, and another one in the start or in the same operation after it."""
    random.seed(seed)
    row = Row(name + ", pairs")
    for number in range(count):
        first = random.randrange(len(steps) + 1)
        torn = random.randrange(2)
        flash = after(base, steps, first, torn)
        second = Flash(flash.flat())
        kind = random.randrange(2)
        try:
            if kind or OPERATIONS[name][2] is None:
                again, _ = recorded("going back", second)
            else:
                with Mounted(second):
                    finish()
                again, _ = recorded(name, second)
        except ValueError:
            again = second.steps or []  # refused, as what is installed runs already
            second.steps = None
        at = random.randrange(len(again) + 1)
        where = "seed {} number {}: {}+{}, {}".format(seed, number, first, torn, at)
        row.count(name, after(flash.flat(), again, at, random.randrange(2)), where)
        if number % 10 == 0:
            gc.collect()
    return row


def wear(slot):
    """Blocks erased by each of these, of a device with the firmware in `slot` in both slots."""
    flash = device("a", "a")
    saves = 200
    result = {}

    def count(name, times, call):
        before = flash.erases
        for _ in range(times):
            call()
        result[name] = (flash.erases - before) / times

    with Mounted(flash):
        count("saving site.json", saves, lambda: save(site=NEW_SITE))
        count("saving chargers.jsonl, 20", saves, lambda: save(chargers=lines("new", 20)))
    count("start", saves, lambda: start(flash))
    with Mounted(flash):
        count("start and mark", saves, lambda: (put("data/slot", b"b1"), mark()))
        save(OLD_SITE, lines("old", 12))
    whole = real(slot)
    with Mounted(flash):
        size = sum([len(content) for _, content in whole])
        free = os.statvfs(ROOT)[3]
        update = bundle(files=whole)
        for _ in range(2):
            put("data/slot", b"a")
            from app import updater

            count("update", 1, lambda: run(updater.install(Upload(update), Web, True)))
        result["blocks"] = free - os.statvfs(ROOT)[3]
    result["files"], result["bytes"] = len(whole), size
    print(json.dumps(result))


def real(slot):
    found = []
    with open(slot + "/manifest") as file:
        for line in list(file)[2:]:
            path = line.split()[2]
            with open(slot + "/" + path, "rb") as content:
                found.append((path, content.read()))
    return found


def main():
    if sys.argv[2] == "wear":
        slot = sys.argv[3]
        sys.argv[:] = ["main.py", ROOT, DATA]
        wear(slot)
        return
    name, count, seed = sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
    sys.argv[:] = ["main.py", ROOT, DATA]
    flash = device(*OPERATIONS[name][:2])
    base = flash.flat()
    done = Flash(base)
    steps, marks = recorded(name, done)
    rows = [Row(name)]
    if name == "update":
        rows = [Row("receiving"), Row("verifying"), Row("switching")]
        edge = marks[-1]
        every_cut(name, base, steps, lambda at: rows[(at >= edge) + (at > edge)])
    else:
        every_cut(name, base, steps, lambda at: rows[0])
    if count:
        rows.append(pairs(name, base, steps, count, seed))
    result = {
        "programs": done.programs,
        "erases": done.erases,
        "rows": [row.row for row in rows],
        "errors": [error for row in rows for error in row.errors][:20],
    }
    print(json.dumps(result))


with open(sys.argv[1]) as file:
    LAUNCHER = compile(file.read(), "main.py", "exec")
UPDATE = bundle(files=files("0.2.0"))
main()
