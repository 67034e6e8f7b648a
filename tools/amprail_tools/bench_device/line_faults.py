# What can happen to one exchange on a line, for CPython and MicroPython.
#
# A fault is a function of (request, reply, chance, seal): chance is `random` or a `random.Random`,
# seal(content) puts the CRC behind it. REQUEST gives what the unit hears. REPLY gives what reaches
# the master: [(ms after the moment at which the reply would begin, bytes), ...].

TIMEOUT_MS = 500


def some_bytes(count: int, chance) -> bytearray:
    return bytearray(chance.randrange(256) for _ in range(count))


def flip(frame: bytes, chance) -> bytearray:
    """One to three bits are wrong: a CRC-16 sees all of these."""
    damaged = bytearray(frame)
    places = []
    while len(places) < 1 + chance.randrange(3):
        place = chance.randrange(8 * len(frame))
        if place not in places:
            places.append(place)
            damaged[place >> 3] ^= 1 << (place & 7)
    return damaged


def overwrite(frame: bytes, chance) -> bytearray:
    """Some bytes in a row are anything; 1 in 65,536 of these has the right CRC."""
    damaged = bytearray(frame)
    begin = chance.randrange(len(frame) - 1)
    for at in range(begin, min(len(frame), begin + 2 + chance.randrange(40))):
        damaged[at] = chance.randrange(256)
    if damaged == frame:
        damaged[begin] ^= 1
    return damaged


def drop(frame: bytes, chance) -> bytearray:
    damaged = bytearray(frame)
    for _ in range(1 + chance.randrange(3)):
        at = chance.randrange(len(damaged))
        damaged = damaged[:at] + damaged[at + 1 :]
    return damaged


def double(frame: bytes, chance) -> bytearray:
    damaged = bytearray(frame)
    for _ in range(1 + chance.randrange(3)):
        at = chance.randrange(len(damaged))
        damaged = damaged[:at] + damaged[at : at + 1] + damaged[at:]
    return damaged


def _noise_before(request, reply, chance, seal):
    return [(0, some_bytes(1 + chance.randrange(60), chance)), (0, reply)]


def _noise_after(request, reply, chance, seal):
    return [(0, reply), (0, some_bytes(1 + chance.randrange(60), chance))]


def _noise(request, reply, chance, seal):
    around = (_noise_before, _noise_after)[chance.randrange(2)]
    return around(request, reply, chance, seal)


def _storm(request, reply, chance, seal):
    """More than the master has room for."""
    return [(0, some_bytes(300 + chance.randrange(300), chance)), (0, reply)]


# Noise that looks like the beginnings of many frames makes the most work.
def _heads(request, reply, chance, seal):
    return [(0, reply[:3] * (1 + chance.randrange(100))), (0, reply)]


def _delay(request, reply, chance, seal):
    at = 1 + chance.randrange(len(reply) - 1)
    return [(0, reply[:at]), (1 + chance.randrange(150), reply[at:])]


# Frames that are whole but not the answer carry other values, or it could not be seen that one
# was accepted.
def _other_values(reply):
    return bytes(byte ^ 0x5A for byte in reply[3:-2])


def _other_unit(request, reply, chance, seal):
    unit = 1 + (reply[0] + chance.randrange(246)) % 247
    return [(0, seal(bytes((unit, reply[1], reply[2])) + _other_values(reply)))]


def _other_function(request, reply, chance, seal):
    function = chance.randrange(256)
    if function == reply[1]:
        function ^= 7
    content = bytes((reply[0], function, reply[2])) + _other_values(reply)
    if function == reply[1] | 0x80:
        content = content[:3]
    return [(0, seal(content))]


def _other_count(request, reply, chance, seal):
    """Fewer or more registers, with the count that fits them or the one that was asked for."""
    data = bytes(reply[3:-2]) * 2
    size = chance.randrange(min(255, len(data)))
    if size == reply[2]:
        size -= 2
    said = (size, reply[2])[chance.randrange(2)]
    return [(0, seal(bytes((reply[0], reply[1], said)) + data[:size]))]


def _late(request, reply, chance, seal):
    """After the master has given up, within what it grants: twice the time-out."""
    return [(chance.randrange(TIMEOUT_MS - 100, 2 * TIMEOUT_MS - 100), reply)]


def _on_reply(damage):
    return lambda request, reply, chance, seal: [(0, damage(reply, chance))]


REPLY = {
    "bit flips": _on_reply(flip),
    "burst": _on_reply(overwrite),
    "dropped bytes": _on_reply(drop),
    "doubled bytes": _on_reply(double),
    "delayed bytes": _delay,
    "noise": _noise,
    "noise, long": _storm,
    "noise, like heads": _heads,
    "silence": lambda request, reply, chance, seal: [],
    "other unit": _other_unit,
    "other function": _other_function,
    "other count": _other_count,
    "late reply": _late,
}
REQUEST = {
    "request flipped": flip,
    "request burst": overwrite,
    "request cut": drop,
    "request doubled": double,
}

# What needs more than the exchange itself; see line_run.py.
ECHO = "echo"
FOREIGN = "foreign traffic"
SECOND_MASTER = "second master"
MIXED = "mixed"
KINDS = tuple(REPLY) + tuple(REQUEST) + (ECHO, FOREIGN, SECOND_MASTER, MIXED)
