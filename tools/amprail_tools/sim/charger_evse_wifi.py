"""An EVSE-WiFi (SimpleEVSE-WiFi) or a smartWB: a gateway in front of a SimpleEVSE board."""

import re

from .car import MINIMUM_MA
from .charger import Charger
from .http_server import Reply, json_reply, plain

# The object "generic" of its line in chargers.jsonl: what its API looks like, as data.
GENERIC = {
    "set": [["GET", "/setCurrent?current={a}", None]],
    "success": "S0_",
    "status": "/getParameters",
    "state": "list.0.vehicleState",
    "states": {"1": "A", "2": "B", "3": "C"},
    "allowed": "list.0.actualCurrent",
    "currents": ["list.0.currentP1", "list.0.currentP2", "list.0.currentP3"],
}
HIRES = GENERIC | {
    "set": [["GET", "/setCurrent?current={a100}", None]],
    "allowed": "list.0.actualCurrentMA",
    "allowed_per_a": 100,
    "step_ma": 100,
}
HEARTBEAT_S = 60  # SimpleEVSE-WiFi main.cpp, updateRemoteHeartbeat()


# From the source of SimpleEVSE-WiFi and openWB's and CurtRod's recordings. The quirks: a refusal
# is a text with HTTP 200; a number is read up to its first letter, so that no number is a pause;
# what is above the maximum sets the maximum; a firmware of high resolution tells and takes 1/100
# of an ampere, and takes amperes as well; an analogue input, where one is used, wins over what was
# said to be set. In remote mode, after 60 s without getParameters, it sets 0, and once it
# is asked again the current from before: also over one that was set within that second. Gateway
# and board restart apart: only the board forgets, and starts with its register 2000 (32 A, unless
# the installer wrote another). The board is asked every 3 s: states are that old.
class EvseWifiCharger(Charger):
    """mode: "always" (active), "remote", or "normal" with setStatus; hires: a smartWB;
    analogue_ma: of its input, None: not used; resets: the setting that puts register 2000 back
    after a charge; defaults_ma: register 2000.
    """

    driver = "generic"
    poll_s = 3.0

    def __init__(
        self,
        car,
        phases="123",
        *,
        mode="always",
        hires=False,
        analogue_ma=None,
        resets=False,
        **kind,
    ):
        super().__init__(car, phases, **kind)
        self.mode = mode
        self.hires = hires
        self.step_ma = 10 if hires else 1000
        self.analogue_ma = analogue_ma
        self.active = mode != "normal"
        self._resets = resets
        self._silent_s = self._tick_s = 0.0
        self._charged = False
        self._before_ma = None  # what the heartbeat has taken away
        self._poll()

    def _forget(self):
        super()._forget()
        self.active = self.mode != "normal"
        self._silent_s, self._before_ma = 0.0, None

    @property
    def offered_ma(self) -> int:
        """What the PWM says now; 0 while not active or broken."""
        if self.analogue_ma is None or self._broken:
            return super().offered_ma if self.active else 0
        return min(self.maximum_ma, self.analogue_ma)

    def step(self, dt_s: float) -> None:
        self._silent_s += dt_s
        self._tick_s += dt_s
        if self.mode == "remote" and self._tick_s >= 1:
            self._tick_s = 0.0
            self._look_at_heartbeat()
        super().step(dt_s)
        charging = self.letter == "C"
        if self._resets and self._charged and not charging:
            self.told_ma = self.defaults_ma
        self._charged = charging

    def _look_at_heartbeat(self):
        if self._silent_s >= HEARTBEAT_S:
            if self.told_ma:
                self._before_ma = self.told_ma
            self.told_ma = 0
        elif self._before_ma is not None:
            self.told_ma, self._before_ma = self._before_ma, None

    def _poll(self):
        self._state, self._ready = ".ABCDE".index(self.letter), self.offered_ma >= MINIMUM_MA

    def line(self, number: int) -> dict:
        """Its line of chargers.jsonl."""
        return super().line(number) | {"generic": HIRES if self.hires else GENERIC}

    # What follows is the API.

    def _handle(self, request):
        if request.method != "GET":
            return Reply(404, b"Not found")
        parameter = next(iter(request.query.items()), ("", ""))
        if request.path == "/getParameters":
            self._silent_s = 0.0
            return json_reply({"type": "parameters", "list": [self._parameters()]})
        if request.path == "/evseHost":
            return json_reply({"type": "evseHost", "list": [{"uptime": int(self.uptime_s)}]})
        callers = {
            "/setCurrent": self._set_current,
            "/setStatus": self._set_status,
            "/doReboot": self._restart_gateway,
            "/interruptCp": lambda name, value: "S0_CP signal interrupted successfully",
        }
        if request.path not in callers:
            return Reply(404, b"Not found")
        return Reply(200, callers[request.path](*parameter).encode())

    def _set_current(self, name, value):
        if name != "current":
            return "E2_could not set current - wrong parameter"
        number, most = _atoi(value), self.maximum_ma // 1000
        if not (number == 0 or 6 <= number <= most or 600 <= number <= most * 100):
            if number < most:
                return f"E1_could not set current - give a value between 6 and {most}"
            self._set(self.maximum_ma)
            return "S0_set current to maximum value"
        hundredths = number * 100 if number < 64 else number
        self._set(hundredths * 10 if self.hires else hundredths // 100 * 1000)
        return "S0_set current to given value"

    def _set(self, ma):
        if self._write(ma, self.analogue_ma is None):
            self.told_ma = ma

    def _set_status(self, name, value):
        if name != "active" or self.mode != "normal":
            return "E2_could not process - wrong parameter or EVSE-WiFi runs in always active mode"
        if value not in ("true", "false"):
            return "E1_could not process - give a valid value (true/false)"
        verb = "activate" if value == "true" else "deactivate"
        if self.active == (value == "true"):
            return f"E3_could not {verb} EVSE - EVSE already {verb}d!"
        if self._write(self.told_ma if value == "true" else 0):
            self.active = value == "true"
        return f"S0_EVSE successfully {verb}d"

    def _restart_gateway(self, name, value):
        if (name, value) != ("reboot", "true"):
            return "E1_could not do reboot - wrong value"
        self._call(self._gateway_restarts)
        return "S0_EVSE-WiFi is going to reboot now..."

    async def _gateway_restarts(self):
        told_ma, active = self.told_ma, self.active
        self._restart()
        self.told_ma, self.active = told_ma, active

    def _parameters(self):
        told_ma = self._say(self.told_ma)
        metered = (sum(self.watts), self.car.session_wh, self.car.charged_wh, *self.amperes)
        if not self.has_meter:
            metered = (0,) * len(metered)
        kilowatts, session, total = (value / 1000 for value in metered[:3])
        values = {
            "vehicleState": self._state,
            "evseState": self._ready,
            "maxCurrent": self.maximum_ma // 1000,
            "actualCurrent": told_ma // 1000,
            "actualCurrentMA": told_ma // 10,
            "actualPower": plain(round(kilowatts, 3 if self.hires else 2)),
            "duration": 0,
            "alwaysActive": self.mode != "normal",
            "lastActionUser": "vehicle",
            "lastActionUID": "vehicle",
            "energy": plain(round(session, 2)),
            "mileage": 0,
            "meterReading": plain(round(total, 2)),
        }
        for n in range(3):
            values[f"currentP{n + 1}"] = plain(round(metered[3 + n], 2))
        if not self.hires:
            del values["actualCurrentMA"]
            return values
        values |= {f"voltageP{n + 1}": self.volts[n] for n in range(3)}
        return values | {"useMeter": self.has_meter, "RFIDUID": ""}


def _atoi(text: str) -> int:
    found = re.match(r"\s*[+-]?\d{1,9}", text)
    return int(found[0]) if found else 0
