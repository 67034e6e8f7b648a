"""How much CPU the whole firmware takes on a site with 64 chargers, while pages are open.

In real time: each page asks for what has changed once a second, as `firmware/page/app.js` does.
Counted is what was done as well, since that does not depend on the computer.
"""

import http.client
import json
import tempfile
import threading
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from amprail_tools import Failure, say
from amprail_tools.latency import free_port
from amprail_tools.launch import Firmware
from amprail_tools.options import HEAP_KB

# ms of user time a second with one page. The design, section 6.
BUDGET_MS = 7.0


class Case(NamedTuple):
    """charging: a car is plugged in everywhere and draws."""

    pages: int
    charging: bool = True
    chargers: int = 64
    heap_kb: int = HEAP_KB


CASES = (Case(0, False), Case(1, False), Case(0), Case(1), Case(3))
CASES += (Case(1, heap_kb=256), Case(3, heap_kb=256))

# The noise of a real connection changes budgets with every reading. Cars have to begin first.
NOISE_A = 0.2
SETTLE_S = 30
WINDOW_S = 30
WHOLE_S = 30
TRIES = 20


def measure(case: Case, runs: int, seconds: float, build_dir: Path, log=None) -> dict:
    """The counts of all runs and the ms of each, all a second; Failure where a page fails."""
    from amprail_tools.sim.site import Site

    site = Site(case.chargers, brands=("warp",), noise_a=NOISE_A)
    over = threading.Event()
    with tempfile.TemporaryDirectory(prefix="amprail-cpu-") as data_dir:
        site.write_settings(data_dir)
        where = (build_dir, Path(data_dir), site.serial, free_port(), case.heap_kb)
        pages = []
        try:
            with Firmware(*where, log=log) as firmware:
                firmware.wait_ready(20)
                token = (Path(data_dir) / "token").read_text().strip()
                pages = [Page(firmware.port, token, over) for _ in range(case.pages)]
                for car in site.cars if case.charging else ():
                    car.plug_in()
                over.wait(SETTLE_S)
                windows = [_window(firmware, pages, seconds, over) for _ in range(runs)]
        finally:
            over.set()
            for page in pages:
                page.join()
            site.stop()
    return _result(case, windows)


class Page(threading.Thread):
    """Asks as a page does; `answers` and `refused` count."""

    def __init__(self, port: int, token: str, over: threading.Event):
        super().__init__(daemon=True)
        self.answers = self.refused = 0
        self._port, self._over = port, over
        self._headers = {"Authorization": "Bearer " + token}
        self.start()

    def run(self) -> None:
        since = None
        asked = 0
        while not self._over.wait(1):
            whole = since is None or asked % WHOLE_S == 0
            asked += 1
            try:
                since = self._ask("/api/status" if whole else f"/api/changes?since={since}")
            except (OSError, http.client.HTTPException, ValueError):
                self.refused += 1

    def _ask(self, path):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=5)
        try:
            connection.request("GET", path, headers=self._headers)
            response = connection.getresponse()
            text = response.read()
            if response.status != 200:
                raise OSError(response.status)
            cycle = json.loads(text)["cycle"]
            self.answers += 1
            return cycle
        finally:
            connection.close()


def _window(firmware, pages, seconds, over):
    """What a second takes: ms of user time and counts; and how it is at its end."""
    begin, before, _ = _state(firmware, pages)
    over.wait(seconds)
    end, after, found = _state(firmware, pages)
    return {name: (after[name] - before[name]) / (end - begin) for name in before} | found


def _state(firmware, pages):
    status = _status(firmware)
    counts = {
        "user_ms": firmware.cpu_user_s * 1000,
        "cycles": status["cycle"],
        "readings": status["readings"]["ok"],
        "requests": status["requests"],
        "failures": status["failures"],
        "setpoints": status["setpoints"],
        "answers": sum(page.answers for page in pages),
        "refused": sum(page.refused for page in pages),
    }
    found = {"p999_us": status["loop"]["stretch_p999_us"], "free": status["heap"]["free"]}
    return time.monotonic(), counts, found


# Where memory is short a client may be refused.
def _status(firmware):
    for _ in range(TRIES):
        try:
            return firmware.status(timeout_s=5)
        except (OSError, ValueError):
            time.sleep(0.1)
    raise Failure("the firmware does not say how it is")


def _result(case, windows):
    result = case._asdict() | {"runs": len(windows)}
    for name in windows[0]:
        result[name] = round(median(window[name] for window in windows), 2)
    ms = [window["user_ms"] for window in windows]
    result["user_ms_spread"] = [round(min(ms), 2), round(max(ms), 2)]
    return result


def measure_all(runs: int, seconds: float = WINDOW_S) -> list[dict]:
    from amprail_tools.build import build

    results = []
    for case in CASES:
        cars = "all cars charge" if case.charging else "no car"
        say(f"{case.chargers} chargers, {cars}, {case.pages} pages, {case.heap_kb} KB ...")
        results.append(measure(case, runs, seconds, build()))
    return results


def text(results: list[dict]) -> str:
    names = ("chargers", "charging", "heap_kb", "pages", "cycles", "readings", "requests")
    names += ("setpoints", "answers", "refused", "p999_us", "user_ms")
    lines = ["a second:", "".join(f"{name:>10}" for name in names) + f"{'spread':>14}"]
    for result in results:
        low, high = result["user_ms_spread"]
        row = "".join(f"{result[name]:10}" for name in names)
        lines.append(f"{row}{low:8.1f}..{high:.1f}")
    lines.append(f"budget: {BUDGET_MS:g} ms of user time a second with one page; p999_us: of the")
    lines.append("  loop's stretches since the start, as the firmware measures them")
    return "\n".join(lines)
