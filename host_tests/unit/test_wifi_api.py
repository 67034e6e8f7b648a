# What the page is told of the Wi-Fi and may change of it, over real sockets.

import json
import os
import time

from app.wifi import Wifi
from app.wifi_api import found
from beside import TOKEN, beside
from both import a_folder, run
from clock import sleep_ms
from guarded import said
from radio import OPEN, WPA2, Air, Board, Network

HEAP = "160K"

HOME = b'{"ssid":"home","password":"password"}'


async def with_device(air, talk, key=None):
    """What `talk(ask, wifi)` returns, with a device at work that has a data directory of its own;
    `await ask(line, body)` gives a status and what the JSON says. `key`: the owner's."""
    folder = a_folder()
    wifi = Wifi(Board(air), air, folder)
    wifi.portal_left = -10000  # no access point
    air.station.active(True)

    async def talked(port, web):
        async def ask(line, body=b"", token=TOKEN):
            return await asked(port, line, body, token)

        return await talk(ask, wifi)

    try:
        return await beside(wifi, talked, key)
    finally:
        for name in os.listdir(folder):
            os.remove(folder + "/" + name)
        os.rmdir(folder)


async def asked(port, line, body=b"", token=TOKEN):
    head = b"%s HTTP/1.1\r\nHost: my-house\r\nAuthorization: Bearer %s\r\n" % (line, token)
    answer = await said(port, head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    return int(answer[9:12]), json.loads(answer.split(b"\r\n\r\n", 1)[1].decode())


def at_work(talk, air=None, key=None):
    return run(with_device(air or Air(home=Network("password", rssi=-80)), talk, key))


def saved_in(wifi):
    with open(wifi.data_dir + "/wifi.json") as file:
        return json.loads(file.read())


def steps(wifi, count):
    for _ in range(count):
        wifi.network.tick()
        wifi.step()


def test_a_new_device_says_that_nothing_is_set():
    async def talk(ask, wifi):
        return await ask(b"GET /api/wifi")

    status, said = at_work(talk)
    assert status == 200
    assert said == {
        "state": "off",
        "problem": None,
        "reason": 0,
        "tries": 0,
        "lost": 0,
        "address": None,
        "rssi_dbm": None,
        "weak": False,
        "hostname": "amprail",
        "access_point": None,
        "settings": None,
        "scan": None,
        "networks": None,
    }


def test_settings_are_saved_tried_and_told_without_the_password():
    async def talk(ask, wifi):
        answer = await ask(b"PUT /api/wifi", HOME)
        saved = saved_in(wifi)
        steps(wifi, 20)
        return answer, saved, (await ask(b"GET /api/wifi"))[1]

    answer, saved, said = at_work(talk)
    assert answer == (200, {"restart": False})
    assert saved["ssid"] == "home" and saved["password"] == "password"
    assert said["settings"]["password"] is True
    assert said["state"] == "connected" and said["address"] == "192.168.1.57"
    assert said["rssi_dbm"] == -80 and said["weak"] is True
    assert "password" not in json.dumps(said).replace('"password": true', "")


def test_a_problem_is_said_by_its_name_until_it_is_over():
    async def talk(ask, wifi):
        seen = []
        for body in (b'{"ssid":"away"}', b'{"ssid":"home","password":"wrong pass"}', HOME):
            await ask(b"PUT /api/wifi", body)
            steps(wifi, 25)
            said = (await ask(b"GET /api/wifi"))[1]
            seen.append((said["state"] == "connected", said["problem"], said["reason"]))
        return seen

    assert at_work(talk) == [
        (False, "no_network", 201),
        (False, "wrong_password", 15),
        (True, None, 0),
    ]


def test_a_password_of_true_keeps_the_one_there_is():
    async def talk(ask, wifi):
        none = await ask(b"PUT /api/wifi", b'{"ssid":"home","password":true}')
        await ask(b"PUT /api/wifi", HOME)
        kept = await ask(b"PUT /api/wifi", b'{"ssid":"home","password":true,"hostname":"box"}')
        return none, kept, saved_in(wifi)["password"]

    none, kept, password = at_work(talk)
    assert none[0] == 200  # an open network: there was none to keep
    assert kept == (200, {"restart": True}) and password == "password"


def test_wrong_settings_are_refused_by_key_and_the_old_ones_stay():
    async def talk(ask, wifi):
        await ask(b"PUT /api/wifi", HOME)
        steps(wifi, 20)
        answers = []
        for body in (
            b'{"password":"password"}',
            b'{"ssid":"home","password":"short"}',
            b'{"ssid":"home","fixed":{}}',
            b'{"ssid":"home","ssid":"home"}',
            b"[]",
            b"",
            b"\xff",
            b'{"ssid":"' + b"x" * 1800 + b'"}',
        ):
            status, said = await ask(b"PUT /api/wifi", body)
            answers.append((status, said["error"]["code"], said["error"]["key"]))
        assert saved_in(wifi)["ssid"] == "home"
        steps(wifi, 20)
        assert (await ask(b"GET /api/wifi"))[1]["state"] == "connected"
        return answers

    keys = ("ssid", "password", "fixed", "", "", "", "", "")
    assert at_work(talk) == [(400, "setting", key) for key in keys]


def test_a_disk_that_does_not_take_them_is_said_and_the_network_stays():
    async def talk(ask, wifi):
        await ask(b"PUT /api/wifi", HOME)
        steps(wifi, 20)
        folder, wifi.data_dir = wifi.data_dir, "/nowhere/at/all"
        answer = await ask(b"PUT /api/wifi", b'{"ssid":"other"}')
        wifi.data_dir = folder
        steps(wifi, 20)
        return answer, wifi.wanted[0]

    (status, said), name = at_work(talk)
    assert status == 507 and said["error"]["code"] == "not_saved" and name == "home"


def test_a_scan_blocks_nobody():
    air = Air(home=Network("password"))
    air.heard = [(b"home", b"123456", 6, -60, WPA2, False)]
    air.wait_for_scan = lambda: time.sleep(0.4)

    async def talk(ask, wifi):
        first = await ask(b"POST /api/wifi/scan")
        again = await ask(b"POST /api/wifi/scan")
        turns = 0
        said = {"scan": "running"}
        while said["scan"] == "running" and turns < 400:
            await sleep_ms(5)
            turns += 1
            if turns % 20 == 0:
                said = (await ask(b"GET /api/wifi"))[1]
        return first, again, turns, said

    first, again, turns, said = at_work(talk, air)
    assert first == (202, {}) and again[0] == 409
    assert turns >= 20 and said["scan"] == "ended"
    assert said["networks"] == [{"ssid": "home", "rssi_dbm": -60, "channel": 6, "open": False}]


def test_a_scan_that_fails_says_so_and_the_next_one_may_work():
    air = Air()
    air.broken["scan"] = OSError("Wifi Internal State Error")

    async def talk(ask, wifi):
        await ask(b"POST /api/wifi/scan")
        await sleep_ms(50)
        failed = (await ask(b"GET /api/wifi"))[1]["scan"]
        air.broken.clear()
        await ask(b"POST /api/wifi/scan")
        await sleep_ms(50)
        return failed, (await ask(b"GET /api/wifi"))[1]["scan"]

    assert at_work(talk, air) == ("failed", "ended")


def test_a_scan_ends_a_try_for_as_long_as_it_takes():
    air = Air()
    air.heard = [(b"home", b"123456", 6, -60, WPA2, False)]

    async def talk(ask, wifi):
        await ask(b"PUT /api/wifi", HOME)
        steps(wifi, 6)
        assert air.station.wish
        await ask(b"POST /api/wifi/scan")
        await sleep_ms(50)
        said = (await ask(b"GET /api/wifi"))[1]
        steps(wifi, 15)
        assert not air.station.wish
        steps(wifi, 10)
        return said["scan"], air.station.wish is not None or wifi.tries

    assert at_work(talk, air) == ("ended", True)


def test_what_was_found_is_forgotten_after_a_minute():
    async def talk(ask, wifi):
        await ask(b"POST /api/wifi/scan")
        await sleep_ms(50)
        steps(wifi, 119)
        kept = wifi.networks is not None
        steps(wifi, 2)
        return kept, wifi.networks, (await ask(b"GET /api/wifi"))[1]["scan"]

    air = Air()
    air.heard = [(b"home", b"123456", 6, -60, WPA2, False)]
    assert at_work(talk, air) == (True, None, None)


def test_networks_are_listed_once_by_strength_and_only_those_with_a_name():
    raw = [
        (b"weak", b"1", 1, -90, WPA2, False),
        (b"home", b"2", 6, -70, WPA2, False),
        (b"home", b"3", 11, -50, WPA2, False),
        (b"", b"4", 1, -40, WPA2, True),
        (b"\0\0\0\0", b"5", 1, -40, WPA2, True),
        (b"\xff\xfe", b"6", 1, -40, WPA2, False),
        ('Caf\u00e9 "1"'.encode(), b"7", 3, -60, OPEN, False),
    ]
    names = [(row["ssid"], row["rssi_dbm"], row["open"]) for row in found(raw)]
    assert names == [("home", -50, False), ('Caf\u00e9 "1"', -60, True), ("weak", -90, False)]
    crowd = [(b"net%d" % number, b"1", 1, -number, WPA2, False) for number in range(60)]
    assert len(found(crowd)) == 20


def test_a_device_without_wifi_says_so_to_whoever_may_ask():
    async def talk(port, web):
        lines = (b"GET /api/wifi", b"PUT /api/wifi", b"POST /api/wifi/scan")
        answers = []
        for line in lines:
            answers.append(await asked(port, line))
        return answers, await asked(port, lines[0], token=b"wrong")

    answers, (status, said) = run(beside(None, talk))
    assert answers == [(404, {"error": {"code": "no_wifi"}})] * 3
    assert status == 401 and said["error"]["code"] == "login"


def test_where_the_device_lives_changes_only_with_a_fresh_proof_of_the_password():
    async def talk(ask, wifi):
        shown = await ask(b"GET /api/wifi")
        refused = await ask(b"PUT /api/wifi", HOME)
        return shown[0], refused, wifi.wanted

    status, refused, wanted = at_work(talk, key=bytes(32))
    assert status == 200 and wanted is None
    assert refused == (403, {"error": {"code": "confirm"}})
