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


@contextmanager
def streamed(firmware: Firmware, bundle: bytes):
    """Meanwhile `firmware` gets the bundle again and again, by its token; Failure unless each is
    received whole and refused for its last byte."""
    stream = _Stream(firmware, bundle)
    stream.thread.start()
    try:
        yield
    finally:
        stream.ended.set()
        stream.thread.join()
    if stream.error or not stream.received:
        raise Failure(f"{stream.received} updates came in, then: {stream.error}")


class _Stream:
    def __init__(self, firmware, bundle):
        self.received = 0
        self.error = None
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self._run, daemon=True)
        self._firmware = firmware
        self._bundle = bundle[:-1] + bytes([bundle[-1] ^ 1])

    def _run(self):
        token = (self._firmware.data_dir / "token").read_text().strip()
        device = ota.Device(f"{self._firmware.host}:{self._firmware.port}", token)
        try:
            device.log_in()
            while not self.ended.is_set():
                self._send(device)
        except (UserError, Failure) as error:
            self.error = error

    def _send(self, device):
        try:
            device.ask("PUT", "/api/update", self._bundle)
        except UserError as error:
            if "update_file" not in str(error):
                raise
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
