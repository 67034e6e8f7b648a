"""A chip in its ROM loader at the end of a cable: esp32-mock-bootloader on a pty.

It speaks the protocol to the real esptool and keeps what is written to its flash, in `flash`. The
cable can be pulled (`bytes_left`: after so many more bytes from esptool the port is gone), and the
flash can be worn out (`rots`: a bit that stays 0).
"""

import os
import select
import struct
import threading
import tty

from esp32_mock_bootloader import protocol, server

POLL_S = 0.02

# It takes a client that is silent for 3 s after the end of a write for gone, and forgets that its
# stub runs; on a busy machine one is silent that long.
server._FLASH_END_IDLE_SEC = 3600


class Flash(server.FlashImage):
    """The same, in slices: megabytes byte by byte take seconds."""

    def write_defl_block(self, payload):
        size = struct.unpack_from("<I", payload)[0]
        content = self._decompressor.decompress(payload[16 : 16 + size])
        self.data[self._defl_offset : self._defl_offset + len(content)] = content
        self._defl_offset += len(content)


class Chip:
    def __init__(self, chip: str = "esp32", flash_mb: int = 4):
        self._chip = chip
        self._image = Flash()
        self._image.data = bytearray(os.urandom(4096) * (flash_mb << 8))  # somebody else's
        self._flash_id = 0x4020 | (20 + flash_mb.bit_length() - 1) << 16
        self._ended = threading.Event()
        self._thread = None
        self._master = self._slave = None
        self.bytes_left = None
        self.pulled = threading.Event()
        self.received = 0
        self.rots = False

    @property
    def flash(self) -> bytes:
        return bytes(self._image.data)

    def plug_in(self) -> str:
        """The name of its port."""
        protocol.MOCK_FLASH_ID = self._flash_id
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        self._ended.clear()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()
        return os.ttyname(self._slave)

    def unplug(self) -> None:
        """Call it when nobody uses the port any more: until then nobody else gets its name."""
        self._ended.set()
        if self._thread is not None:
            self._thread.join()
        self._pull()
        if self._slave is not None:
            os.close(self._slave)
        self._slave = None

    def _serve(self):
        server.handle_client(self, self._ended, self._chip, flash=self._image)

    def _pull(self):
        if self._master is not None:
            os.close(self._master)
            self.pulled.set()
        self._master = None

    # What handle_client asks of a connection.
    def set_timeout(self, timeout):
        pass

    def recv(self, size):
        if self._master is None:
            return b""
        if not select.select([self._master], [], [], POLL_S)[0]:
            raise TimeoutError
        chunk = os.read(self._master, size)
        if self.rots:
            self._image.data[0x1000] &= 0xFE
        self.received += len(chunk)
        if self.bytes_left is not None:
            self.bytes_left -= len(chunk)
            if self.bytes_left <= 0:
                self._pull()
        return chunk

    def sendall(self, data):
        while data and self._master is not None:
            data = data[os.write(self._master, data) :]

    def close(self):
        pass
