"""A Peblar: its local REST API (WLAC) with a token, behind a limit of requests."""

import json
from collections import deque

from .car import MINIMUM_MA
from .charger import LARGEST_MA, Charger
from .http_server import Reply, json_reply

BASE = "/api/wlac/v1/"
OURS = "Local REST API"
FIELDS = {"ChargeCurrentLimit": int, "Force1Phase": bool}


def _refused(status: int, reason: str) -> Reply:
    return json_reply({"statusmsg": reason}, status)


# From the vendor's OpenAPI document (as in the package pypeblar), the model of the package peblar
# and Home Assistant's recordings. The quirks: the token stands bare in Authorization, and health
# is told without it; a reason is the statusmsg of an object; what it offers is the lowest of many
# limits, and it names that one; a limit below 6 A suspends charging; a phase that it cannot
# measure has a voltage of null, and what a model does not have is null or missing altogether. Not
# documented, and so a guess: how many requests are too many (429), the number of an error, and
# what a restart leaves of the limit.
class PeblarCharger(Charger):
    """limiter_ma: what a user set in its web interface; requests_s: how many it answers in a
    second; read_only: a token that may not write; leaves_out: absent phases are not even null.
    """

    driver = "peblar"
    step_ma = 1

    def __init__(
        self,
        car,
        phases="123",
        *,
        token=None,
        limiter_ma=LARGEST_MA,
        requests_s=20,
        read_only=False,
        leaves_out=False,
        **kind,
    ):
        super().__init__(car, phases, token=token or "test-token", **kind | {"has_meter": True})
        self.limiter_ma = limiter_ma
        self.requests_s = requests_s
        self.read_only = read_only
        self._leaves_out = leaves_out
        self._single = False
        self._asked = deque()

    def _forget(self):
        super()._forget()
        self._asked.clear()

    def _limits(self):
        return {
            OURS: self.told_ma,
            "Installation limit": self.maximum_ma,
            "Current limiter": self.limiter_ma,
        }

    @property
    def offered_ma(self) -> int:
        """What the PWM says now: the lowest limit; 0 below 6 A and while broken."""
        ma = min(self._limits().values())
        return 0 if self._broken or ma < MINIMUM_MA else ma

    # What follows is the API.

    def _handle(self, request):
        known = request.headers.get("authorization") == self.credentials["token"]
        if not known and request.path != BASE + "health":
            return _refused(401, "Unauthorized")
        if self._too_many():
            return _refused(429, "Too many requests")
        readers = {
            "evinterface": self._evinterface,
            "meter": self._meter,
            "system": self._system,
            "health": self._health,
        }
        name = request.path.removeprefix(BASE)
        if not request.path.startswith(BASE) or name not in readers:
            return _refused(404, "Not found")
        if request.method == "GET":
            return json_reply(readers[name]())
        if name != "evinterface" or request.method not in ("PATCH", "PUT"):
            return _refused(405, "Method not allowed")
        return self._change(request.body, request.method == "PUT")

    def _too_many(self):
        while self._asked and self._asked[0] <= self.uptime_s - 1:
            self._asked.popleft()
        if len(self._asked) >= self.requests_s:
            return True
        self._asked.append(self.uptime_s)
        return False

    def _change(self, body, whole):
        if self.read_only:
            return _refused(403, "The API is read only")
        try:
            values = _checked(json.loads(body), whole)
        except (ValueError, RecursionError) as error:
            return _refused(400, str(error))
        if "ChargeCurrentLimit" in values and self._write(values["ChargeCurrentLimit"]):
            self.told_ma = values["ChargeCurrentLimit"]
        if "Force1Phase" in values:
            self._single = values["Force1Phase"] and len(self._wired) > 1
            self.car.wires = 1 if self._single else len(self._wired)
        return json_reply(self._evinterface())

    def _evinterface(self):
        limits = self._limits()
        source = min(limits, key=limits.get)
        self._say(self.offered_ma)
        return {
            "ChargeCurrentLimit": self.told_ma,
            "ChargeCurrentLimitActual": limits[source],
            "ChargeCurrentLimitSource": source,
            "CpState": f"State {self.letter}",
            "Force1Phase": self._single,
        }

    def _meter(self):
        lines = (1, 2, 3)
        values = {f"CurrentPhase{n}": self.car.phase_ma[n - 1] for n in lines}
        values["EnergySession"] = round(self.car.session_wh)
        values["EnergyTotal"] = round(self.car.charged_wh)
        values |= {f"PowerPhase{n}": self.watts[n - 1] for n in lines}
        values["PowerTotal"] = sum(self.watts)
        values |= {f"VoltagePhase{n}": round(self.volts[n - 1]) for n in lines}
        for n in lines[len(self._wired) :]:
            values[f"VoltagePhase{n}"] = None
        if self._leaves_out:
            absent = tuple("23"[len(self._wired) - 1 :])
            values = {name: value for name, value in values.items() if name[-1] not in absent}
        return values

    def _system(self):
        return {
            "ActiveErrorCodes": [1101] if self._broken else [],
            "ActiveWarningCodes": [],
            "CellularSignalStrength": None,
            "FirmwareVersion": "1.6.1+1+WL-1",
            "Force1PhaseAllowed": len(self._wired) > 1,
            "PhaseCount": len(self._wired),
            "ProductPn": "6004-2300-8002",
            "ProductSn": self.uid,
            "Uptime": int(self.uptime_s),
            "WlanSignalStrength": None,
        }

    def _health(self):
        return {"AccessMode": "ReadOnly" if self.read_only else "ReadWrite", "ApiVersion": "1.0"}


def _checked(values, whole: bool) -> dict:
    if not isinstance(values, dict) or (whole and set(values) != set(FIELDS)):
        raise ValueError(f"expected an object with {' and '.join(FIELDS)}")
    # A client that changes one field may send the other as null.
    values = {name: value for name, value in values.items() if value is not None}
    for name, value in values.items():
        if type(value) is not FIELDS.get(name) or (name in FIELDS and not 0 <= value <= 63_000):
            raise ValueError(f"{name}: {value!r} is not valid")
    return values
