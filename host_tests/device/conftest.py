"""The whole firmware on the Unix port, at a simulated site, in real time."""

import json
import os
import time

import pytest
from amprail_tools import latency
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from amprail_tools.sim.site import Site

# Eight chargers at 0.05 s a request, a meter that is read 4 times a second: what the firmware
# decides is told within this, and what a car does is seen by the meter within the second.
SLACK_S = 2.0


@pytest.fixture
def free_port():
    """A function that gives ports nobody listens on."""
    return latency.free_port


class Device:
    """The firmware and the site around it."""

    def __init__(self, site, firmware):
        self.site = site
        self.firmware = firmware

    def status(self):
        return self.firmware.status(timeout_s=3)

    def start(self):
        self.firmware.start()
        self.firmware.wait_ready(20)

    def wait_for(self, condition, seconds, what):
        """The status once `condition(status)` is true; fails after `seconds`."""
        end = time.monotonic() + seconds
        while True:
            status = self.status()
            if condition(status):
                return status
            if time.monotonic() > end:
                shown = json.dumps(status, indent=1)
                pytest.fail(f"not within {seconds} s: {what}\n{shown}")
            time.sleep(0.1)

    def wait_for_cars(self, count, seconds=25):
        """Until so many cars charge."""
        for charger in self.site.cars[:count]:
            charger.plug_in()
        self.wait_for(lambda _: self.drawing() == count, seconds, f"{count} cars charge")

    def sockets(self):
        """How many the firmware has open."""
        count = 0
        for fd in os.listdir(f"/proc/{self.firmware.pid}/fd"):
            try:
                count += os.readlink(f"/proc/{self.firmware.pid}/fd/{fd}").startswith("socket:")
            except OSError:
                pass  # closed meanwhile
        return count

    def drawing(self):
        return sum(max(charger.grid_ma) > 5000 for charger in self.site.chargers)

    def told_ma(self):
        return [charger.told_ma for charger in self.site.chargers]


@pytest.fixture
def device(tmp_path, free_port):
    """Makes a site with the firmware running at it: `device(chargers=3, limit_ma=...)`."""
    made = []

    def make(data=None, start=True, heap_kb=160, **options):
        site = Site(**{"latency_ms": 50, "noise_a": 0.1, **options})
        data_dir = tmp_path / f"data{len(made)}"
        site.write_settings(str(data_dir))
        if data:
            data(data_dir)
        firmware = Firmware(build(), data_dir, site.serial, free_port(), heap_kb)
        made.append(Device(site, firmware))
        if start:
            made[-1].start()
            site.begin()
        return made[-1]

    yield make
    for one in made:
        one.firmware.stop()
        one.site.stop()


def codes(status):
    return [charger["reason"]["code"] for charger in status["chargers"]]
