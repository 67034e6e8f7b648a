"""Who may say what in an OpenEVSE: claims with priorities, and the current shaper."""

# evse_man.h of the firmware: the higher number wins, property by property.
DEFAULT, API, MANUAL, LIMIT, SAFETY = 10, 500, 1000, 1100, 5000
BY_DEFAULT, BY_HAND, BY_SHAPER = 0x10004, 0x10001, 0x1000B  # clients
CLIENTS = 10
PROPERTIES = ("state", "charge_current", "max_current")


def checked(properties) -> dict:
    """What a body may claim; ValueError for what is none."""
    if not isinstance(properties, dict):
        raise ValueError("Could not parse JSON")
    known = {name: properties[name] for name in PROPERTIES if name in properties}
    if known.get("state", "active") not in ("active", "disabled"):
        raise ValueError("Could not parse JSON")
    for name in PROPERTIES[1:]:
        if type(known.get(name, 0)) is not int or known.get(name, 0) < 0:
            raise ValueError("Could not parse JSON")
    if "auto_release" in properties:
        known["auto_release"] = bool(properties["auto_release"])
    return known


class Claims:
    """client -> (priority, properties); nothing of it survives a restart. `version` counts."""

    def __init__(self, default_state: str):
        self._default = {"state": default_state, "auto_release": False}
        self.version = 0
        self.forget()

    def forget(self) -> None:
        self._all = {BY_DEFAULT: (DEFAULT, self._default)}

    def get(self, client) -> dict | None:
        return self._all.get(client, (0, None))[1]

    def make(self, client, priority, properties) -> bool:
        """Replaces the client's claim; False if there are too many."""
        if client not in self._all and len(self._all) >= CLIENTS:
            return False
        self._all[client] = (priority, properties)
        self.version += 1
        return True

    def release(self, client) -> bool:
        self.version += client in self._all
        return self._all.pop(client, None) is not None

    def car_left(self) -> None:
        """The session is complete: what releases itself is gone."""
        for client, (_, properties) in tuple(self._all.items()):
            if properties.get("auto_release"):
                self.release(client)

    def rows(self) -> list:
        """As GET /claims."""
        return [
            {"client": client, "priority": priority} | properties
            for client, (priority, properties) in self._all.items()
        ]

    def target(self) -> dict:
        """As GET /claims/target: the strongest word for each property, and whose it is."""
        properties, whose = {}, {}
        by_strength = sorted(self._all.items(), key=lambda claim: claim[1][0])
        for client, (_, claimed) in by_strength:
            for name in PROPERTIES:
                if name in claimed:
                    properties[name], whose[name] = claimed[name], client
        return {"properties": properties | {"auto_release": False}, "claims": whose}


# Of current_shaper.cpp: the power of the whole house with the charger is told to it; what is left
# to the maximum goes on top of what it charges with now. It trusts nobody at first and after
# data_s without news: it pauses. `_outputFilter` of newer firmware is left out.
class Shaper:
    """maximum_w: current_shaper_max_pwr; data_s: current_shaper_data_maxinterval."""

    def __init__(self, claims, maximum_w: int | None, data_s: float, phases: int):
        self.claims = claims
        self.enabled = maximum_w is not None
        self.maximum_w = maximum_w or 0
        self.data_s = data_s
        self._phases = phases
        self.restart()

    def restart(self) -> None:
        self.live_w, self.current_a = 0, 0
        self.updated = False
        self._age_s = 0.0

    def tell(self, live_w: float, drawn_a: float, minimum_a: int, volts: float) -> None:
        """The house draws live_w, the charger drawn_a of it."""
        self.live_w, self.updated, self._age_s = int(live_w), True, 0.0
        left_w = max(0, self.maximum_w - self.live_w)
        self.current_a = int(left_w / volts / self._phases + drawn_a)
        if self.enabled:
            properties = {"max_current": self.current_a, "auto_release": False}
            if self.current_a < minimum_a:
                properties["state"] = "disabled"
            self.claims.make(BY_SHAPER, SAFETY, properties)

    def step(self, dt_s: float) -> None:
        self._age_s += dt_s
        if self._age_s > self.data_s:
            self.updated = False
        pauses = {"state": "disabled", "auto_release": False}
        if not self.enabled:
            self.claims.release(BY_SHAPER)
        elif not self.updated and self.claims.get(BY_SHAPER) != pauses:
            self.claims.make(BY_SHAPER, LIMIT, pauses)
