"""A device that gets one update after the other, to measure what that costs its control.

Each bundle is right but for its last byte: all of it is received, its signature and its files are
verified, and then it is refused, so that the next one can follow.
"""

import shutil
import tempfile
import threading
from contextlib import contextmanager
from pathlib import Path

from amprail_tools import Failure, UserError, keys, ota
from amprail_tools.bundle import bundle_of
from amprail_tools.launch import Firmware


class Stream:
    """Updates a device by its token until `stop()`; `received` counts them."""

    def __init__(self, firmware: Firmware, bundle: bytes):
        self.received = 0
        self._firmware = firmware
        self._bundle = bundle[:-1] + bytes([bundle[-1] ^ 1])
        self._error = None
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> int:
        """Returns how many bundles came; Failure if one was refused for another reason."""
        self._ended.set()
        self._thread.join()
        if self._error or not self.received:
            raise Failure(f"{self.received} updates came in, then: {self._error}")
        return self.received

    def _run(self):
        token = (self._firmware.data_dir / "token").read_text().strip()
        device = ota.Device(f"{self._firmware.host}:{self._firmware.port}", token)
        device.log_in()
        while not self._ended.is_set():
            try:
                device.ask("PUT", "/api/update", self._bundle)
            except (UserError, Failure) as error:
                if "update_file" not in str(error):
                    self._error = error
                    return
                self.received += 1


@contextmanager
def board(build_dir: Path):
    """A copy of a build as a device that takes updates, and a bundle for it: (folder, bundle)."""
    with tempfile.TemporaryDirectory(prefix="amprail-update-") as folder:
        root = Path(folder) / "root"
        shutil.copytree(build_dir, root, symlinks=True)
        key = Path(folder) / "key.pem"
        keys.make(key)
        (root / "data").mkdir()
        shutil.copy(keys.public_path(key), root / "data" / "update_key.pem")
        (root / "data" / "good").write_text("a")
        yield root, bundle_of(root / "a", keys.read_private(key))
