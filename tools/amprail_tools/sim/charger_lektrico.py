"""A Lektrico 1P7K or 3P22K: methods that are read by GET and called by JSON-RPC."""

import json

from .car import MINIMUM_MA
from .charger import LARGEST_MA, Charger
from .http_server import Reply, json_reply

NO_METHOD, WRONG_PARAMETERS, NO_JSON = -32601, -32602, -32700
# current_limit_reason (lektricowifi): what holds the current down.
NO_LIMIT, INSTALLATION, USER, DYNAMIC = 0, 1, 2, 3
STORED = {"user_current": int, "led_max_brightness": int, "headless": bool, "charger_locked": bool}
FAULTS = (
    *("state_e_activated", "overtemp", "critical_temp", "overcurrent", "meter_fault"),
    *("undervoltage_error", "overvoltage_error", "rcd_error", "cp_diode_failure"),
    "contactor_failure",
)


# From a real device's answer in evcc's driver, the vendor's page on JSON-RPC and the package
# lektricowifi. The quirks: a method's name is taken in any case; a refusal has HTTP 200 and an
# error instead of a result; dynamic_current is 0 (a pause) or 6 to 32 A, no half ones; the user's
# and the installation's current limit it further, and it gives the reason as a number; with
# authorization a car waits as B_AUTH until charge.start. The codes of errors are JSON-RPC's, the
# vendor's are not known; dynamic_current after a restart is not either, app_config is stored.
class LektricoCharger(Charger):
    """Config: `config`, as app_config.set changes it; headless: no authorization is needed."""

    driver = "lektrico"

    def __init__(self, car, phases="123", *, headless=True, **kind):
        super().__init__(car, phases, **kind | {"has_meter": True})
        self.config = {
            "user_current": LARGEST_MA // 1000,
            "led_max_brightness": 20,
            "headless": headless,
            "load_balancing": 0,
            "charger_locked": False,
        }
        self._authorized = self._stopped = False
        self.relay_mode = 0
        digits = "".join(filter(str.isdigit, self.uid))
        self.serial = 500000 + int(digits or 6)
        self.model = "1p7k" if len(self._wired) == 1 else "3p22k"

    def _forget(self):
        super()._forget()
        self._authorized = self._stopped = False

    def _unplugged(self):
        self._authorized = self._stopped = False

    def _limits(self):
        return {
            INSTALLATION: self.maximum_ma,
            USER: self.config["user_current"] * 1000,
            DYNAMIC: self.told_ma,
        }

    @property
    def offered_ma(self) -> int:
        """What the PWM says now; 0 too while stopped, locked, without authorization or broken."""
        waits = not (self.config["headless"] or self._authorized)
        if waits or self._broken or self._stopped or self.config["charger_locked"]:
            return 0
        return min(self._limits().values())

    def _words(self):
        """charger_state and its longer form."""
        letter = self.letter
        if self.config["charger_locked"] and letter != "E":
            return letter, "LOCKED"
        if letter != "B":
            return letter, letter
        if not (self.config["headless"] or self._authorized):
            return "B", "B_AUTH"
        return "B", "B_PAUSE" if self.offered_ma < MINIMUM_MA else "B"

    # What follows is the API.

    def _handle(self, request):
        method = request.path.removeprefix("/rpc/").lower()
        readers = self._readers()
        if request.method == "GET" and method in readers:
            return json_reply(readers[method]())
        if request.method == "POST" and request.path == "/rpc":
            return self._call_method(request.body, readers)
        return Reply(404, b"Not Found")

    def _call_method(self, body, readers):
        try:
            call = json.loads(body)
            name, parameters = call["method"].lower(), call.get("params") or {}
        except (ValueError, TypeError, KeyError, AttributeError, RecursionError):
            return self._answer({}, NO_JSON, "Parse error")
        callers = {
            "dynamic_current.set": self._set,
            "app_config.set": self._configure,
            "charge.start": self._start,
            "charge.stop": self._stop,
            "device.reset": self._reset,
        }
        if name in readers:
            return self._answer(call, 0, readers[name]())
        if name not in callers:
            return self._answer(call, NO_METHOD, "Method not found")
        if not isinstance(parameters, dict) or not callers[name](parameters):
            return self._answer(call, WRONG_PARAMETERS, "Invalid params")
        return self._answer(call, 0, True)

    def _answer(self, call, code, result):
        source = f"{self.model}_{self.serial}"
        answer = {"id": call.get("id"), "src": source, "dst": call.get("src")}
        if code:
            return json_reply(answer | {"error": {"code": code, "message": result}})
        return json_reply(answer | {"result": result})

    def _set(self, parameters):
        amperes = parameters.get("dynamic_current")
        relay_mode = parameters.get("relay_mode", self.relay_mode)
        if type(amperes) is not int or not (amperes == 0 or 6 <= amperes <= 32):
            return False
        if self._write(amperes * 1000):
            self.told_ma, self.relay_mode = amperes * 1000, relay_mode
            self.car.wires = 1 if relay_mode == 1 else len(self._wired)
        return True

    def _configure(self, parameters):
        key, value = parameters.get("config_key"), parameters.get("config_value")
        if key not in STORED or type(value) is not STORED[key]:
            return False
        if key == "user_current" and not 6 <= value <= 32:
            return False
        self.config[key] = value
        self.flash_writes += 1
        return True

    def _start(self, parameters):
        if self._write(self.told_ma):
            self._authorized, self._stopped = True, False
        return True

    def _stop(self, parameters):
        self._stopped = self._write(0) or self._stopped
        return True

    def _reset(self, parameters):
        self._call(self._reset_later)
        return True

    async def _reset_later(self):
        self.reboot()

    def _readers(self):
        return {
            "charger_info.get": self._info,
            "app_config.get": self._app_config,
            "dynamic_current.get": self._dynamic_current,
            "active_errors.get": lambda: {name: self._fault(name) for name in FAULTS},
            "device_id.get": lambda: {"device_id": f"{self.model}_{self.serial}"},
            "charger_config.get": self._charger_config,
        }

    def _fault(self, name):
        return self._broken and name in ("state_e_activated", "rcd_error")

    def _charger_config(self):
        return {"type": self.model, "serial_number": self.serial, "board_revision": "B"}

    def _app_config(self):
        return {"charging_current": self.offered_ma // 1000} | self.config

    def _dynamic_current(self):
        return {"dynamic_current": self.told_ma // 1000, "relay_mode": self.relay_mode}

    def _info(self):
        state, extended = self._words()
        limits = self._limits()
        reason = min(limits, key=limits.get)
        self._say(self.offered_ma)
        return {
            "charger_state": state,
            "extended_charger_state": extended,
            "session_energy": round(self.car.session_wh, 2),
            "instant_power": float(sum(self.watts)),
            "currents": self.amperes,
            "voltages": [
                volts if n < len(self._wired) else 0.0 for n, volts in enumerate(self.volts)
            ],
            "total_charged_energy": round(self.car.charged_wh / 1000, 3),
            "dynamic_current": self.told_ma // 1000,
            "relay_mode": self.relay_mode,
            "has_active_errors": self._broken,
            "charger_is_paused": self._stopped,
            "current_limit_reason": reason if limits[reason] < LARGEST_MA else NO_LIMIT,
            "charging_time": 0,
            "temperature": 18.8,
            "fw_version": "1.51",
            "headless": self.config["headless"],
            "install_current": self.maximum_ma // 1000,
        }
