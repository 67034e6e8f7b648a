# The access point of a board and what makes a phone that joins it open the page: every name has
# our address (`net.dns`), and what is asked of a foreign host is sent to the page. That is what
# Android (/generate_204), Apple (/hotspot-detect.html), Windows (/connecttest.txt) and Firefox
# (/success.txt) take for a network that wants to be signed in to: each asks a host of its own and
# gets something else than it expects.

import errno
import socket

from app import log
from clock import add_ms, now_ms, sleep_ms
from micropython import const
from net.dns import LONGEST, answer
from net.wire import Wire, ready
from settings.label import read_label

_PORT = const(53)
_WPA2 = const(3)  # AUTH_WPA2_PSK of ESP-IDF, esp_wifi_types.h
_PAUSE_MS = const(10)
_PAGE = b"Location: http://%s/\r\nCache-Control: no-store\r\n"


class Portal:
    """The access point of `wifi`, on until `close()`. What the driver raises comes out, as does
    OSError where there is no label, and then none is left that is open to everybody.
    `name_server`: its socket, None without."""

    def __init__(self, wifi, port: int = _PORT):
        label = read_label(wifi.data_dir)
        if not label:
            raise OSError("no name and password for it")
        self.name, key = label
        self.point = wifi.network.WLAN(wifi.network.AP_IF)
        self.address = ""
        self._packed = b""
        self._wire = Wire(0)
        self.name_server = None
        try:
            self._open(key)
        except BaseException:
            self.point.active(False)
            raise
        self._listen(port)
        log.info("access point {} at {}".format(self.name, self.address))

    # The driver starts one as it likes, without a password, and takes the settings only then, so
    # they are looked at.
    def _open(self, key):
        point = self.point
        point.active(True)
        point.config(ssid=self.name, security=_WPA2, key=key)
        if point.config("ssid") != self.name or point.config("security") != _WPA2:
            raise OSError("the driver did not take its name and WPA2")
        self.address = point.ifconfig()[0]
        self._packed = bytes([int(part) for part in self.address.split(".")])

    # Without it the page is still there, at the address on the label.
    def _listen(self, port):
        sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            sock.bind(socket.getaddrinfo(self.address, port, 0, socket.SOCK_DGRAM)[0][-1])
        except OSError as error:
            sock.close()
            log.warning("access point: no name server: {}".format(error))
            return
        self._wire.open(sock, 0)
        self.name_server = sock

    async def answer_for(self, ms: int) -> None:
        """Answers questions for names for so long: a hundred a second at most."""
        if not self.name_server:
            await sleep_ms(ms)
            return
        self._wire.until = add_ms(now_ms(), ms)
        try:
            while True:
                await ready(self._wire, False)
                self._answer()
                await sleep_ms(_PAUSE_MS)
        except OSError as error:
            if error.errno != errno.ETIMEDOUT:
                await sleep_ms(ms)

    # Who sent it may be gone, and the driver out of memory: the phone asks again.
    def _answer(self):
        try:
            query, sender = self.name_server.recvfrom(LONGEST + 1)
            reply = answer(query, self._packed)
            if reply:
                self.name_server.sendto(reply, sender)
        except (OSError, MemoryError):
            pass

    async def redirect(self, exchange, access) -> bool:
        """Whether it was a request for a foreign host, which is answered."""
        if access.calls_us(exchange) or not exchange.header(b"host"):
            return False
        await exchange.answer(302, (), _PAGE % self.address.encode())
        return True

    def stations(self) -> int:
        """How many have joined; -1: the driver does not say."""
        try:
            return len(self.point.status("stations"))
        except (OSError, ValueError):
            return -1

    def close(self) -> None:
        self._wire.close()
        self.name_server = None
        self.point.active(False)
        log.info("access point off")
