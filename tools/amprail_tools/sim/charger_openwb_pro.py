"""An openWB Pro: one page, connect.php, that is read by GET and told by a form."""

import time
from urllib.parse import parse_qsl

from .car import MINIMUM_MA
from .charger import LARGEST_MA, Charger
from .http_server import Reply, json_reply, plain

PAGE = "/connect.php"
UNKNOWN = Reply(404, b"<html><h1>404 Not Found</h1></html>", "text/html")


# Keys and types are those of the answers in openWB's own test (chargepoints/openwb_pro), the forms
# those that openWB and evcc send. The quirks: without a car it goes on saying that it offers 6 A;
# it knows no fault, a broken one only stops; a vehicle without an id is null or "--"; the
# signalling may end in a line feed. Nobody documents its answer to a form, what it does with a
# current out of range (here the worst: it raises it to 6 A), nor the heartbeat. Once that is
# enabled, it wants to be asked something every heartbeat_s, or it offers nothing until it is.
class OpenWbProCharger(Charger):
    """heartbeat_s: a guess, openWB asks every 10 s or so and evcc every 30 s; unknown_id: what
    vehicle_id is without a vehicle that has one.
    """

    driver = "openwb_pro"
    step_ma = 100

    def __init__(self, car, phases="123", *, heartbeat_s=60.0, unknown_id=None, **kind):
        super().__init__(car, phases, **kind | {"has_meter": True})
        self.heartbeat_s = heartbeat_s
        self.heartbeat = False
        self._unknown_id = unknown_id
        self._target = len(self._wired)
        self._in_use = 1
        self._silent_s = 0.0

    def _forget(self):
        super()._forget()
        self.heartbeat = False

    @property
    def offered_ma(self) -> int:
        """What the PWM says now; 0 while its manager is silent or it is broken."""
        silent = self.heartbeat and self._silent_s > self.heartbeat_s
        return 0 if silent else super().offered_ma

    def step(self, dt_s: float) -> None:
        self._silent_s += dt_s
        super().step(dt_s)
        self._in_use = self._drawing() or self._in_use

    def _drawing(self):
        return sum(ma > 0 for ma in self.car.phase_ma)

    # What follows is the API.

    def _handle(self, request):
        if request.path != PAGE:
            return UNKNOWN
        self._silent_s = 0.0
        if request.method == "GET":
            return json_reply(self._state())
        if request.method != "POST":
            return Reply(405)
        for name, value in parse_qsl(request.body.decode("latin-1")):
            self._tell(name, value)
        return Reply(200, b"", "text/html")

    def _tell(self, name, value):
        if name == "ampere":
            self._set(value)
        elif name == "phasetarget" and value in ("1", "3"):
            self._target = min(int(value), len(self._wired))
            self.car.wires = self._target
        elif name == "heartbeatenabled":
            self.heartbeat = value == "1"

    def _set(self, value):
        try:
            ma = round(float(value) * 10) * 100
        except (ValueError, OverflowError):
            return
        if ma:
            ma = min(max(ma, MINIMUM_MA), LARGEST_MA)
        if self._write(ma):
            self.told_ma = ma

    def _state(self):
        plugged = self.car.plugged
        offered = self._say(self.offered_ma if plugged else MINIMUM_MA) / 1000
        drawing = self._drawing()
        volts = self.volts[: len(self._wired)] + [0.0] * (3 - len(self._wired))
        watts = [round(u * i, 1) for u, i in zip(volts, self.amperes, strict=True)]
        return {
            "date": time.strftime("%Y:%m:%d-%H:%M:%S"),
            "timestamp": int(time.time()),
            "powers": [plain(value) for value in watts],
            "power_all": plain(round(sum(watts), 1)),
            "currents": [plain(value) for value in self.amperes],
            "voltages": [plain(value) for value in volts],
            "imported": round(self.car.charged_wh),
            "exported": 0,
            "plug_state": plugged,
            "charge_state": self.letter == "C" or drawing > 0,
            "phases_actual": drawing,
            "phases_target": self._target,
            "phases_in_use": self._in_use,
            "offered_current": plain(offered),
            "evse_signaling": "basic iec61851\n" if plugged else "unclear\n",
            "v2g_ready": 0,
            "soc_value": 0,
            "soc_timestamp": 0,
            "vehicle_id": self._unknown_id,
            "serial": self.uid,
            "frequency": 50.2,
        }
