"""An OpenEVSE with the Wi-Fi gateway: its HTTP API with overrides, claims and the shaper."""

import json

from . import auth
from .car import VOLTAGE_V
from .charger import Charger
from .http_server import Reply, json_reply
from .openevse_claims import API, BY_HAND, MANUAL, Claims, Shaper, checked
from .samples import sample

MINIMUM_A = 6
SLEEPING = 254
FAULT = 6  # GFCI
WRONG_TRIES = 5  # until it locks; the firmware has such a number, ours is a guess
SHAPING = {
    "current_shaper_enabled": bool,
    "current_shaper_max_pwr": int,
    "current_shaper_data_maxinterval": int,
}


# Of openevse_esp32_firmware: what is below the minimum is raised to it, so 0 A is 6 A and only
# "disabled" pauses; an override beats a claim, and releases itself when the car leaves unless
# asked not to; all of that is in RAM. max_current within /override does nothing in 5.1.2 (issue
# 956). `amp` is one current, in mA; `pilot` stays as it was while disabled. Mongoose waits for
# the body of a POST without Content-Length until the client goes.
class OpenevseCharger(Charger):
    """shaper_w: its current shaper guards this power of the house, None: it is off; shaper_data_s:
    so long without news and it pauses. defaults_ma 0: it starts disabled, else at its maximum.
    user, password: asks for HTTP Basic.
    """

    driver = "openevse"

    def __init__(self, car, phases="123", *, shaper_w=None, shaper_data_s=120, **kind):
        super().__init__(car, phases, **kind)
        self.server.needs_length = True
        self.claims = Claims("active" if self.defaults_ma else "disabled")
        self.shaper = Shaper(self.claims, shaper_w, shaper_data_s, len(self.phases))
        self.override_version = self.config_version = 0
        self._wrong_tries = 0
        self._config = sample("openevse_config") | {
            "wifi_serial": self.uid,
            "max_current_soft": self.maximum_ma // 1000,
            "max_current_hard": self.maximum_ma // 1000,
            "is_threephase": len(self.phases) == 3,
            "default_state": bool(self.defaults_ma),
            "www_username": self.credentials["user"] or "",
            "www_password": "_DUMMY_PASSWORD" if self.credentials["user"] else "",
        }
        self._keep_shaping()
        self._status = sample("openevse_status")

    def _keep_shaping(self):
        values = (self.shaper.enabled, self.shaper.maximum_w, self.shaper.data_s)
        self._config |= dict(zip(SHAPING, values, strict=True))

    @property
    def disabled(self) -> bool:
        return self.claims.target()["properties"].get("state") == "disabled"

    @property
    def pilot_a(self) -> int:
        """What it would offer; raised to its minimum."""
        target = self.claims.target()["properties"]
        wanted = [
            target.get(name, self.maximum_ma // 1000) for name in ("charge_current", "max_current")
        ]
        return max(MINIMUM_A, min(*wanted, self.maximum_ma // 1000))

    @property
    def told_ma(self) -> int:
        return 0 if self.disabled else self.pilot_a * 1000

    @told_ma.setter
    def told_ma(self, ma: int) -> None:
        override = (
            {"state": "active", "charge_current": ma // 1000} if ma else {"state": "disabled"}
        )
        self.claims.make(BY_HAND, MANUAL, override | {"auto_release": False})

    @property
    def fallback_ma(self) -> int:
        guarded = self.shaper.enabled or not self.defaults_ma
        return 0 if guarded else self.maximum_ma

    def _forget(self):
        self.claims.forget()
        self.shaper.restart()

    def _unplugged(self):
        self.claims.car_left()

    def step(self, dt_s: float) -> None:
        super().step(dt_s)
        self.shaper.step(dt_s)

    def _handle(self, request):
        refused = self._refused(request)
        if refused:
            return refused
        resource, _, rest = request.path.strip("/").partition("/")
        answer = getattr(self, f"_{resource}_{request.method.lower()}", None)
        if answer is None:
            known = resource in ("status", "config", "override", "claims")
            return _message("Method not allowed", 405) if known else Reply(404, b"Not found")
        try:
            value = json.loads(request.body) if request.method == "POST" else None
        except (ValueError, RecursionError):
            return _message("Could not parse JSON", 400)
        return answer(rest, value)

    def _refused(self, request):
        user, password = self.credentials["user"], self.credentials["password"]
        if not user or auth.basic(request, user, password):
            self._wrong_tries = 0
            return None
        self._wrong_tries += "authorization" in request.headers
        if self._wrong_tries > WRONG_TRIES:
            return _message("locked", 429)
        asked = (("WWW-Authenticate", f'Basic realm="openevse-{self.uid}"'),)
        return Reply(401, b"", headers=asked)

    def _override_get(self, rest, value):
        return json_reply(self.claims.get(BY_HAND) or {})

    def _override_post(self, rest, value):
        try:
            wanted = {"auto_release": True} | checked(value)
        except ValueError:
            return _message("Failed to parse JSON", 400)
        if self._claim(BY_HAND, MANUAL, wanted):
            self.override_version += 1
        return _message("Created", 201)

    def _override_patch(self, rest, value):
        if self.claims.get(BY_HAND):
            self.claims.release(BY_HAND)
        else:
            state = "active" if self.disabled else "disabled"
            self._claim(BY_HAND, MANUAL, {"state": state, "auto_release": True})
        self.override_version += 1
        return _message("Updated")

    def _override_delete(self, rest, value):
        if not self.claims.release(BY_HAND):
            return _message("Failed to release manual overide", 500)
        self.override_version += 1
        return _message("Deleted")

    def _claims_get(self, rest, value):
        if rest == "target":
            return json_reply(self.claims.target())
        if not rest:
            return json_reply(self.claims.rows())
        claim = self.claims.get(_client(rest))
        return _message("Not found", 404) if claim is None else json_reply(claim)

    def _claims_post(self, rest, value):
        if not _client(rest):
            return _message("Method not allowed", 405)
        try:
            wanted = {"auto_release": False} | checked(value)
        except ValueError as error:
            return _message(str(error), 400)
        done = self._claim(_client(rest), API, wanted)
        return _message("done") if done else _message("Could not make claim", 400)

    def _claims_delete(self, rest, value):
        done = self.claims.release(_client(rest))
        return _message("done") if done else _message("Not found", 404)

    def _claim(self, client, priority, wanted):
        amperes = min(wanted.get("charge_current", 32), wanted.get("max_current", 32))
        ma = 0 if wanted.get("state") == "disabled" else amperes * 1000
        if not self._write(ma):
            return True
        if client == BY_HAND:
            wanted.pop("max_current", None)
        return self.claims.make(client, priority, wanted)

    def _config_get(self, rest, value):
        return json_reply(self._config)

    def _config_post(self, rest, value):
        if not isinstance(value, dict):
            return _message("Could not parse JSON", 400)
        wanted = {name: kind(value[name]) for name, kind in SHAPING.items() if name in value}
        changed = any(self._config[name] != wanted[name] for name in wanted)
        if changed:
            self._config |= wanted
            self.shaper.enabled, self.shaper.maximum_w, self.shaper.data_s = (
                self._config[name] for name in SHAPING
            )
            self.config_version += 1
            self.flash_writes += 1
        told = "done" if changed else "no change"
        return json_reply({"config_version": self.config_version, "msg": told})

    def _status_post(self, rest, value):
        if not isinstance(value, dict):
            return _message("Could not parse JSON", 400)
        live_w = value.get("shaper_live_pwr")
        if isinstance(live_w, int | float):
            self.shaper.tell(live_w, self.amperes[0], MINIMUM_A, VOLTAGE_V)
        return json_reply(value)

    def _status_get(self, rest, value):
        state = {"A": 1, "B": 2, "C": 3, "E": FAULT}[self.letter]
        sleeps = self.disabled and state != FAULT
        self._say(self.offered_ma)
        return json_reply(
            self._status
            | {
                "amp": self.car.phase_ma[0],
                "voltage": VOLTAGE_V,
                "power": sum(self.watts),
                "pilot": self.pilot_a,
                "max_current": self.maximum_ma // 1000,
                "state": SLEEPING if sleeps else state,
                "status": "disabled" if self.disabled else "active",
                "vehicle": int(self.car.plugged),
                "manual_override": int(self.claims.get(BY_HAND) is not None),
                "uptime": int(self.uptime_s),
                "session_energy": round(self.car.session_wh),
                "total_energy": self.car.charged_wh / 1000,
                "shaper": int(self.shaper.enabled),
                "shaper_live_pwr": self.shaper.live_w,
                "shaper_cur": self.shaper.current_a,
                "shaper_updated": self.shaper.updated,
                "config_version": self.config_version,
                "claims_version": self.claims.version,
                "override_version": self.override_version,
            }
        )


def _client(text):
    return int(text) if text.isascii() and text.isdigit() else 0


def _message(text, status=200):
    return json_reply({"msg": text}, status)
