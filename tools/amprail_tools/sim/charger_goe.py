"""A go-eCharger V4 or PRO: its HTTP API v2 with its quirks."""

import json

from .car import MINIMUM_MA
from .charger import Charger
from .http_server import Reply, json_reply
from .samples import sample

NEUTRAL, OFF, ON = 0, 1, 2  # frc
# Keys that may be set, with their smallest and largest value; amp ends at 16 on 11 kW units.
SETTABLE = {"amp": (6, 32), "frc": (0, 2), "psm": (0, 2), "acs": (0, 1)}
LACKING_IN_PRO = ("cbl",)  # go-eCharger-API-v2 issue 312
ADVISED_S = 5.0  # between two writes, says the vendor


# The owner's settings are stored at once; what follows from them (alw, acu, the pilot) is worked
# out once a second. frc goes back to neutral when the car leaves, with the next of those seconds
# (API-v2 issues 117, homeassistant-goecharger-mqtt 190). That a restart forgets it too is not
# documented: it is the worse case. A key that the model lacks makes it HTTP 400, with the others.
class GoeCharger(Charger):
    """model "V4" or "PRO". `hurried`: writes less than 5 s after the one before; `locked`: so many
    requests are answered "couldn't take api lock"; `enabled`: the owner has switched the API on.
    """

    driver = "goe"
    poll_s = 1.0

    def __init__(self, car, phases="123", *, model="V4", **kind):
        super().__init__(car, phases, **kind)
        self.server.single = True
        self.enabled = True
        self.locked = self.hurried = 0
        self._most_a = 16 if self.maximum_ma <= 16000 else 32
        self._set = {"amp": max(6, min(self._most_a, self.defaults_ma // 1000))}
        self._set |= {"frc": NEUTRAL if self.defaults_ma else OFF, "psm": 0, "acs": 0}
        self._lacking = LACKING_IN_PRO if model == "PRO" else ()
        self._fixed = sample("goe_status_full") | {
            "typ": f"go-eCharger_{model}",
            "sse": self.uid,
            "ama": self.maximum_ma // 1000,
            "var": 11 if self._most_a == 16 else 22,
            "cus": 3,
            "pnp": len(self.phases),
        }
        self._written_s = -ADVISED_S
        self._age_s = 0.0
        self._left = False
        self._offered_ma = 0
        self._poll()

    @property
    def told_ma(self) -> int:
        return 0 if self._set["frc"] == OFF else self._set["amp"] * 1000

    @told_ma.setter
    def told_ma(self, ma: int) -> None:
        self._set["frc"] = NEUTRAL if ma else OFF
        self._set["amp"] = ma // 1000 or self._set["amp"]

    @property
    def offered_ma(self) -> int:
        return 0 if self._broken else self._offered_ma

    @property
    def fallback_ma(self) -> int:
        return self.maximum_ma  # amp stays as written last, and the pause is forgotten

    def _forget(self):
        self._set["frc"] = NEUTRAL

    def _unplugged(self):
        self._left = True

    def step(self, dt_s: float) -> None:
        self._age_s += dt_s
        super().step(dt_s)

    def _poll(self):
        if self._left:
            self._set["frc"], self._left = NEUTRAL, False
        self._offered_ma = min(self.maximum_ma, self.told_ma)
        one_phase = self._set["psm"] == 1
        self.car.wires = 1 if one_phase else len(self.phases)

    def _handle(self, request):
        if not self.enabled or request.path not in ("/api/status", "/api/set"):
            return Reply(404, b"Not found", chunked=True)
        if request.method != "GET":
            return Reply(405, b"Method not allowed", chunked=True)
        if self.locked:
            self.locked -= 1
            return Reply(500, b"couldn't take api lock", chunked=True)
        if request.path == "/api/set":
            return self._change(request.query)
        keys = [key for key in request.query.get("filter", "").split(",") if key]
        status = self._fixed | self._live()
        known = [key for key in keys or status if key in status and key not in self._lacking]
        self._say(self._offered_ma)
        complete = len(known) == len(keys or status)
        return json_reply(
            {key: status[key] for key in known}, 200 if complete else 400, chunked=True
        )

    def _change(self, query):
        if query.get("rst") == "1":
            self.reboot()
            return json_reply({"rst": True}, chunked=True)
        answers, taken = {}, {}
        for key, text in query.items():
            if key in SETTABLE:
                answers[key] = self._refusal(key, text)
                if answers[key] is True:
                    taken[key] = int(text)
        if taken:
            self._take(taken)
        status = 500 if set(answers.values()) - {True} else 200
        return json_reply(answers, status if len(answers) == len(query) else 400, chunked=True)

    def _refusal(self, key, text):
        least, most = SETTABLE[key]
        most = min(most, self._most_a) if key == "amp" else most
        try:
            value = json.loads(text)
        except ValueError:
            value = None
        if type(value) is not int:
            return f"{key}: failed: Could not parse value {text}"
        if not least <= value <= most:
            return f"{key}: failed: Value {value} exceeds range {least} to {most} ({value})"
        return True

    def _take(self, taken):
        self.hurried += self._age_s - self._written_s < ADVISED_S
        self._written_s = self._age_s
        wanted = self._set | taken
        paused = wanted["frc"] == OFF
        if self._write(0 if paused else wanted["amp"] * 1000):
            self.flash_writes += wanted["amp"] != self._set["amp"]
            self._set = wanted

    def _live(self):
        charges = self.letter == "C"
        allowed = self.car.plugged and self._offered_ma >= MINIMUM_MA
        total_w = sum(self.watts)
        factors = [99 if ampere else 0 for ampere in self.amperes]
        car = {"A": 1, "B": 4 if self.car.session_wh else 3, "C": 2}.get(self.letter, 5)
        return self._set | {
            "car": car,
            "alw": allowed,
            "acu": self._offered_ma // 1000 if allowed else None,
            "err": 2 if self._broken else 0,
            "nrg": [*self.volts, 0.4, *self.amperes, *self.watts, 0, total_w, *factors, 0],
            "pha": [wire < len(self.phases) and charges for wire in range(3)] * 2,
            "eto": round(self.car.charged_wh),
            "wh": round(self.car.session_wh, 1),
            "rbc": self.reboots + 8,
            "rbt": round(self.uptime_s * 1000),
        }
