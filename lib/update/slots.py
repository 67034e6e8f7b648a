# The two slots of a device's file system hold two versions of the firmware. The launcher
# (firmware/main.py) counts every start in DATA/tries and gives the other slot its turn after three
# starts without the mark that is set here.

import os


def mark_healthy(data_dir: str) -> None:
    """This version has shown that it works; OSError if that cannot be kept."""
    os.remove(data_dir + "/tries")
