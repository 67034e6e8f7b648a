"""The whole firmware on a board with Wi-Fi: the Unix port with the driver of `unit/radio.py`."""

import http.client
import json
import shutil
import time
from pathlib import Path

import pytest
from amprail_tools.build import build, compile_file
from amprail_tools.launch import Firmware
from amprail_tools.sim.site import Site

RADIO = Path(__file__).parents[1] / "unit" / "radio.py"

# The fake driver is Python and takes some 30 KB of it, the real one none.
HEAP_KB = 208

# A computer with a radio. Each look at the button is half a second of the radio's world, which is
# as a file says: the networks in the air, whether the button is pressed.
BOARD = """\
import json
import sys

from boards.linux.board import LISTEN, arguments, ended, feed, open_port
from radio import Air, Network

air = Air()

def network():
    return air

def pressed():
    with open(sys.argv[2] + "/world.json") as file:
        world = json.loads(file.read())
    air.networks = {
        name: air.networks.get(name) or Network(password)
        for name, password in world["networks"].items()
    }
    air.broken = {call: OSError("Wifi Internal Error") for call in world["broken"]}
    air.heard = [(name.encode(), b"123456", 6, -60, 3, False) for name in air.networks]
    air.tick()
    return False

def show(state, reason, portal):
    pass
"""


class Box:
    """A device with a radio, at a site with two chargers."""

    def __init__(self, folder, port):
        self.site = Site(latency_ms=50, chargers=2)
        self.data = folder / "data"
        self.site.write_settings(str(self.data))
        (self.data / "ap").write_text("amprail-3f2a\npassword99\n")
        self.world(networks={"home": "password"})
        slot = shutil.copytree(build(), folder / "build") / "a"
        (folder / "build" / "board").write_text("bench")
        (slot / "boards" / "bench").mkdir()
        (folder / "board.py").write_text(BOARD)
        compile_file(folder / "board.py", slot / "boards" / "bench" / "board.mpy", "board")
        compile_file(RADIO, slot / "lib" / "radio.mpy", "radio")
        self.firmware = Firmware(folder / "build", self.data, self.site.serial, port, HEAP_KB)

    def start(self):
        self.firmware.start()
        self.firmware.wait_ready(20)
        self.site.begin()

    def stop(self):
        self.firmware.stop()
        self.site.stop()

    def world(self, networks, broken=()):
        text = json.dumps({"networks": networks, "broken": list(broken)})
        (self.data / "world.new").write_text(text)
        (self.data / "world.new").rename(self.data / "world.json")

    def ask(self, method, path, body=None, host="127.0.0.1"):
        """Status, headers and what the JSON says."""
        connection = http.client.HTTPConnection("127.0.0.1", self.firmware.port, timeout=5)
        try:
            text = None if body is None else json.dumps(body)
            connection.request(method, path, text, {"Host": host})
            response = connection.getresponse()
            return response.status, response.headers, json.loads(response.read() or "null")
        finally:
            connection.close()

    def wifi(self):
        return self.ask("GET", "/api/wifi")[2]

    def wait_for(self, condition, seconds):
        """What it says of its Wi-Fi once `condition(that)` is true."""
        end = time.monotonic() + seconds
        while not condition(said := self.wifi()):
            assert time.monotonic() < end, said
            time.sleep(0.2)
        return said

    def controls(self):
        """Cycles go on, with readings."""
        end = time.monotonic() + 10
        first = after = self.firmware.status(timeout_s=3)
        while not (after["cycle"] > first["cycle"] + 2 and after["grid"]["ok"]):
            if time.monotonic() > end:
                return False
            time.sleep(0.1)
            after = self.firmware.status(timeout_s=3)
        return True


@pytest.fixture
def box(tmp_path, free_port):
    made = Box(tmp_path, free_port())
    yield made
    made.stop()


def test_a_new_device_is_set_up_at_its_access_point_and_goes_on_without_its_network(box):
    box.start()
    said = box.wait_for(lambda said: said["access_point"], 15)
    assert said["access_point"]["ssid"] == said["hostname"] == "amprail-3f2a"
    status, headers, _ = box.ask("GET", "/generate_204", host="connectivitycheck.gstatic.com")
    assert status == 302 and headers["Location"] == "http://127.0.0.1/"

    assert box.ask("POST", "/api/wifi/scan")[0] == 202
    found = box.wait_for(lambda said: said["scan"] == "ended", 15)["networks"]
    assert [network["ssid"] for network in found] == ["home"]
    assert box.ask("PUT", "/api/wifi", {"ssid": "home", "password": "wrong pass"})[0] == 200
    box.wait_for(lambda said: said["problem"] == "wrong_password", 20)
    assert box.ask("PUT", "/api/wifi", {"ssid": "home", "password": "password"})[0] == 200
    said = box.wait_for(lambda said: said["state"] == "connected", 20)
    assert said["address"] == "192.168.1.57" and said["access_point"]

    box.world(networks={}, broken=["connect", "disconnect"])
    said = box.wait_for(lambda said: said["problem"] == "driver", 20)
    assert said["lost"] == 1 and box.controls()
    assert box.firmware.poll() is None and box.firmware.status()["restarts"] == 0


def test_a_device_that_is_set_up_connects_and_has_no_access_point(box):
    (box.data / "wifi.json").write_text('{"ssid": "home", "password": "password"}')
    box.start()
    said = box.wait_for(lambda said: said["state"] == "connected", 20)
    assert said["access_point"] is None and box.controls()


def test_broken_settings_make_a_device_to_be_set_up_anew_and_control_starts(box):
    (box.data / "wifi.json").write_text('{"ssid": 5')
    (box.data / "ap").unlink()
    box.start()
    said = box.wait_for(lambda said: said["access_point"], 15)
    assert said["state"] == "off" and box.controls()
    assert any("wifi.json: is not JSON" in line for line in box.firmware.lines)
    name, password = (box.data / "ap").read_text().split()
    assert said["hostname"] == name == "amprail-3f2a"
    assert any(f"access point {name}, password {password}" in x for x in box.firmware.lines)
