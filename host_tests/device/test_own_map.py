"""The whole firmware reads a meter by a map of one's own: from site.json to the status."""

import json
import socket
import subprocess
import sys
import time
import urllib.request

import pytest
from amprail_tools import ROOT
from amprail_tools.sim.site import Site

MAP = {
    "function": 4,
    "pause_ms": 60,
    "current": {"registers": [6, 8, 10], "type": "float32"},
    "power": {"registers": [12, 14, 16], "type": "float32"},
    "voltage": {"registers": [0, 2, 4], "type": "float32"},
}


@pytest.fixture
def site():
    site = Site(chargers=1, noise_a=0)
    yield site
    site.stop()


def test_a_map_of_ones_own_reads_the_meter(site, tmp_path, unused_port):
    settings = {"limit_ma": 63000, "supply_ma": 63000, "meter": {"type": "own", "map": MAP}}
    (tmp_path / "site.json").write_text(json.dumps(settings))
    (tmp_path / "chargers.jsonl").write_text("")
    site.house.set([7500, -8250, 9125])
    site.meter.refresh()
    command = [sys.executable, ROOT / "tools" / "amprail", "run", "--data", tmp_path]
    command += ["--serial", site.serial, "--port", str(unused_port)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    try:
        grid = first_reading(unused_port, process)
    finally:
        process.terminate()
        process.communicate(timeout=30)
    assert grid["phase_ma"] == pytest.approx([7500, -8250, 9125], abs=2)


@pytest.fixture
def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def first_reading(port: int, process) -> dict:
    """The grid of the status once there is a reading; fails if the firmware ends before."""
    while process.poll() is None:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/status", timeout=5) as reply:
                grid = json.load(reply)["grid"]
        except OSError:
            grid = {"ok": False}
        if grid["ok"]:
            return grid
        time.sleep(0.1)
    raise AssertionError("the firmware ended by itself")
