# The Wi-Fi of a board: keeps it in the house's network and, while nothing is configured or the
# button says so, opens an access point of its own (`app.portal`, loaded for that).
#
# Nothing is left to the driver. It says why a connection failed only where it does not try again
# by itself (`reconnects`; MicroPython, ports/esp32/network_wlan.c, issues 10913 and 12315), so
# every try is ours: it has a deadline, what comes of it has a code, and after it there is another
# one, for ever, up to a minute later. Whatever the driver raises is a failed try. Nobody waits
# for any of this: meanwhile requests to chargers are not answered, and control goes on.

from app import log, start
from clock import sleep_ms
from micropython import const

STEP_MS = const(500)

# What the station does.
OFF = const(0)
CONNECTING = const(1)
CONNECTED = const(2)
WAITING = const(3)

# Reasons besides the driver's, which are those of a disconnection, up to 255 (ESP-IDF,
# esp_wifi_types.h) and of which 8 is our own leaving. What `status()` has from 1000 is a state.
NO_ADDRESS = const(300)
DEAF = const(301)
DRIVER = const(302)
_LEFT = const(8)
_STATES = const(1000)

# In steps: a try, of which so much is left to DHCP once the network has let us in, and in which
# what is said at first may be of the one before; the longest wait for the next; between two looks
# at the signal; how long the access point stays once the station is connected, after the button
# and after new settings. The button is pressed for 5 s; 15 s are for the factory settings.
_TRY = const(120)
_SETTLED = const(118)
_FOR_ADDRESS = const(80)
_LONGEST_WAIT = const(120)
_MEASURE = const(20)
_AFTER_BUTTON = const(1800)
_AFTER_SETTINGS = const(240)
_HELD = const(10)
_HELD_LONGER = const(30)


class Wifi:
    """`board` has the driver as `network()`, its button as `pressed()`, and for its LED
    `show(state, reason, portal)`, called every half second; `on_button()` is what the button does
    besides the access point.

    `wanted`: the network's name, its password or None, the fixed address as `ifconfig` takes it or
    "dhcp"; None: not configured. `reason`: why the last try failed, 0 while connected. `tries`:
    how many did, and while connected how often the signal could not be measured. `rssi` in dBm.
    `lost` counts connections. `portal` is there while the access point is on; `networks` is
    what a scan found, for `networks_left` steps."""

    def __init__(self, board, network, data_dir: str):
        self.board = board
        self.network = network
        self.data_dir = data_dir
        self.hostname = "amprail"
        self.on_button = lambda: None
        self.station = network.WLAN(network.STA_IF)
        self.wanted = self.portal = self.networks = None
        self.state = self.reason = self.rssi = self.tries = self.lost = 0
        self.left = self.portal_left = self.networks_left = self._held = 0

    def apply(self, wanted: tuple | None, delay: int = 0) -> None:
        """Takes other settings, after so many steps, in which an answer goes out."""
        self.wanted = wanted
        self.state = WAITING
        self.tries = 0
        self.left = delay
        if self.portal:
            self.portal_left = _AFTER_SETTINGS

    async def run(self, beat) -> None:
        while True:
            self.step()
            beat("wifi")
            portal = self.portal
            await (portal.answer_for(STEP_MS) if portal else sleep_ms(STEP_MS))

    def step(self) -> None:
        """Looks at everything once; every STEP_MS."""
        try:
            self._look()
        except Exception as error:
            self._fail(DRIVER, repr(error))
        try:
            self._tend()
        except Exception as error:
            log.error("access point: " + repr(error))
            self._close(-_LONGEST_WAIT)

    # `isconnected()` may stay true when the network is gone; a signal that cannot be measured
    # three times is none. A connection that ends before the first look does not count as one.
    def _look(self):
        if self.state == OFF:
            return
        station = self.station
        self.left -= 1
        if self.state == WAITING:
            if self.left <= 0:
                self._try(station)
        elif self.state == CONNECTING:
            self._follow(station)
        elif not station.isconnected():
            self._fail(_LEFT, "lost")
        elif self.left <= 0:
            self.left = _MEASURE
            self.tries = 0 if self._hears() else self.tries + 1
            if self.tries == 3:
                self._fail(DEAF, "lost")

    def _try(self, station):
        self._leave()
        if not self.wanted:
            self.state = self.reason = 0
            return
        self.state = CONNECTING
        self.left = _TRY
        if self.reason >= DEAF or self.tries % 3 == 2:
            station.active(False)
        station.active(True)
        name, password, address = self.wanted
        # Not all versions of the driver know all of it. The radio does not sleep: replies would
        # take 300 ms, not 5.
        try:
            station.ifconfig(address)
            station.config(reconnects=0)
            station.config(pm=0)
        except (OSError, ValueError):
            pass
        station.connect(name, password)

    def _follow(self, station):
        if station.isconnected() and station.ifconfig()[0] != "0.0.0.0":
            self.state = CONNECTED
            self.reason = 0
            self.left = _MEASURE
            self._hears()
            log.info("Wi-Fi: at {} dBm".format(self.rssi))
            return
        status = station.status()
        if self.left <= 0:
            self._fail(NO_ADDRESS, "")
        elif status < _STATES and status != _LEFT and self.left < _SETTLED:
            self._fail(status, "")
        elif self.left == _FOR_ADDRESS and not self._hears():
            self._fail(0, "")

    def _hears(self):
        try:
            self.rssi = self.station.status("rssi")
            return True
        except OSError:
            return False

    # Again after 2, 4, 8, ... s; while the access point is on after 2 and then 60 s, since a try
    # takes it off its channel.
    def _fail(self, reason, said):
        if reason != self.reason:
            log.warning("Wi-Fi: reason {} {}".format(reason, said))
        self.lost += self.state == CONNECTED
        self.reason = reason
        self.state = WAITING
        self.left = min(4 << min(self.tries, 5), _LONGEST_WAIT)
        if self.portal and self.tries:
            self.left = _LONGEST_WAIT
        self.tries += 1
        self._leave()

    def _leave(self):
        try:
            self.station.disconnect()
        except Exception:
            pass  # it was not in, or the next try says more

    def _tend(self):
        board, portal = self.board, self.portal
        if board.pressed():
            self._held += 1
        elif self._held:
            self._let_go()
        if self.networks_left:
            self.networks_left -= 1
        else:
            self.networks = None
        if self.portal_left < 0:
            self.portal_left += 1
        elif not portal:
            if self.portal_left or not self.wanted:
                from app.portal import Portal

                self.portal = Portal(self)
        elif self.wanted and self.state == CONNECTED:
            self.portal_left -= 1
            if self.portal_left <= 0:
                self._close(0)
        board.show(self.state, self.reason, portal)

    # Whatever becomes of the password: who is locked out should not be alone with that.
    def _let_go(self):
        held, self._held = self._held, 0
        if _HELD <= held < _HELD_LONGER:
            self.portal_left = _AFTER_BUTTON
            log.warning("button: access point, and no password")
            try:
                self.on_button()
            except Exception as error:
                log.error("button: the password stays: " + repr(error))

    def _close(self, left):
        portal, self.portal = self.portal, None
        self.portal_left = left
        if portal:
            portal.close()
        start.forget("app.portal", "net.dns", "settings.label")
