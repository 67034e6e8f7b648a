"""A WARP charger: its HTTP API with its quirks, and its charging slots."""

import json

from . import auth
from .car import MINIMUM_MA
from .charger import LARGEST_MA, Charger
from .http_server import Reply, json_reply
from .warp_automation import Automation, rule

# Charging slots of esp32-firmware (evse_common): what is offered is the smallest of the active
# ones.
INCOMING, OUTGOING, AUTOSTART, GLOBAL, EXTERNAL, AUTOMATION = 0, 1, 4, 5, 8, 14
SLOTS = 18
# meters/0/value_ids (meter_value_id.csv): voltages, currents, powers of L1 to L3, total W, kWh.
VALUE_IDS = [1, 2, 3, 13, 17, 21, 39, 48, 57, 74, 209]
FEATURES = ["evse", "cp_disconnect", "button_configuration", "phase_switch"]
METER_FEATURES = ["meter", "meter_phases", "meter_all_values", "meters"]
READY = Reply(200)
UNKNOWN = b"Nothing matches the given URI"


def _ignored(ma: int) -> bool:
    return 0 < ma < MINIMUM_MA or ma > LARGEST_MA


# The quirks that matter to a manager (docs.warp-charger.com and esp32-firmware): a value that
# the EVSE ignores is answered with 200; states are polled from the EVSE every 250 ms, so a
# reading right after a write may still be the old one; commands without payload run on GET; the
# external slot has no watchdog and survives until a restart, which puts external_defaults there.
class WarpCharger(Charger):
    """defaults_ma: external_defaults, what the external slot has after a start; uid as in
    info/name; watchdog_ma: of an automation rule for 30 s without a current, None: there is none;
    user, password: asks for HTTP Digest.
    """

    driver = "warp"

    def __init__(self, car, phases="123", *, watchdog_ma=None, **kind):
        super().__init__(car, phases, **kind)
        self.automation_ma = None  # of its slot; None: not active
        rules = [] if watchdog_ma is None else [rule(watchdog_ma)]
        self.automation = Automation(self._limit, rules)
        self.defaults = {"current": self.defaults_ma, "clear_on_disconnect": False}
        self._clear = False
        self._state, self._changed_s = 0, 0.0
        self._poll()

    def _limit(self, ma):
        self.automation_ma = ma

    def _forget(self):
        self.told_ma, self._clear = self.defaults["current"], self.defaults["clear_on_disconnect"]
        self.automation_ma = None
        self.automation.restart()

    @property
    def offered_ma(self) -> int:
        """The smallest slot; 0 while broken."""
        ma = super().offered_ma
        return ma if self.automation_ma is None else min(ma, self.automation_ma)

    @property
    def fallback_ma(self) -> int:
        return min(self.maximum_ma, self.defaults["current"])

    def step(self, dt_s: float) -> None:
        self._changed_s += dt_s
        super().step(dt_s)
        self.automation.step(dt_s)
        if self._clear and not self.car.plugged:
            self.told_ma = 0

    def _poll(self):
        state = "ABCDE".index(self.letter)
        if state != self._state:
            self._state, self._changed_s = state, 0.0
        self._allowed_ma, self._seen_ma = self.offered_ma, self.told_ma

    # What follows is the API. Names of states are paths; X_update is X over HTTP.

    def _handle(self, request):
        user, password = self.credentials["user"], self.credentials["password"]
        if user and not auth.digest(request, user, password):
            return auth.challenge()
        name = request.path.strip("/")
        if name in ("reboot", "evse/reset"):
            self.reboot()  # which is why nobody should try paths by GET
            return READY
        if request.method in ("PUT", "POST"):
            return self._put(name.removesuffix("_update"), request.body)
        if request.method != "GET":
            return Reply(405, b"Request method for this URI is not handled by server")
        state = self._read(name)
        return Reply(404, UNKNOWN) if state is None else json_reply(state)

    def _read(self, name):
        readers = {
            "evse/state": self._evse_state,
            "evse/low_level_state": self._low_level_state,
            "evse/slots": self._slots,
            "evse/external_current": lambda: {"current": self._seen_ma},
            "evse/external_defaults": lambda: self.defaults,
            "evse/automation_current": lambda: {"current": self.automation_ma or 0},
            "automation/config": lambda: {"tasks": self.automation.tasks},
            "evse/external_clear_on_disconnect": lambda: {"clear_on_disconnect": self._clear},
            "info/features": lambda: FEATURES + (METER_FEATURES if self.has_meter else []),
            "info/name": self._name,
        }
        if self.has_meter:
            readers["meters/0/value_ids"] = lambda: VALUE_IDS
            readers["meters/0/values"] = self._values
            readers["meter/all_values"] = self._all_values
        if name in readers:
            return readers[name]()
        parent, _, member = name.rpartition("/")
        state = readers[parent]() if parent in readers else None
        return state.get(member) if isinstance(state, dict) else None

    def _put(self, name, body):
        fields = {
            "evse/external_current": {"current": int},
            "evse/external_defaults": {"current": int, "clear_on_disconnect": bool},
            "evse/automation_current": {"current": int},
            "automation/config": {"tasks": list},
            "evse/external_clear_on_disconnect": {"clear_on_disconnect": bool},
        }.get(name)
        if fields is None:
            return Reply(404 if self._read(name) is None else 405, UNKNOWN)
        try:
            values = _checked(json.loads(body), fields)
        except (ValueError, RecursionError) as error:
            return Reply(400, str(error).encode())
        return self._apply(name, values)

    def _apply(self, name, values):
        if name == "evse/external_defaults":
            self.defaults = values
            self.flash_writes += 1
        elif name == "automation/config":
            try:
                self.automation.configure(values)
            except ValueError as error:
                return Reply(400, str(error).encode())
            self.flash_writes += 1
        elif name == "evse/automation_current":
            if self.automation_ma is not None and not _ignored(values["current"]):
                self.automation_ma = values["current"]
        elif "current" in values:
            self._set(values["current"])
        else:
            self._clear = values["clear_on_disconnect"]
        return READY

    def _set(self, ma):
        self.automation.written()
        if self._write(ma, not _ignored(ma)):
            self.told_ma = ma

    def _evse_state(self):
        waiting = 2 if self._allowed_ma else 1  # ready, or waiting for release
        self._say(self._allowed_ma)
        return {
            "iec61851_state": self._state,
            "charger_state": (0, waiting, 3, 3, 4)[self._state],
            "contactor_state": 3 if self._state == 2 else 1,
            "contactor_error": 0,
            "allowed_charging_current": self._allowed_ma,
            "error_state": 3 if self._broken else 0,
            "lock_state": 0,
            "dc_fault_current_state": 1 if self._broken else 0,
        }

    def _slots(self):
        slots = [{"max_current": 0, "active": False, "clear_on_disconnect": False}] * SLOTS
        limits = {INCOMING: LARGEST_MA, OUTGOING: self.maximum_ma, EXTERNAL: self._seen_ma}
        for slot in (AUTOSTART, GLOBAL):
            limits[slot] = LARGEST_MA
        if self.automation_ma is not None:
            limits[AUTOMATION] = self.automation_ma
        for slot, ma in limits.items():
            clear = slot == EXTERNAL and self._clear
            slots[slot] = {"max_current": ma, "active": True, "clear_on_disconnect": clear}
        return slots

    def _low_level_state(self):
        phases = len(self._wired)
        return {
            "led_state": 4 if self._state == 2 else 1,
            # IEC 61851-1: 0.6 A for each percent; without an offer the pilot stays high.
            "cp_pwm_duty_cycle": self._allowed_ma // 60 if self._allowed_ma else 1000,
            "adc_values": [3907, 2986, 184, 204, 1024, 3750, 177],
            "voltages": [11987, 6050, -12020, -11884, 825, 12087, -12058],
            "resistances": [827, 219],
            "gpio": [False] * 24,
            "charging_time": int(self.car.full),
            "time_since_state_change": int(self._changed_s * 1000),
            "uptime": int(self.uptime_s * 1000),
            "time_since_dc_fault_check": int(self.uptime_s * 1000),
            "temperature": 3831,
            "phases_current": phases,
            "phases_requested": phases,
            "phases_state": 0,
            "phases_info": 0,
            "dc_fault_pins": 0,
            "dc_fault_sensor_type": 1,
        }

    def _name(self):
        kind = "warp3" if self.has_meter else "warp2"
        display = "WARP3 Charger Pro" if self.has_meter else "WARP2 Charger Smart"
        return {
            "name": f"{kind}-{self.uid}",
            "type": kind,
            "display_type": display,
            "uid": self.uid,
        }

    def _values(self):
        energy = round(self.car.charged_wh / 1000, 3)
        return self.volts + self.amperes + self.watts + [sum(self.watts), energy]

    def _all_values(self):
        values = [None] * 85
        values[0:9] = self._values()[0:9]
        values[24], values[30] = self._values()[9:11]
        return values


def _checked(value, fields: dict) -> dict:
    # An object with one member may be sent bare: 8000 is {"current": 8000}.
    if len(fields) == 1 and not isinstance(value, dict):
        value = {next(iter(fields)): value}
    if not isinstance(value, dict) or set(value) != set(fields):
        raise ValueError(f"JSON object with {', '.join(fields)} expected")
    for name, kind in fields.items():
        if type(value[name]) is not kind or (kind is int and value[name] < 0):
            raise ValueError(f"[{name!r}] has the wrong type or is out of range")
    return value
