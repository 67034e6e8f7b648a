"""The whole simulated site, and that nothing of it stays behind."""

import gc
import http.client
import io
import json
import os
import socket
import threading
import time
from random import Random

import pytest
from amprail_tools.sim.script import demo
from amprail_tools.sim.site import Site
from pymodbus.client import ModbusSerialClient


@pytest.fixture
def make():
    sites = []

    def make_site(*kind, **more):
        sites.append(Site(*kind, **more))
        return sites[-1]

    yield make_site
    for site in sites:
        site.stop()


def wait_until(condition, timeout_s=5.0):
    end = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end, "did not happen in time"
        time.sleep(0.01)


def put(charger, ma):
    connection = http.client.HTTPConnection("127.0.0.1", charger.server.port, timeout=2)
    connection.request("PUT", "/evse/external_current", str(ma))
    assert connection.getresponse().status == 200
    connection.close()


def read_amperes(site):
    line = site.settings["meter"]
    client = ModbusSerialClient(site.serial, baudrate=line["baud"], parity="N", timeout=1)
    assert client.connect()
    reply = client.read_input_registers(6, count=6, device_id=line["address"])
    client.close()
    return client.convert_from_registers(reply.registers, client.DATATYPE.FLOAT32)


def test_it_begins_so_long_after_the_meters_refresh(make):
    site = make(1, refresh_s=0.5)
    site.begin(after_refresh_s=0.2)
    until_next_s = site.meter.next_refresh - time.monotonic()
    assert until_next_s == pytest.approx(0.3, abs=0.15)
    assert site.record.seconds < 0.15


def test_what_cars_and_house_draw_is_what_the_meter_says(make):
    site = make(3, noise_a=0, refresh_s=0.1, lag_s=(0, 0), car_phases=(3, 1, 1))
    site.house.set([1000, 2000, 3000])
    site.cars[1].plug_in()  # one phase, on a charger whose L1 is the grid's L2
    put(site.chargers[1], 10000)
    draw = 10000 - site.cars[1].below_ma
    wait_until(lambda: site.phase_ma == [1000, 2000 + draw, 3000])
    time.sleep(0.2)
    assert read_amperes(site) == pytest.approx([1, 2 + draw / 1000, 3], abs=0.001)
    assert site.setpoints == 1


def test_its_settings_name_its_ports_and_wiring(make, tmp_path):
    site = make(
        9,
        limit_ma=63000,
        largest_consumer_ma=20000,
        margin_pct=5,
        maximum_ma=32000,
        defaults_ma=10000,
    )
    site.write_settings(str(tmp_path / "data"))
    settings = json.loads((tmp_path / "data" / "site.json").read_text())
    assert settings["limit_ma"] == 63000
    assert (settings["margin_pct"], settings["largest_consumer_ma"]) == (5, 20000)
    assert settings["meter"]["type"] == "eastron_sdm630"
    lines = (tmp_path / "data" / "chargers.jsonl").read_text().splitlines()
    chargers = [json.loads(line) for line in lines]
    assert [charger["id"] for charger in chargers] == list(range(1, 10))
    ports = [charger.server.port for charger in site.chargers]
    assert [charger["url"] for charger in chargers] == [f"http://127.0.0.1:{p}" for p in ports]
    assert [charger["phases"] for charger in chargers[:5]] == ["123", "231", "312", "123", "2"]
    assert {(charger["max_ma"], charger["fallback_ma"]) for charger in chargers} == {
        (32000, 10000)
    }
    assert site.record.target_ma == 59850  # min(63 * 1.4 - 20, 63) A * 95 %


def test_the_settings_are_accepted_by_the_device(make, tmp_path):
    from settings import schema

    make(64).write_settings(str(tmp_path))
    schema.check_site(json.loads((tmp_path / "site.json").read_text()))
    for line in (tmp_path / "chargers.jsonl").read_text().splitlines():
        schema.check_charger(json.loads(line))


def test_time_above_the_limit_is_recorded_live(make):
    site = make(1, reaction_s=0.3)
    site.begin()
    site.house.set([0, 40000, 0])
    wait_until(lambda: site.record.seconds_beyond_reaction > 0.2)
    site.house.set([0, 0, 0])
    time.sleep(0.1)
    record = site.record
    assert record.peak_ma == 40000
    apart = record.seconds_above_limit - record.seconds_beyond_reaction
    assert apart == pytest.approx(0.3, abs=0.06)


def test_a_script_runs_in_order_and_tells_what_happens(make):
    log = io.StringIO()

    def script(site, random):
        yield 0.1, lambda: site.say("first")
        yield 0.2, site.cars[0].plug_in
        yield 0.2, site.chargers[0].disappear
        yield 0.3, lambda: site.say("last")

    site = make(1, script=script, log=log)
    assert not site.cars[0].plugged
    site.begin()
    wait_until(lambda: "last" in log.getvalue())
    assert log.getvalue().index("first") < log.getvalue().index("last")
    assert site.cars[0].plugged
    with pytest.raises(ConnectionRefusedError):
        put(site.chargers[0], 6000)


def test_a_script_that_fails_is_not_passed_over(make):
    def script(site, random):
        yield 0.0, lambda: 1 // 0

    site = Site(1, script=script)
    site.begin()
    wait_until(lambda: site.error)
    with pytest.raises(RuntimeError, match="simulated site"):
        site.stop()


@pytest.mark.parametrize("chargers", [1, 8, 64])
def test_the_demonstration_runs_through_whatever_its_size(make, chargers):
    site = make(chargers)
    site.begin()
    happened = []
    for at_s, action in demo_events(site):
        if at_s > 600:
            break
        happened.append(at_s)
        site._thread.call(action)
    assert happened == sorted(happened)
    assert len(happened) > 30


def demo_events(site):
    return demo(site, Random(5))


def test_the_same_seed_gives_the_same_cars(make):
    def cars(seed):
        return [(c.phases, c.lag_s, c.ramp_ma_s, c.below_ma) for c in make(8, seed).cars]

    assert cars(3) == cars(3)
    assert cars(3) != cars(4)


@pytest.mark.parametrize("chargers", [0, 65])
def test_a_number_of_chargers_that_is_none_is_refused(chargers):
    with pytest.raises(ValueError, match=str(chargers)):
        Site(chargers)


def test_nothing_is_left_behind_by_stop():
    threads = set(threading.enumerate())
    Site(1).stop()  # what is opened once by the first, such as /dev/null, is there now
    gc.collect()  # what earlier tests have left is not this one's
    before = len(os.listdir("/proc/self/fd"))
    site = Site(64, log=io.StringIO(), script="demo")
    site.begin()
    folder = os.path.dirname(site.serial)
    ports = [charger.server.port for charger in site.chargers]
    connection = socket.create_connection(("127.0.0.1", ports[5]))
    site.chargers[7].reboot()
    begin = time.monotonic()
    site.stop()
    site.stop()
    assert time.monotonic() - begin < 1
    assert connection.recv(10) == b""
    connection.close()
    assert set(threading.enumerate()) == threads
    assert len(os.listdir("/proc/self/fd")) == before
    assert not os.path.exists(folder)
    for port in ports:
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", port), 1)


def test_several_sites_at_once_do_not_meet(make):
    one, two = make(2, noise_a=0, refresh_s=0.1), make(2, noise_a=0, refresh_s=0.1)
    one.house.set([5000, 0, 0])
    two.house.set([0, 7000, 0])
    time.sleep(0.3)
    assert read_amperes(one) == pytest.approx([5, 0, 0], abs=0.001)
    assert read_amperes(two) == pytest.approx([0, 7, 0], abs=0.001)


def test_64_chargers_leave_the_computer_to_the_firmware(make):
    site = make(64, script="demo", latency_ms=25)
    site.begin()
    cpu_s, begin = time.process_time(), time.monotonic()
    for charger in site.chargers[:40]:
        put(charger, 6000)
    share = (time.process_time() - cpu_s) / (time.monotonic() - begin)
    assert share < 0.25  # our own requests, 40 a second, included
