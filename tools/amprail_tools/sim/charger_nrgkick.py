"""An NRGkick Gen2: its local JSON API, in which everything is a GET."""

from . import auth
from .charger import Charger
from .http_server import Reply, json_reply
from .samples import sample

STATUS = {"A": ("STANDBY", 1), "B": ("CONNECTED", 2), "C": ("CHARGING", 3), "E": ("ERROR", 6)}
WORDS = {"relay_state", "rcd_trigger", "warning_code", "error_code"}  # numbers with raw=1
API_OFF = {"Response": "API must be enabled within the NRGkick App"}


# The answer to a setpoint is the value itself; what is refused is HTTP 406 with a sentence. What
# a restart makes of current and pause is not documented: here the pause is forgotten, the worse.
class NrgkickCharger(Charger):
    """`enabled`: the owner has switched the API on in the app; phase_switch: and phase_count too.
    user, password: asks for HTTP Basic.
    """

    driver = "nrgkick"

    def __init__(self, car, phases="123", *, phase_switch=False, **kind):
        super().__init__(car, phases, **kind)
        self._forget()
        self.enabled = True
        self.phase_switch = phase_switch
        self.energy_limit_wh = 0
        self._rated_a = 32
        self._phases = len(self.phases)
        self._info = sample("nrgkick_info")
        self._info["general"] |= {"serial_number": self.uid, "rated_current": self._rated_a}
        self._info["connector"] |= {
            "phase_count": self._phases,
            "max_current": self.maximum_ma // 1000,
        }

    def _forget(self):
        self.current_ma = min(self.maximum_ma, self.defaults_ma or self.maximum_ma)
        self.paused = not self.defaults_ma

    def _handle(self, request):
        user = self.credentials["user"]
        if user and not auth.basic(request, user, self.credentials["password"]):
            asked = (("WWW-Authenticate", 'Basic realm="NRGkick"'),)
            return json_reply({"Response": "Unauthorized"}, 401, headers=asked)
        answer = {"/info": self._info_now, "/control": self._control, "/values": self._values}
        if request.path not in answer:
            return Reply(404, b"Not found")
        if request.method != "GET":
            return Reply(405, b"Method not allowed")
        if not self.enabled:
            return json_reply(API_OFF)
        return answer[request.path](dict(request.query))

    def _info_now(self, query):
        query.pop("raw", None)
        return json_reply(_sections(self._info, query))

    def _control(self, query):
        if not query:
            self._say(self.offered_ma)
            return json_reply(
                {
                    "current_set": self.current_ma / 1000,
                    "charge_pause": int(self.paused),
                    "energy_limit": self.energy_limit_wh,
                    "phase_count": self._phases,
                }
            )
        setters = {
            "current_set": self._set_current,
            "charge_pause": self._set_pause,
            "energy_limit": self._set_energy,
            "phase_count": self._set_phases,
        }
        done = {}
        for key, text in query.items():
            try:
                done[key] = setters[key](float(text))
            except (KeyError, ValueError, OverflowError) as error:
                told = error.args[0] if str(error).startswith("Invalid") else f"Invalid {key}"
                return json_reply({"Response": told}, 406)
        return json_reply(done)

    def _set_current(self, amperes):
        most_a = min(self._rated_a, self.maximum_ma / 1000)
        if not 6 <= amperes <= most_a:
            raise ValueError(f"Invalid current entered, allowed 6.0A - {most_a:.1f}A")
        ma = int(round(amperes, 3) * 10) * 100
        if self._write(0 if self.paused else ma):
            self.current_ma = ma
        return ma / 1000

    def _set_pause(self, value):
        if value not in (0, 1):
            raise ValueError("Invalid charge pause entered, allowed 0 - 1")
        if self._write(0 if value else self.current_ma):
            self.paused = bool(value)
        return int(value)

    def _set_energy(self, value):
        if value < 0:
            raise ValueError("Invalid energy limit entered")
        self.energy_limit_wh = int(value)
        return int(value)

    def _set_phases(self, value):
        if not self.phase_switch or value not in (1, 2, 3):
            raise ValueError("Invalid phase count entered")
        self._phases = int(value)
        self.car.wires = min(self._phases, len(self.phases))
        return int(value)

    def _values(self, query):
        raw = query.pop("raw", None) == "1"
        values = sample("nrgkick_values")
        self._fill_powerflow(values["powerflow"])
        charged_wh, session_wh = round(self.car.charged_wh), round(self.car.session_wh)
        values["energy"] = {"total_charged_energy": charged_wh, "charged_energy": session_wh}
        self._fill_general(values["general"], raw)
        return json_reply(_sections(values, query))

    def _fill_powerflow(self, flow):
        total_w = sum(self.watts)
        flow |= {
            "charging_voltage": sum(self.volts) / 3,
            "charging_current": self.offered_ma / 1000,
            "total_active_power": total_w,
            "total_apparent_power": total_w,
            "total_power_factor": 100 if total_w else 0,
        }
        for line, volt, ampere, watt in zip(
            ("l1", "l2", "l3"), self.volts, self.amperes, self.watts, strict=True
        ):
            flow[line] |= {"voltage": volt, "current": ampere, "active_power": watt}
            flow[line] |= {"apparent_power": watt, "power_factor": 100 if watt else 0}

    def _fill_general(self, general, raw):
        charges = self.letter == "C"
        word, number = STATUS[self.letter]
        lines = ", ".join(["N", "L1", "L2", "L3"][: 1 + self._phases])
        general |= {
            "charging_rate": round(sum(self.watts) / 1000, 2),
            "status": number if raw else word,
            "charge_permitted": int(self.car.plugged and not self.paused),
            "relay_state": lines if charges else "NO_RELAY",
            "rcd_trigger": "DC_FAULT" if self._broken else "NO_FAULT",
        }
        if raw:
            general |= {key: int(not general[key].startswith("NO_")) for key in WORDS}


def _sections(values, query):
    # ?general=1&powerflow=1 asks for these only.
    asked = [name for name, value in query.items() if value == "1" and name in values]
    return {name: values[name] for name in asked} if asked else values
