# Factory settings. Many files go, so what is to be done is noted first: a power cut in the middle
# is made up for at the next start (app/build.py), before anybody reads a setting.

import os

from settings.files import write_file

# About the device and not about its site: which slot runs, whose updates it takes, what is on its
# label (the password of its access point and the code by which it is claimed).
_KEPT = ("slot", "good", "resets", "update_key.pem", "claim", "ap")
_NOTE = "factory_settings"


def reset(data_dir: str) -> None:
    """Removes every setting; OSError where that is not possible, and then nothing is."""
    write_file(data_dir + "/" + _NOTE, (b"1",))
    end(data_dir)


def end(data_dir: str) -> None:
    """Does what `reset` has begun; OSError."""
    for name in os.listdir(data_dir):
        if name not in _KEPT and name != _NOTE:
            os.remove(data_dir + "/" + name)
    os.remove(data_dir + "/" + _NOTE)
