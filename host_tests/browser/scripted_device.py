"""A device that answers `/` with the built page, and the API with what a test says.

It keeps what it is sent, as a device does, and checks settings by the device's own tables; it
decides nothing.
"""

import copy
import json
import threading
from collections import deque
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from settings import schema
from settings.fields import fields

STATUS = {
    "uptime_s": 11_520,
    "cycle": 46_080,
    "grid": {
        "ok": True,
        "age_ms": 240,
        "phase_ma": [46_900, 38_200, 21_400],
        "target_ma": 49_000,
        "largest_jump_ma": [14_100, 9_700, 3_400],
    },
    "meter": {"refresh_ms": 1_000, "poll_ms": 250, "pause_ms": 60, "unchanged_s": 0},
    "budget_ma": [35_600, 28_400, 24_000],
    "chargers": [
        {
            "id": 1,
            "name": "Bay 1",
            "state": "C",
            "set_ma": 12_800,
            "max_ma": 16_000,
            "min_ma": 6_000,
            "booked_ma": [12_800, 12_800, 12_800],
            "phase_ma": [12_700, 12_600, 12_700],
            "reason": {"code": "phase_short", "phase": 1, "missing_ma": 3_200},
        },
        {
            "id": 2,
            "name": "Bay 2",
            "state": "C",
            "set_ma": 16_000,
            "max_ma": 16_000,
            "min_ma": 6_000,
            "booked_ma": [0, 16_000, 0],
            "phase_ma": [0, 15_600, 0],
            "reason": {"code": "maximum"},
        },
        {
            "id": 3,
            "name": "Visitors",
            "state": "B",
            "set_ma": 0,
            "max_ma": 32_000,
            "min_ma": 6_000,
            "booked_ma": [0, 0, 0],
            "phase_ma": [0, 0, 0],
            "reason": {"code": "paused", "left_s": 42},
        },
        {
            "id": 4,
            "name": "Workshop",
            "state": "C",
            "set_ma": 10_000,
            "max_ma": 16_000,
            "min_ma": 6_000,
            "booked_ma": [10_000, 0, 0],
            "phase_ma": None,
            "reason": {"code": "fair_share", "phase": 1, "missing_ma": 6_000},
        },
        {
            "id": 5,
            "name": "Delivery van",
            "state": "A",
            "set_ma": 0,
            "max_ma": 16_000,
            "min_ma": 6_000,
            "booked_ma": [0, 0, 0],
            "phase_ma": None,
            "reason": {"code": "no_car"},
        },
        {
            "id": 6,
            "name": "Garden",
            "state": "?",
            "set_ma": 6_000,
            "max_ma": 16_000,
            "min_ma": 6_000,
            "booked_ma": [6_000, 6_000, 6_000],
            "phase_ma": None,
            "reason": {"code": "unreachable", "booked_ma": 6_000},
        },
    ],
    "loop": {"cycle_us": 120, "stretch_p999_us": 190},
    "heap": {"used": 81_000, "free": 60_000},
    "readings": {"ok": 45_912, "timeout": 12, "crc": 3, "echo": 45_927, "noise": 7, "late": 2},
    "setpoints": 1_482,
    "warnings": [],
    "site": {"name": "Mill Lane 4", "limit_ma": 63_000, "supply_ma": 63_000},
}

SECRETS = ("password", "token")

# It has an owner, who has logged in.
LOGIN = {"claimed": True, "open": False, "claim_code": False, "in": True, "csrf": "5e5510"}
LOGIN |= {"nonce": "00" * 16, "salt": "00" * 16, "iterations": 1}
SITE = {
    "name": "Mill Lane 4",
    "limit_ma": 63_000,
    "largest_consumer_ma": 39_000,
    "supply_ma": 63_000,
    "meter": {"type": "eastron_sdm630", "address": 1},
}
LINES = [
    {"id": one["id"], "name": one["name"], "driver": "warp", "url": f"http://192.168.1.{20 + at}"}
    for at, one in enumerate(STATUS["chargers"])
]
LINES[1] |= {"user": "amprail", "password": "known to the device only"}


HISTORY = [
    [
        at,
        *([None] * 6 if at % 600 == 0 else [250 + at % 90, 180, 90, 300 + at % 90, 200, 110]),
        80,
        60,
        40,
    ]
    for at in range(11_520 - 3_540, 11_520, 60)
]
LOG = ["3 s info site Mill Lane 4, 6 chargers", "812 s warning charger 6: no answer"]


class ScriptedDevice:
    """Serves until `close`. A test sets what is to be answered; `asked` counts the polls, and
    `told` has the method, path and body of all that was to change something.

    mode: "answer", "hang" (takes the request and says nothing), "drop" (closes at once),
    "busy" (503), "garbage" (200 with something else than JSON). find: the answers to a search,
    one after the other; wifi, update: None where there is none; why: there is no site that can be
    used; refusal: (path, status, error) to give.
    """

    def __init__(self, pages: dict):
        self.pages = pages
        self.status = copy.deepcopy(STATUS)
        self.site = copy.deepcopy(SITE)
        self.why = ""
        self.logged_in = True
        self.lines = copy.deepcopy(LINES)
        self.history = {"step_s": 60, "target": 490, "rows": HISTORY}
        self.find = deque()
        self.wifi = None
        self.update = None
        self.refusal = None
        self.settings = 1
        self.knows_changes = True
        self.mode = "answer"
        self.asked = 0
        self.told = []
        self.others = []
        self.sent = []
        self._go_on = threading.Event()
        handler = type("Handler", (_Handler,), {"device": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"

    def answer(self, mode: str = "answer") -> None:
        """Change the mode; requests that hang are let go."""
        self.mode = mode
        self._go_on.set()
        self._go_on = threading.Event()

    def changes(self) -> dict:
        """What has changed since this was last asked, for the one page that asks."""
        rows = copy.deepcopy(self.status["chargers"])
        changed = [row for row in rows if row not in self.sent]
        self.sent = rows
        keys = ("uptime_s", "cycle", "grid", "budget_ma")
        about = {key: self.status.get(key) for key in keys}
        return {**about, "settings": self.settings, "chargers": changed}

    def shown(self) -> dict:
        """GET /api/settings: with the defaults, without the secrets, and with the fields."""
        lines = [schema.check_charger(line) if "id" in line else line for line in self.lines]
        lines = [
            {key: True if key in SECRETS else one for key, one in line.items()} for line in lines
        ]
        tables = json.loads("".join(fields(SECRETS)))
        if self.site is None:
            why = {"error": self.why} if self.why else {}
            return {"site": None, **why, "chargers": [], "fields": tables}
        return {"site": schema.check_site(self.site), "chargers": lines, "fields": tables}

    def put_line(self, id_: int, line: dict) -> None:
        places = [at for at, one in enumerate(self.lines) if one.get("id") == id_]
        for key in SECRETS:
            if line.get(key) is True:
                line[key] = self.lines[places[0]][key]
        schema.check_charger(line, "charger")
        if places:
            self.lines[places[0]] = line
        else:
            self.lines.append(line)
        self.settings += 1

    def close(self) -> None:
        self.answer("drop")
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    device: ScriptedDevice

    def do_GET(self):
        device = self.device
        path, _, _ = self.path.partition("?")
        if path == "/":
            self.reply(200, "text/html; charset=utf-8", self.page(), gzipped=True)
        elif path == "/api/status" or (path == "/api/changes" and device.knows_changes):
            device.asked += 1
            self.answer_status(path)
        elif path == "/api/find":
            ended = {"what": None, "done": 0, "of": 0, "found": [], "ended": True, "error": None}
            find = device.find
            self.say(200, (find.popleft() if len(find) > 1 else find[0]) if find else ended)
        elif path in OTHERS and OTHERS[path](device) is not None:
            device.others.append(self.path)
            self.say(200, OTHERS[path](device))
        else:
            self.refuse(404, "not_found")

    def do_PUT(self):
        self.take()

    def do_POST(self):
        self.take()

    def do_DELETE(self):
        self.take()

    def take(self):
        size = int(self.headers.get("Content-Length") or 0)
        body = self.rfile.read(size)
        if not self.path.startswith("/api/update"):
            body = json.loads(body) if size else None
        self.device.told.append((self.command, self.path, copy.deepcopy(body)))
        if self.device.refusal and self.device.refusal[0] == self.path:
            return self.say(self.device.refusal[1], {"error": self.device.refusal[2]})
        try:
            self.change(self.path.split("/")[2:], body)
        except ValueError as error:
            _, key, text = str(error).split(": ", 2)
            error = {"code": "setting", "key": key, "text": text}
            return self.say(400, {"error": error})
        self.say(200, {})

    def change(self, parts, body):
        device = self.device
        if parts == ["update"] and self.command == "POST":
            device.update["ready"] = True
        elif parts == ["site"]:
            schema.check_site(body)
            device.site = body
            device.status["site"].update(name=body["name"], limit_ma=body["limit_ma"])
            device.settings += 1
        elif parts[0] == "chargers" and len(parts) == 3:
            rows = [row for row in device.status["chargers"] if row["id"] == int(parts[1])]
            rows[0].update(body)
        elif parts[0] == "chargers" and self.command == "PUT":
            device.put_line(int(parts[1]), body)
        elif parts[0] == "chargers":
            device.lines = [line for line in device.lines if str(line.get("id")) != parts[1]]
            device.settings += 1
        elif parts == ["backup"]:
            schema.check_site(body["site"])
            device.site, device.lines = body["site"], body["chargers"]

    # As firmware/app/web.py.
    def page(self):
        cookie = self.headers.get("Cookie") or ""
        accepted = self.headers.get("Accept-Language") or ""
        chosen = cookie.partition("language=")[2][:2] or accepted[:2]
        return self.device.pages.get(chosen, self.device.pages["en"])

    def answer_status(self, path):
        device = self.device
        if device.mode == "hang":
            device._go_on.wait(30)
        elif device.mode == "busy":
            self.reply(503, "text/plain", b"busy")
        elif device.mode == "garbage":
            self.reply(200, "application/json", b'{"uptime_s": 1, "cyc')
        elif device.mode == "answer" and path == "/api/changes":
            self.say(200, device.changes())
        elif device.mode == "answer":
            body = device.status
            device.sent = copy.deepcopy(body["chargers"]) if "chargers" in body else []
            self.say(200, body)

    def say(self, status, value):
        self.reply(status, "application/json", json.dumps(value).encode())

    def refuse(self, status, code):
        self.say(status, {"error": {"code": code}})

    def reply(self, status, content_type, body, gzipped=False):
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if gzipped:
            self.send_header("Content-Encoding", "gzip")
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


OTHERS = {
    "/api/login": lambda device: {**LOGIN, "in": device.logged_in},
    "/api/settings": ScriptedDevice.shown,
    "/api/history": lambda device: device.history,
    "/api/wifi": lambda device: device.wifi or {},
    "/api/update": lambda device: device.update or {},
    "/api/log": lambda device: {"uptime_s": 11_520, "reset": "power_on", "lines": LOG},
    "/api/backup": lambda device: {"site": device.site, "chargers": device.lines},
    "/api/report": lambda device: {"log": LOG, "status": device.status},
}
