"""A device that answers `/` with the built page and `/api/status` with what a test says."""

import copy
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

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

# Nobody has set a password, and only this computer can ask.
UNCLAIMED = {"claimed": False, "open": True, "claim_code": False, "in": False, "csrf": None}


class ScriptedDevice:
    """Serves until `close`. A test sets `status` and `mode`; `asked` counts the polls.

    mode: "answer", "hang" (takes the request and says nothing), "drop" (closes at once),
    "busy" (503), "garbage" (200 with something else than JSON).
    """

    def __init__(self, page: bytes):
        self.page = page
        self.status = copy.deepcopy(STATUS)
        self.mode = "answer"
        self.asked = 0
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

    def close(self) -> None:
        self.answer("drop")
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class _Handler(BaseHTTPRequestHandler):
    device: ScriptedDevice

    def do_GET(self):
        if self.path == "/":
            self.reply(200, "text/html; charset=utf-8", self.device.page, gzipped=True)
        elif self.path == "/api/login":
            self.reply(200, "application/json", json.dumps(UNCLAIMED).encode())
        elif self.path == "/api/status":
            self.device.asked += 1
            self.answer_status(self.device)
        else:
            self.reply(404, "text/plain", b"not found")

    def answer_status(self, device):
        if device.mode == "hang":
            device._go_on.wait(30)
        elif device.mode == "busy":
            self.reply(503, "text/plain", b"busy")
        elif device.mode == "garbage":
            self.reply(200, "application/json", b'{"uptime_s": 1, "cyc')
        elif device.mode == "answer":
            body = device.status
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.reply(200, "application/json", raw)

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
