"""A V2C Trydan: everything is a keyword that is read and written by GET."""

import json

from .car import MINIMUM_MA
from .charger import Charger
from .http_server import Reply

# The object "generic" of its line in chargers.jsonl: what its API looks like, as data.
GENERIC = {
    "set": [["GET", "/write/Intensity={a}", None], ["GET", "/write/Paused=0", None]],
    "pause": [["GET", "/write/Paused=1", None]],
    "success": "OK",
    "status": "/RealTimeData",
    "state": "ChargeState",
    "states": {"0": "A", "1": "B", "2": "C"},
    "allowed": "Intensity",
    "paused": "Paused",
    "currents": [f"IntensityMeasure_L{phase}" for phase in (1, 2, 3)],
}
FLAGS = ("Paused", "Locked", "Timer", "Dynamic", "PauseDynamic")
CURRENTS = ("Intensity", "MinIntensity", "MaxIntensity")


# From Home Assistant's recording, evcc's driver and the package pytrydan, which want an OK and
# nothing else. The quirks: JSON is sent as "text"; ChargeState stays 2 while it is paused; its own
# dynamic control changes Intensity unless PauseDynamic is 1; ChargeMode and the currents of the
# phases are told from firmware 2.5.0; 1.7.20 forgets the comma after ID, 2.3.20 has a key twice
# (Rain1971/V2C_trydant, issues 27 and 53). Not documented, and so a guess: what a refusal looks
# like, that a current outside MinIntensity to MaxIntensity is answered OK and taken as the nearest
# one inside, what a restart forgets, and that a fault shows only in that it charges no more.
class TrydanCharger(Charger):
    """firmware: "2.1.7" and so on; dynamic: its own control of the current is on."""

    driver = "generic"

    def __init__(self, car, phases="123", *, firmware="2.1.7", dynamic=False, **kind):
        super().__init__(car, phases, **kind)
        self.firmware = firmware
        self.flags = dict.fromkeys(FLAGS, 0) | {"Dynamic": int(dynamic)}
        self.least_a, self.most_a = 6, self.maximum_ma // 1000
        self.has_meter = [int(part) for part in firmware.split(".")] >= [2, 5]
        self._charge_state = 0
        self._mode = 1
        self.current_ma = min(self.current_ma, self.maximum_ma)

    def _forget(self):
        self.current_ma, self.paused = min(self.defaults_ma, self.maximum_ma), False
        self.flags["Paused"] = 0

    @property
    def offered_ma(self) -> int:
        """What the PWM says now; 0 while paused, locked or broken."""
        return 0 if self.flags["Locked"] else super().offered_ma

    def step(self, dt_s: float) -> None:
        if self.flags["Dynamic"] and not self.flags["PauseDynamic"]:
            self.current_ma = self.most_a * 1000
        super().step(dt_s)

    def _poll(self):
        state = max("ABC".find(self.letter), int(self.car.plugged))
        if not (self.paused and self._charge_state == 2 and state == 1):
            self._charge_state = state

    def line(self, number: int) -> dict:
        """Its line of chargers.jsonl."""
        return super().line(number) | {"generic": GENERIC}

    # What follows is the API.

    def _handle(self, request):
        verb, _, rest = request.path[1:].partition("/")
        if request.method == "GET" and request.path == "/RealTimeData":
            return Reply(200, self._real_time_data(), "text")
        if request.method == "GET" and verb == "read" and rest in self._values():
            return Reply(200, str(self._values()[rest]).encode(), "text")
        if request.method == "GET" and verb == "write":
            keyword, _, value = rest.partition("=")
            done = value.isascii() and value.isdigit() and self._set(keyword, int(value[:9]))
            return Reply(200, b"OK" if done else b"ERROR", "text")
        return Reply(404, b"Not found")

    def _set(self, keyword, value):
        if keyword in CURRENTS:
            return 6 <= value <= 32 and self._set_current(keyword, value)
        if keyword in FLAGS:
            return value <= 1 and self._set_flag(keyword, value)
        if keyword == "ChargeMode" and value <= 2:
            self._mode = value
            self.car.wires = 1 if value == 0 else len(self._wired)
            return True
        return keyword in ("DynamicPowerMode", "ContractedPower")

    def _set_current(self, keyword, amperes):
        if keyword == "Intensity":
            amperes = min(max(amperes, self.least_a), self.most_a)
            if self._write(amperes * 1000):
                self.current_ma = amperes * 1000
        elif keyword == "MinIntensity":
            self.least_a = amperes
        else:
            self.most_a = min(amperes, self.maximum_ma // 1000)
        return True

    def _set_flag(self, keyword, value):
        if keyword != "Paused":
            self.flags[keyword] = value
        elif self._write(0 if value else self.current_ma):
            self.flags["Paused"], self.paused = value, bool(value)
        return True

    def _values(self):
        drawing = self.offered_ma >= MINIMUM_MA or any(self.car.phase_ma)
        flags = self.flags
        values = {
            "ID": self.uid,
            "ChargeState": self._charge_state,
            "ReadyState": 0,
            "ChargePower": float(sum(self.watts)) if drawing else 0.0,
            "VoltageInstallation": 230,
            "ChargeEnergy": round(self.car.session_wh / 1000, 2),
            "SlaveError": 4,
            "ChargeTime": 0,
            "HousePower": 0.0,
            "FVPower": 0.0,
            "BatteryPower": 0.0,
            "Paused": flags["Paused"],
            "Locked": flags["Locked"],
            "Timer": flags["Timer"],
            "Intensity": self.current_ma // 1000,
            "Dynamic": flags["Dynamic"],
            "MinIntensity": self.least_a,
            "MaxIntensity": self.most_a,
            "PauseDynamic": flags["PauseDynamic"],
            "LightLED": 25,
            "LogoLED": 75,
            "FirmwareVersion": self.firmware,
            "DynamicPowerMode": 2,
            "ContractedPower": 4600,
        }
        if self.has_meter:
            values["ChargeMode"] = self._mode
            for n in range(3):
                values[f"IntensityMeasure_L{n + 1}"] = self.amperes[n]
                values[f"VoltageMeasure_L{n + 1}"] = self.volts[n]
        return values

    def _real_time_data(self):
        self._say(self.offered_ma)
        text = json.dumps(self._values(), separators=(",", ":"))
        if self.firmware == "1.7.20":
            text = text.replace(",", "", 1)
        if self.firmware == "2.3.20":
            text = text[:-1] + f',"FirmwareVersion":"{self.firmware}"}}'
        return text.encode()
