"""The whole firmware on a board with Wi-Fi: the Unix port with the driver of `unit/radio.py`."""

import json
import shutil
import time
from pathlib import Path

import pytest
from amprail_tools.build import NAMES, build, compile_file
from amprail_tools.launch import Firmware
from amprail_tools.rename import renamed
from amprail_tools.sim.site import Site
from device.owner import PASSWORD, Owner, prove

RADIO = Path(__file__).parents[1] / "unit" / "radio.py"

# The fake driver is Python and takes some 30 KB of it, the real one none.
HEAP_KB = 208

# The claim code as on the label, and as it is taken.
LABEL = "A1B2-C3D4-E5F6-G7H8"
CODE = "a1b2c3d4e5f6g7h8"

# Others could ask here, too, so it is claimed as a board is.
ADDRESS = "127.0.0.2"

# A computer with a radio. Each look at the button is half a second of the radio's world, which is
# as a file says: the networks in the air, for how many looks the button is pressed.
BOARD = """\
import json
import sys

from boards.linux.board import arguments, ended, feed, open_port
from radio import Air, Network

air = Air()
looks = []

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
    if len(looks) == world["pressed"]:
        return False
    looks.append(0)
    return True

def show(state, reason, portal):
    pass
"""


class Phone(Owner):
    """The owner's browser, at the device's own access point."""

    def ask(self, method, path, body=None, headers=(), timeout=10):
        return super().ask(method, path, body, {"Host": "192.168.4.1", **dict(headers)}, timeout)

    def confirmed(self):
        """The headers of a fresh proof."""
        about = self.about()
        proof = prove(self.key(PASSWORD, about), about["nonce"], "confirm")
        return {"X-Nonce": about["nonce"], "X-Proof": proof}


class Box:
    """A device with a radio, at a site with two chargers."""

    def __init__(self, folder, port, heap_kb=HEAP_KB):
        self.site = Site(latency_ms=50, chargers=2)
        self.data = folder / "data"
        self.site.write_settings(str(self.data))
        (self.data / "ap").write_text("amprail-3f2a\npassword99\n")
        (self.data / "claim").write_text(LABEL)
        self.world(networks={"home": "password"})
        slot = shutil.copytree(build(), folder / "build") / "a"
        (folder / "build" / "board").write_text("bench")
        (slot / "boards" / "bench").mkdir()
        beside = {"radio": (RADIO.read_text(), "lib"), "board": (BOARD, "boards/bench")}
        names = [line.split() for line in (build() / NAMES).read_text().splitlines()]
        short = {name: new for new, name in names}
        for name, (text, where) in beside.items():
            (folder / name).write_text(renamed(text, short))
            compile_file(folder / name, slot / where / f"{name}.mpy", name)
        self._command = (folder / "build", self.data, self.site.serial, port, heap_kb)
        self.firmware = Firmware(*self._command, listen=ADDRESS)
        self.owner = Phone(port, host=ADDRESS)

    def start(self):
        self.firmware.start()
        self.firmware.wait_ready(20)
        self.site.begin()
        assert self.owner.claim(code=CODE).status == 200

    def start_again(self):
        """As after a reset once it was healthy."""
        self.firmware.stop()
        (self.data / "slot").write_text("a")
        self.firmware = Firmware(*self._command, listen=ADDRESS)
        self.firmware.start()
        self.firmware.wait_ready(20)

    def stop(self):
        self.firmware.stop()
        self.site.stop()

    def world(self, networks, broken=(), pressed=0):
        what = {"networks": networks, "broken": list(broken), "pressed": pressed}
        text = json.dumps(what)
        (self.data / "world.new").write_text(text)
        (self.data / "world.new").rename(self.data / "world.json")

    def wifi(self):
        return self.owner.ask("GET", "/api/wifi").json

    def set(self, settings):
        proof = self.owner.confirmed()
        return self.owner.ask("PUT", "/api/wifi", settings, proof).status

    def wait_for(self, condition, seconds, ask=None):
        """What it says of its Wi-Fi, or to `ask()`, once `condition(that)` is true."""
        end = time.monotonic() + seconds
        while not condition(said := (ask or self.wifi)()):
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
    said = box.wait_for(lambda said: said["access_point"], 5)
    assert said["access_point"]["ssid"] == said["hostname"] == "amprail-3f2a"
    probe = {"Host": "connectivitycheck.gstatic.com"}
    answer = box.owner.ask("GET", "/generate_204", headers=probe)
    assert answer.status == 302 and answer.headers["Location"] == "http://127.0.0.1/"
    page = box.owner.ask("GET", "/")
    assert page.status == 200 and page.headers["Content-Encoding"] == "gzip"

    assert box.owner.ask("POST", "/api/wifi/scan").status == 202
    found = box.wait_for(lambda said: said["scan"] == "ended", 5)["networks"]
    assert [network["ssid"] for network in found] == ["home"]
    assert box.owner.ask("PUT", "/api/wifi", {"ssid": "home"}).code == "confirm"
    assert box.set({"ssid": "home", "password": "wrong pass"}) == 200
    box.wait_for(lambda said: said["problem"] == "wrong_password", 10)
    assert box.set({"ssid": "home", "password": "password"}) == 200
    said = box.wait_for(lambda said: said["state"] == "connected", 10)
    assert said["address"] == "192.168.1.57" and said["access_point"]

    box.world(networks={}, broken=["connect", "disconnect"])
    said = box.wait_for(lambda said: said["problem"] == "driver", 10)
    assert said["lost"] == 1 and box.controls()
    assert box.firmware.poll() is None and box.firmware.status()["restarts"] == 0


def test_a_device_that_is_set_up_opens_its_access_point_and_is_claimed_anew_by_the_button(box):
    (box.data / "wifi.json").write_text('{"ssid": "home", "password": "password"}')
    box.start()
    said = box.wait_for(lambda said: said["state"] == "connected", 10)
    assert said["access_point"] is None and box.controls()
    foreign = {"Host": "connectivitycheck.gstatic.com"}
    assert box.owner.ask("GET", "/api/login", headers=foreign).code == "host"

    box.world(networks={"home": "password"}, pressed=12)
    box.wait_for(lambda about: not about["claimed"], 15, box.owner.about)
    assert box.owner.ask("GET", "/api/wifi").code == "login"
    assert box.owner.claim(code="another code").code == "wrong_code"
    assert box.owner.claim(code=CODE).status == 200
    said = box.wait_for(lambda said: said["access_point"], 5)
    assert said["state"] == "connected" and box.controls()


def test_broken_settings_make_a_device_to_be_set_up_anew_and_control_starts(box):
    (box.data / "wifi.json").write_text('{"ssid": 5')
    (box.data / "ap").unlink()
    box.start()
    said = box.wait_for(lambda said: said["access_point"], 5)
    assert said["state"] == "off" and box.controls()
    assert any("wifi.json: is not JSON" in line for line in box.firmware.lines)
    name, password = (box.data / "ap").read_text().split()
    assert said["hostname"] == name == "amprail-3f2a"
    assert any(f"access point {name}, password {password}" in x for x in box.firmware.lines)
