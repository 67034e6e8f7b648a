# What is printed on the label of a board, in two lines of the file `ap`: the name of the access
# point, which is the device's own, too, and the password of the access point. It is written with
# the firmware, and here where that did not happen. No part of a backup.

import os

from micropython import const

_FILE = "/ap"
_SIZE = const(100)

# Without those that look alike: 12 of these 31 are 59 bits.
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


def is_passphrase(text: str) -> bool:
    """Whether WPA2 takes it: 8 to 63 of printable ASCII (IEEE 802.11i, annex H.4)."""
    return 8 <= len(text) <= 63 and min(text) >= " " and max(text) < "\x7f"


def is_hostname(text: str) -> bool:
    """Whether it is a name for mDNS: 1 to 32 of a..z, 0..9 and, inside, -."""
    for char in text:
        if not ("a" <= char <= "z" or "0" <= char <= "9" or char == "-"):
            return False
    return 1 <= len(text) <= 32 and text[0] != "-" and text[-1] != "-"


def read_label(data_dir: str) -> tuple | None:
    """The name and the password; None where there are none that can be used."""
    try:
        with open(data_dir + _FILE, "rb") as file:
            lines = file.read(_SIZE).decode().split("\n")
    except (OSError, ValueError):
        return None
    fine = len(lines) >= 2 and is_hostname(lines[0]) and is_passphrase(lines[1])
    return (lines[0], lines[1]) if fine else None


def make_label(data_dir: str, mac: bytes) -> tuple:
    """Makes both and writes them, since without a password nobody could set the device up; a disk
    that does not take them is an OSError."""
    from settings.files import write_file

    key = "".join([_LETTERS[byte % len(_LETTERS)] for byte in os.urandom(12)])
    label = "amprail-{:02x}{:02x}".format(mac[-2], mac[-1]), key
    write_file(data_dir + _FILE, ("{}\n{}\n".format(*label).encode(),))
    return label
