"""A SmartEVSE 3: its REST API, in which a refusal is HTTP 200 and 0 is full current."""

import re

from .car import MINIMUM_MA
from .charger import Charger
from .http_server import Reply, json_reply
from .samples import sample

MODES = ("OFF", "NORMAL", "SOLAR", "SMART", "PAUSE")
IS_OFF, NORMAL, SOLAR, SMART, PAUSE = range(5)
STATES = {0: "Ready to Charge", 1: "Connected to EV", 2: "Charging"}
STATES |= {9: "Charging Stopped", 10: "Stop Charging"}
ERRORS = ("None", "No Power Available", "Communication Error", "", "", "RCM Tripped")
NOT_ALLOWED = "Value not allowed!"
FEED_S = 11  # COMM_TIMEOUT: without mains currents for so long it stops
PILOT_OFF = 1024


# The override is in RAM and gone after a restart; 0 means none, which is full current; mode and
# pause are stored. The server is Mongoose: a POST without Content-Length is never answered. With
# a mains meter of the kind "API" and mode SMART it keeps current_main itself and stops when
# POST /currents stays away: the one watchdog it has.
class SmartevseCharger(Charger):
    """mains_a: current_main, which a feed of POST /currents guards (MainsMeter "API"); None: no
    mains meter, so NORMAL is the only mode. defaults_ma 0: it starts paused.
    """

    driver = "smartevse"

    def __init__(self, car, phases="123", *, mains_a=None, **kind):
        super().__init__(car, phases, **kind)
        self.server.needs_length = True
        self.mains_a = mains_a
        self.mode = SMART if mains_a else NORMAL
        self._access = NORMAL if self.defaults_ma else PAUSE
        self.override_da = 0  # tenths of an ampere, as in its API
        self.feed_age_s = 0.0
        self.feed_da = [0, 0, 0]
        self._most_da = self.maximum_ma // 1000 * 10
        self._smart_da = self._most_da
        self._settings = sample("smartevse_settings")

    @property
    def told_ma(self) -> int:
        return (
            0 if self.shown_mode in (IS_OFF, PAUSE) else (self.override_da or self._most_da) * 100
        )

    @told_ma.setter
    def told_ma(self, ma: int) -> None:
        self._access = NORMAL if ma else PAUSE
        self.override_da = ma // 100 or self.override_da

    @property
    def shown_mode(self) -> int:
        return self._access if self._access in (IS_OFF, PAUSE) else self.mode

    @property
    def fallback_ma(self) -> int:
        return self.maximum_ma

    def _forget(self):
        self.override_da = 0
        self.feed_age_s = 0.0

    @property
    def error(self) -> int:
        """0 none, 1 mains are full, 2 no mains currents any more, 5 residual current."""
        if self._broken:
            return 5
        if self.shown_mode not in (SOLAR, SMART):
            return 0
        if self.feed_age_s >= FEED_S:
            return 2
        return int(self._smart_da * 100 < MINIMUM_MA)

    @property
    def offered_ma(self) -> int:
        if self.error or self.shown_mode == SOLAR:  # no sun here
            return 0
        ma = super().offered_ma
        return min(ma, self._smart_da * 100) if self.shown_mode == SMART else ma

    def step(self, dt_s: float) -> None:
        self.feed_age_s += dt_s
        super().step(dt_s)

    def _handle(self, request):
        query = request.query
        if request.path == "/settings":
            if request.method == "GET":
                return json_reply(self._state(), chunked=True)
            if request.method == "POST":
                return json_reply(self._change(query), chunked=True)
        if request.path == "/currents" and request.method == "POST":
            return json_reply(self._feed(query), chunked=True)
        if request.path == "/reboot" and request.method == "POST":
            self.reboot()
            return Reply(200)
        return Reply(404, b"Not Found\n")

    def _change(self, query):
        answer = {}
        if "mode" in query:
            answer["mode"] = self._change_mode(query["mode"])
        if "override_current" in query and self.mode in (NORMAL, SMART):
            da = _to_int(query["override_current"])
            fits = da == 0 or 10 * MINIMUM_MA // 1000 <= da <= self._most_da
            if self._write((da or self._most_da) * 100, fits):
                self.override_da = da
            answer["override_current"] = da if fits else NOT_ALLOWED
        return answer

    def _change_mode(self, text):
        mode = _to_int(text)
        possible = (
            (IS_OFF, NORMAL, SOLAR, SMART, PAUSE) if self.mains_a else (IS_OFF, NORMAL, PAUSE)
        )
        if mode not in possible:
            return NOT_ALLOWED
        stops = mode in (IS_OFF, PAUSE)
        full_ma = (self.override_da or self._most_da) * 100
        if self._write(0 if stops else full_ma):
            self.flash_writes += mode != self.shown_mode
            self._access = mode if stops else NORMAL
            self.mode = self.mode if stops else mode
            if mode == SOLAR:
                self.override_da = 0
        return text

    def _feed(self, query):
        if not self.mains_a or not {"L1", "L2", "L3"} <= set(query):
            return {}
        self.feed_da = [_to_int(query[line]) for line in ("L1", "L2", "L3")]
        self.feed_age_s = 0.0
        room_da = self.mains_a * 10 - max(self.feed_da)
        aim_da = (
            max(self._smart_da, round(max(self.amperes) * 10)) if room_da > 0 else self._smart_da
        )
        # It gives way at once and comes back by a part.
        self._smart_da = aim_da + (room_da if room_da < 0 else room_da // 4)
        self._smart_da = max(0, min(self._most_da, self._smart_da))
        lines = dict(zip(("L1", "L2", "L3"), self.feed_da, strict=True))
        return {"original": lines} | lines | {"TOTAL": sum(self.feed_da)}

    def _state(self):
        state = self._state_id()
        mode, error = self.shown_mode, self.error
        offered_da = self.offered_ma // 100
        offers = state in (1, 2)
        all_ = self._settings
        all_ |= {"mode": MODES[mode], "mode_id": mode, "car_connected": self.car.plugged}
        all_["evse"] |= {
            "connected": self.car.plugged,
            "access": {IS_OFF: 0, PAUSE: 2}.get(mode, 1),
            "mode": int(self.mode == SMART),
            "pwm": int(offered_da / 0.6) if offers else PILOT_OFF,
            "state": STATES[state],
            "state_id": state,
            "error": ERRORS[error],
            "error_id": error,
            "nrofphases": len(self.phases),
        }
        all_["settings"] |= {
            "charge_current": offered_da if offers else 0,
            "override_current": self.override_da,
            "current_max": self.maximum_ma // 1000,
            "current_max_circuit": self.maximum_ma // 1000,
            "mains_meter": "API" if self.mains_a else "Disabled",
        }
        if self.mains_a:
            all_["settings"]["current_main"] = self.mains_a
        self._measured(all_)
        self._say(self.offered_ma)
        return all_

    def _state_id(self):
        if not self.car.plugged:
            return 0
        if not self.offered_ma:
            return 10 if max(self.car.phase_ma) else 9
        return 2 if self.letter == "C" else 1

    def _measured(self, all_):
        meter = all_["ev_meter"]
        deci = [round(ampere * 10) for ampere in self.amperes] if self.has_meter else [0, 0, 0]
        meter["description"] = "Eastron3P" if self.has_meter else "Disabled"
        meter["import_active_power"] = sum(self.watts) if self.has_meter else 0
        meter["charged_wh"] = round(self.car.session_wh) if self.has_meter else 0
        meter["currents"] = dict(zip(("TOTAL", "L1", "L2", "L3"), [sum(deci), *deci], strict=True))
        if self.mains_a:
            lines = zip(
                ("TOTAL", "L1", "L2", "L3"), [sum(self.feed_da), *self.feed_da], strict=True
            )
            all_["phase_currents"]["original_data"] = dict(lines)
            all_["phase_currents"] |= all_["phase_currents"]["original_data"]


def _to_int(text):
    # Arduino's String.toInt(): the number at the beginning, or 0.
    found = re.match(r"\s*[+-]?\d+", text)
    return int(found[0]) if found else 0
