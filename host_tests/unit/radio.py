# MicroPython's `network` on an ESP32, as far as the firmware uses it, in a world of networks whose
# time is `Air.tick()`, half a second. It misbehaves as the driver does:
#
# - `status()` is that of ports/esp32/network_wlan.c: while the driver tries again by itself it is
#   1001, whatever is wrong; only with `reconnects=0` it gives the reason.
# - Between "let in" and an address `status()` is 1000, "idle" (micropython-mqtt, issues 129, 133).
# - What a try says at first may be the reason of the disconnection before (`Air.stale`).
# - `connect()` raises OSError while it is at it, or while the interface is not active.
# - `isconnected()` may stay true after the network has gone (`Air.lying`), or come before there is
#   an address (`Air.early`).
# - That we left may be said after the next try has begun (`Air.late`): events come from another
#   thread.
# - An access point starts open, with a name of the driver's, and is set up only after `active`
#   where the station is active, too (issue 14382).

OPEN, WPA2 = 0, 3
IDLE, TRYING, GOT_IP = 1000, 1001, 1010
NO_AP, HANDSHAKE, OWN_LEAVING, BEACON = 201, 15, 8, 200
NOWHERE = ("0.0.0.0", "0.0.0.0", "0.0.0.0", "0.0.0.0")
LEASE = ("192.168.1.57", "255.255.255.0", "192.168.1.1", "192.168.1.1")


class Network:
    """One in the air: answers within `delay` ticks, gives an address after `dhcp` more, never for
    None; `reason`: lets nobody in and says so."""

    def __init__(self, password=None, rssi=-60, channel=6, delay=2, dhcp=2, reason=0):
        self.password = password
        self.rssi = rssi
        self.channel = channel
        self.delay = delay
        self.dhcp = dhcp
        self.reason = reason


class Station:
    def __init__(self, air):
        self.air = air
        self.on = False
        self.wish = None
        self.reason = 0
        self.passed = 0
        self.let_in = None
        self.address = NOWHERE
        self.fixed = None
        self.reconnects = -1
        self.options = {}
        self.starts = self.connects = 0
        self.pressing = 0

    def _do(self, what):
        self.air.calls += 1
        if what in self.air.broken:
            raise self.air.broken[what]

    def active(self, *on):
        if on:
            self._do("active")
            self.starts += on[0] and not self.on
            self.on = on[0]
            if not self.on:
                self._drop(OWN_LEAVING)
                self.wish = None
        return self.on

    def config(self, name=None, **options):
        if name == "mac":
            return b"\x24\x0a\xc4\x00\x3f\x2a"
        self._do("config")
        for option, value in options.items():
            if option not in self.air.known_options:
                raise ValueError("unknown config param")
            self.options[option] = value
        return None

    def connect(self, name, password):
        self._do("connect")
        if not self.on:
            raise OSError("Wifi Not Started")
        if self.wish and not self.let_in:
            raise OSError("Wifi Internal State Error")
        self.connects += 1
        self.air.tried.append((name, password))
        del self.air.tried[:-3]
        self.wish = (name, password)
        self.passed = 0

    def disconnect(self):
        self._do("disconnect")
        if not self.on:
            raise OSError("Wifi Not Started")
        self._drop(OWN_LEAVING)
        self.wish = None

    def _drop(self, reason):
        self.reason = reason
        self.let_in = None
        self.address = NOWHERE
        self.passed = 0

    def tick(self):
        if not self.on or not self.wish:
            return
        self.passed += 1
        name, password = self.wish
        network = self.air.networks.get(name)
        if self.let_in:
            if network is not self.let_in:
                self._drop(BEACON)
                self._again()
            elif network.dhcp is not None and self.passed >= network.delay + network.dhcp:
                self.address = self.fixed or LEASE
            return
        if self.passed < (network.delay if network else 4):
            return
        if not network:
            self._drop(NO_AP)
        elif network.reason or network.password != password:
            self._drop(network.reason or HANDSHAKE)
        else:
            self.let_in = network
            self.reason = 0
            return
        self._again()

    def _again(self):
        if not self._tries_by_itself():
            self.wish = self.wish and (None, None)

    def _tries_by_itself(self):
        return self.air.stubborn or self.options.get("reconnects", -1) != 0

    def isconnected(self):
        self._do("isconnected")
        early = self.air.early and self.let_in is not None
        return self.air.lying or early or self.address != NOWHERE

    def status(self, what=None):
        self._do("status")
        if what == "rssi":
            if not self.let_in:
                raise OSError("Wifi Not Connected")
            return self.let_in.rssi
        if self.let_in:
            return IDLE if self.address == NOWHERE else GOT_IP
        if self.wish and (self.air.late or (self.air.stale and self.passed < 2)):
            return OWN_LEAVING if self.air.late else self.air.stale
        if self.wish and (self.wish[0] is not None or self._tries_by_itself()):
            return TRYING
        return self.reason or IDLE

    def ifconfig(self, *given):
        if given:
            self._do("ifconfig")
            self.fixed = None if given[0] == "dhcp" else given[0]
            return None
        if self.air.lying:
            return LEASE
        return self.address

    def scan(self):
        self._do("scan")
        if not self.on:
            raise OSError("STA must be active")
        if self.wish and not self.let_in:
            raise OSError("Wifi Internal State Error")
        self.air.wait_for_scan()
        return self.air.heard


class Point:
    def __init__(self, air):
        self.air = air
        self.on = False
        self.starts = 0
        self._reset()

    def _reset(self):
        self.settings = {"ssid": "ESP_003F2A", "security": OPEN, "key": None}

    def active(self, *on):
        if on:
            if on[0] and self.air.no_point:
                raise OSError("Wifi Out of Memory")
            self.on = on[0]
            self.starts += self.on
            if not self.on:
                self._reset()
        return self.on

    def config(self, name=None, **options):
        if name:
            return self.settings[name]
        if not self.on:
            raise OSError("Wifi Invalid Mode")
        if self.air.deaf_point:
            return None
        self.settings.update(options)
        return None

    def ifconfig(self):
        return ("127.0.0.1", "255.255.255.0", "127.0.0.1", "127.0.0.1")

    def status(self, what):
        return [(b"phone!",)]


class Air:
    """`network` itself; `networks` {name: Network} are in the air, `heard` is what scans find."""

    STA_IF, AP_IF = 0, 1

    def __init__(self, **networks):
        self.networks = networks
        self.heard = []
        self.calls = 0
        self.tried = []
        self.broken = {}
        self.known_options = ("reconnects", "pm")
        self.early = self.late = False
        self.stale = 0
        self.stubborn = self.lying = self.no_point = self.deaf_point = False
        self.wait_for_scan = lambda: None
        self.name = None
        self.named_when_active = None
        self.station = Station(self)
        self.point = Point(self)

    def WLAN(self, interface):
        return self.point if interface else self.station

    def hostname(self, name):
        self.name = name
        self.named_when_active = self.station.on

    def tick(self):
        self.station.tick()


class Board:
    """What the firmware wants of a board with Wi-Fi, beside the driver."""

    def __init__(self, air):
        self.air = air
        self.held = False
        self.shown = None

    def network(self):
        return self.air

    def pressed(self):
        return self.held

    def show(self, *shown):
        self.shown = shown
