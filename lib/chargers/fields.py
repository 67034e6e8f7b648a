# Single values out of a charger's JSON (RFC 8259), found where they stand. `json.loads` would make
# all of it, 2 KB of text are 8 KB of objects, and its depth is the sender's to choose. Here
# nothing is made but the value asked for, brackets are counted and not descended into, and a key
# is looked for in its own object only.

import micropython


@micropython.viper
def _after(body, at: int, end: int) -> int:
    """Where the value that begins at `at` ends; -1: not before `end`."""
    raw = ptr8(body)
    depth = 0
    while at < end:
        byte = raw[at]
        if byte == 0x22:  # a string
            at += 1
            while at < end and raw[at] != 0x22:
                at += 2 if raw[at] == 0x5C else 1
            if at >= end:
                return -1
        elif byte == 0x5B or byte == 0x7B:
            depth += 1
        elif byte == 0x5D or byte == 0x7D or byte == 0x2C or byte == 0x3A:
            if depth == 0:
                return at  # after a number or a word
            if byte == 0x5D or byte == 0x7D:
                depth -= 1
        at += 1
        if depth == 0 and (byte == 0x22 or byte == 0x5D or byte == 0x7D):
            return at
    return -1 if depth else at


@micropython.viper
def _mark(body, at: int, end: int) -> int:
    """Where the next byte that is not white space stands."""
    raw = ptr8(body)
    while at < end and (raw[at] == 32 or (9 <= raw[at] and raw[at] <= 13)):
        at += 1
    return at


@micropython.viper
def _whole(body, at: int, end: int) -> int:
    """The number at `at` if that is up to 9 digits and nothing else, else -1."""
    raw = ptr8(body)
    value = 0
    begin = at
    while 0 <= at < end and 0x30 <= raw[at] and raw[at] <= 0x39 and at < begin + 9:
        value = value * 10 + raw[at] - 0x30
        at += 1
    ends = begin < at and at < end and (raw[at] == 0x2C or raw[at] == 0x7D or raw[at] == 0x5D)
    return value if ends else -1


# Where the value of `key`, or the value of that number in a list, begins; -1: not there. With more
# than 11 names and values on the way they would be on the heap (MicroPython, py/objfun.c).
def _member(body, at, end, key):
    at = _mark(body, at, end)
    if at < end and body[at] == 0x5B:
        return _item(body, at, end, key) if key.isdigit() else -1
    if at >= end or body[at] != 0x7B:
        return -1
    key = ('"%s"' % key).encode()
    while True:
        begin = _mark(body, at + 1, end)
        at = _after(body, begin, end)
        found = at - begin == len(key) and body[begin:at] == key
        at = _mark(body, at, end) if at > 0 else end
        if at >= end or body[at] != 0x3A:
            return -1
        begin = _mark(body, at + 1, end)
        if found:
            return begin
        at = _comma(body, begin, end)
        if at < 0:
            return -1


# Where the value of that number in the list at `at` begins; -1: not there.
def _item(body, at, end, key):
    left = int(key)
    while True:
        at = _mark(body, at + 1, end)
        if not left:
            return at
        left -= 1
        at = _comma(body, at, end)
        if at < 0:
            return -1


# Where the comma behind the value at `at` stands; -1: there is none.
def _comma(body, at, end):
    stop = _after(body, at, end)
    if stop > at:
        stop = _mark(body, stop, end)
        if stop < end and body[stop] == 0x2C:
            return stop
    return -1


# Where the value at `path` begins; -1: not there.
def _place(body, path):
    at = 0
    while path and at >= 0:
        dot = path.find(".")
        key = path if dot < 0 else path[:dot]
        path = path[dot + 1 :] if dot >= 0 else ""
        at = _member(body, at, len(body), key)
    return at


def raw(body, path: str) -> bytes:
    """The value at `path` ("powerflow.l1.current", "nrg.4") as it stands there, b"" if none is.
    One at the end of a text that was cut off is none: 1 may have been 16.

    `body` is a memoryview.
    """
    begin = _place(body, path)
    if begin < 0:
        return b""
    stop = _after(body, begin, len(body))
    cut = path and stop == len(body)
    return bytes(body[begin:stop]).strip() if stop > begin and not cut else b""


# What is made on the way is what has to be collected, and most numbers are a few digits.
def number(body, path: str, low: int, high: int, per_unit: int = 1) -> int:
    """The number at `path` times `per_unit`, rounded; ValueError if none within low..high (before
    the multiplication), a whole one where `per_unit` is 1, is there."""
    value = _whole(body, _place(body, path), len(body))
    if value >= 0 and low <= value <= high:
        return value * per_unit
    found = raw(body, path)
    try:
        if found.strip(b"-+.0123456789eE"):
            raise ValueError
        value = float(found)
        if low <= value <= high and (per_unit > 1 or value == int(value)):
            return int(value * per_unit + 0.5) if value > 0 else -int(-value * per_unit + 0.5)
    except ValueError:
        pass
    raise wrong(path, found, "%d..%d" % (low, high))


def true(body, path: str) -> bool:
    """Whether `true` stands at `path`; ValueError if neither that nor `false` does."""
    found = raw(body, path)
    if found not in (b"true", b"false"):
        raise wrong(path, found, "true or false")
    return found == b"true"


def phases(body, paths, per_unit: int, answer) -> None:
    """Takes three phase currents into `answer`; where one is null or absent there are none."""
    for own in range(3):
        if raw(body, paths[own]) in (b"", b"null"):
            return
    for own in range(3):
        answer.phase_ma[own] = number(body, paths[own], 0, 100000 // per_unit, per_unit)
    answer.has_phases = True


def squeeze(view, end: int, keep) -> int:
    """Takes members out of the object whose beginning is `view[:end]`, all but those in `keep`
    and the last; its new end. For replies that are longer than there is room."""
    out = at = 1
    while view[0] == 0x7B:
        begin = _mark(view, at, end)
        stop = _after(view, begin, end)
        colon = _mark(view, stop, end) if stop > begin else end
        after = _after(view, _mark(view, colon + 1, end), end) if colon < end else -1
        comma = _mark(view, after, end) if after > 0 else end
        if comma >= end or view[comma] != 0x2C:
            break
        if str(view[begin + 1 : stop - 1], "utf-8") in keep:
            view[out : out + comma + 1 - begin] = view[begin : comma + 1]
            out += comma + 1 - begin
        at = comma + 1
    view[out : out + end - at] = view[at:end]
    return out + end - at


def ok(request: tuple, status: int) -> None:
    """ValueError unless the status of the reply is 200."""
    if status != 200:
        raise wrong("status of " + request[1], b"%d" % status, "200")


def wrong(name: str, value: bytes, expected: str) -> ValueError:
    """The error that names what was said, and what should have been."""
    shown = "".join([chr(byte) if 32 <= byte < 127 else "?" for byte in value[:40]])
    return ValueError("%s is %s, expected %s" % (name, shown or "missing", expected))
