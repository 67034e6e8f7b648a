"""A WARP charger: its HTTP API with its quirks, its charging slots, and the car at its cable."""

import asyncio
import json
import time
from collections import deque

from .car import MINIMUM_MA, VOLTAGE_V
from .http_server import HttpServer

# Charging slots of esp32-firmware (evse_common): what is offered is the smallest of the active
# ones.
INCOMING, OUTGOING, AUTOSTART, GLOBAL, EXTERNAL = 0, 1, 4, 5, 8
SLOTS = 18
LARGEST_MA = 32000
# meters/0/value_ids (meter_value_id.csv): voltages, currents, powers of L1 to L3, total W, kWh.
VALUE_IDS = [1, 2, 3, 13, 17, 21, 39, 48, 57, 74, 209]
FEATURES = ["evse", "cp_disconnect", "button_configuration", "phase_switch"]
METER_FEATURES = ["meter", "meter_phases", "meter_all_values", "meters"]
READY = (200, "text/plain", b"")


def _ignored(ma: int) -> bool:
    return 0 < ma < MINIMUM_MA or ma > LARGEST_MA


# The quirks that matter to a manager (docs.warp-charger.com and esp32-firmware): a value that
# the EVSE ignores is answered with 200; states are polled from the EVSE every 250 ms, so a
# reading right after a write may still be the old one; commands without payload run on GET; the
# external slot has no watchdog and survives until a restart, which puts external_defaults there.
class WarpCharger:
    """phases: the grid phase on its L1, L2, L3 as in the settings ("231", "2"); maximum_ma: cable;
    defaults_ma: external_defaults, what the external slot has after a start.

    uid as in info/name. `writes`: (monotonic s, mA as written, applied) of the last setpoints;
    `reads`: (monotonic s, mA that it said it allows) of the last states.
    """

    def __init__(
        self,
        car,
        phases="123",
        *,
        maximum_ma=16000,
        defaults_ma=LARGEST_MA,
        has_meter=True,
        latency_s=0.05,
        uid="A",
    ):
        self.car = car
        self.phases = phases
        self.maximum_ma = maximum_ma
        self.has_meter = has_meter
        self.uid = uid
        self.server = HttpServer(self._handle, latency_s)
        self.writes = deque(maxlen=1000)
        self.reads = deque(maxlen=1000)
        self.setpoints = self.reboots = 0
        self.reboot_s = 4.0
        self.told_ma = defaults_ma
        self.defaults = {"current": defaults_ma, "clear_on_disconnect": False}
        self._clear = self._ignores = self._broken = False
        self._wired = [int(phase) - 1 for phase in phases]
        car.wires = len(self._wired)
        self._call = None
        self._since_poll_s = self._since_meter_s = self._uptime_s = self._changed_s = 0.0
        self._poll()
        self._measure()

    async def start(self, call) -> None:
        """Opens the port. `call` runs functions in the event loop of this charger."""
        self._call = call
        await self.server.open()

    def disappear(self, mute: bool = False) -> None:
        """Port closed, or with mute: connections are accepted and never answered. Any thread."""
        self._call(self._vanish, mute)

    def appear(self) -> None:
        """The same port answers again. Any thread."""
        self._call(self._return)

    async def _vanish(self, mute):
        self.server.mute = mute
        if not mute:
            self.server.close()

    async def _return(self):
        self.server.mute = False
        await self.server.open()

    def reboot(self) -> None:
        """Restarts with its EVSE: its own default current now, and no port for reboot_s."""
        self._call(self._restart)

    async def _return_later(self):
        await asyncio.sleep(self.reboot_s)
        await self._return()

    def _restart(self):
        self.reboots += 1
        self.server.close()
        self.told_ma, self._clear = self.defaults["current"], self.defaults["clear_on_disconnect"]
        self._uptime_s = 0.0
        self._call(self._return_later)

    def ignore_writes(self, ignore: bool) -> None:
        """Answers 200 and does nothing, as with another manager's lower slot or a hung EVSE."""
        self._ignores = ignore

    def break_down(self, broken: bool) -> None:
        """Shows state E/F (a DC fault) and offers nothing."""
        self._broken = broken

    @property
    def offered_ma(self) -> int:
        """What the PWM says now: the smallest slot; 0 while broken."""
        return 0 if self._broken else min(self.maximum_ma, self.told_ma)

    @property
    def grid_ma(self) -> list:
        """What it draws on the grid's L1, L2, L3."""
        phases = [0, 0, 0]
        for drawn, wire in zip(self.car.phase_ma, self._wired, strict=False):
            phases[wire] += drawn
        return phases

    def could_draw_ma(self) -> list:
        """What its car would draw on the grid's phases if it were offered all."""
        draw = 0 if self._broken else self.car.could_draw_ma(self.maximum_ma)
        phases = [0, 0, 0]
        for wire in self._wired[: self.car.uses]:
            phases[wire] = draw
        return phases

    def step(self, dt_s: float) -> None:
        """Goes on by dt_s, and so does the car."""
        self.car.step(dt_s, self.offered_ma)
        if self._clear and not self.car.plugged:
            self.told_ma = 0
        self._uptime_s += dt_s
        self._changed_s += dt_s
        self._since_poll_s += dt_s
        self._since_meter_s += dt_s
        if self._since_poll_s >= 0.25:
            self._since_poll_s = 0.0
            self._poll()
        if self._since_meter_s >= 1.0:
            self._since_meter_s = 0.0
            self._measure()

    def _poll(self):
        letter = "E" if self._broken else self.car.state
        if letter == "C" and self.offered_ma < MINIMUM_MA:
            letter = "B"
        state = "ABCDE".index(letter)
        if state != getattr(self, "_state", None):
            self._state, self._changed_s = state, 0.0
        self._allowed_ma, self._seen_ma = self.offered_ma, self.told_ma

    def _measure(self):
        amperes = [ma / 1000 for ma in self.car.phase_ma]
        volts = [VOLTAGE_V + 0.5, VOLTAGE_V + 0.25, VOLTAGE_V - 0.75]
        watts = [round(volt * ampere) for volt, ampere in zip(volts, amperes, strict=True)]
        energy = round(self.car.charged_wh / 1000, 3)
        self._values = volts + amperes + watts + [sum(watts), energy]

    # What follows is the API. Names of states are paths; X_update is X over HTTP.

    def _handle(self, method, path, body):
        name = path.partition("?")[0].strip("/")
        if name in ("reboot", "evse/reset"):
            self.reboot()  # which is why nobody should try paths by GET
            return READY
        if method in ("PUT", "POST"):
            return self._write(name.removesuffix("_update"), body)
        if method != "GET":
            return 405, "text/plain", b"Request method for this URI is not handled by server"
        state = self._read(name)
        if state is None:
            return 404, "text/plain", b"Nothing matches the given URI"
        return 200, "application/json", json.dumps(state, separators=(",", ":")).encode()

    def _read(self, name):
        readers = {
            "evse/state": self._evse_state,
            "evse/low_level_state": self._low_level_state,
            "evse/slots": self._slots,
            "evse/external_current": lambda: {"current": self._seen_ma},
            "evse/external_defaults": lambda: self.defaults,
            "evse/external_clear_on_disconnect": lambda: {"clear_on_disconnect": self._clear},
            "info/features": lambda: FEATURES + (METER_FEATURES if self.has_meter else []),
            "info/name": self._name,
        }
        if self.has_meter:
            readers["meters/0/value_ids"] = lambda: VALUE_IDS
            readers["meters/0/values"] = lambda: self._values
            readers["meter/all_values"] = self._all_values
        if name in readers:
            return readers[name]()
        parent, _, member = name.rpartition("/")
        state = readers[parent]() if parent in readers else None
        return state.get(member) if isinstance(state, dict) else None

    def _write(self, name, body):
        fields = {
            "evse/external_current": {"current": int},
            "evse/external_defaults": {"current": int, "clear_on_disconnect": bool},
            "evse/external_clear_on_disconnect": {"clear_on_disconnect": bool},
        }.get(name)
        if fields is None:
            status = 404 if self._read(name) is None else 405
            return status, "text/plain", b"Nothing matches the given URI"
        try:
            values = _checked(json.loads(body), fields)
        except (ValueError, RecursionError) as error:
            return 400, "text/plain", str(error).encode()
        if name == "evse/external_defaults":
            self.defaults = values
        elif "current" in values:
            self._set(values["current"])
        else:
            self._clear = values["clear_on_disconnect"]
        return READY

    def _set(self, ma):
        applied = not self._ignores and not _ignored(ma)
        self.setpoints += 1
        self.writes.append((time.monotonic(), ma, applied))
        if applied:
            self.told_ma = ma

    def _evse_state(self):
        waiting = 2 if self._allowed_ma else 1  # ready, or waiting for release
        self.reads.append((time.monotonic(), self._allowed_ma))
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
            "uptime": int(self._uptime_s * 1000),
            "time_since_dc_fault_check": int(self._uptime_s * 1000),
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

    def _all_values(self):
        values = [None] * 85
        values[0:9] = self._values[0:9]
        values[24], values[30] = self._values[9:11]
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
