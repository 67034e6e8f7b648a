# The access point: who opens and closes it, that it is never an open one, and what a phone that
# joined it is told, over real sockets.

import asyncio
import os
import socket
import sys

from app.portal import Portal
from app.wifi import CONNECTED, Wifi
from beside import beside
from both import a_folder, run
from clock import sleep_ms
from guarded import cancelled, said
from peer import a_port, open_files
from radio import WPA2, Air, Board, Network

HEAP = "160K"

HOME = ("home", "password", "dhcp")
QUARTER_HOUR = 1800
LOGIN = b"GET /api/login HTTP/1.1\r\nHost: my-house\r\n\r\n"
QUESTION = b"\x12\x34\1\0\0\1\0\0\0\0\0\0\x07captive\x05apple\x03com\x00\0\1\0\1"


class Folder:
    """A data directory with a label."""

    def __init__(self, label=b"amprail-3f2a\npassword99\n"):
        self.path = a_folder()
        if label:
            with open(self.path + "/ap", "wb") as file:
                file.write(label)

    def __enter__(self):
        return self.path

    def __exit__(self, *_):
        for name in os.listdir(self.path):
            os.remove(self.path + "/" + name)
        os.rmdir(self.path)


def made(folder, air, wanted=None):
    wifi = Wifi(Board(air), air, folder)
    air.station.active(True)
    if wanted:
        wifi.apply(wanted)
    return wifi


def steps(wifi, count, until=None):
    """Half seconds; how many until `until()` was true."""
    for number in range(count):
        if until and until():
            return number
        wifi.network.tick()
        wifi.step()
    assert not until, "not in {} steps".format(count)
    return count


def press(wifi, count):
    wifi.board.held = True
    steps(wifi, count)
    wifi.board.held = False
    steps(wifi, 2)


def closed(wifi):
    """Whatever the test leaves open."""
    if wifi.portal:
        wifi.portal.close()


def test_a_new_device_opens_its_access_point_with_the_password_of_the_label():
    with Folder() as folder:
        air = Air()
        wifi = made(folder, air)
        steps(wifi, 1)
        label = {"ssid": "amprail-3f2a", "security": WPA2, "key": "password99"}
        assert air.point.on and air.point.settings == label
        steps(wifi, 4000)
        assert air.point.on and wifi.board.shown[2] is wifi.portal
        closed(wifi)


def test_a_device_that_is_set_up_has_none_whatever_becomes_of_the_network():
    with Folder() as folder:
        for air in (Air(home=Network("password")), Air(), Air(home=Network("other"))):
            wifi = made(folder, air, HOME)
            for _ in range(500):
                steps(wifi, 1)
                assert not air.point.on


def test_the_button_opens_it_for_a_quarter_of_an_hour():
    with Folder() as folder:
        air = Air(home=Network("password"))
        wifi = made(folder, air, HOME)
        steps(wifi, 20)
        press(wifi, 12)
        assert air.point.on and wifi.state == CONNECTED
        passed = steps(wifi, 3000, lambda: not air.point.on)
        assert QUARTER_HOUR - 10 <= passed <= QUARTER_HOUR + 10
        assert wifi.lost == 0 and not wifi.portal and "app.portal" not in sys.modules


def test_a_button_pressed_shorter_or_for_the_factory_settings_does_not():
    with Folder() as folder:
        for count in (1, 9, 30, 60):
            air = Air(home=Network("password"))
            wifi = made(folder, air, HOME)
            steps(wifi, 20)
            press(wifi, count)
            assert not air.point.on, count


def test_the_button_forgets_the_password_and_who_has_the_label_sets_another():
    with Folder() as folder:
        for name, text in (("claim", "a1b2-c3d4"), ("login.json", "{}"), ("token", "x" * 20)):
            with open(folder + "/" + name, "w") as file:
                file.write(text)
        wifi = made(folder, Air(home=Network("password")), HOME)

        async def talk(port, web):
            wifi.on_button = web.forget_owner
            web.access.sessions = [[b"cookie", b"csrf", 0, 0]]
            before = await said(port, LOGIN)
            for count in (9, 30):
                press(wifi, count)
                assert web.access.key
            press(wifi, 12)
            assert not web.access.sessions and web.access.token != b"x" * 20
            again = await said(port, LOGIN)
            web.tick()
            return before, again, await said(port, LOGIN)

        before, *after = run(beside(wifi, talk, bytes(32)))
        assert b'"claimed":true' in before and "login.json" not in os.listdir(folder)
        for answer in after:
            assert b'"claimed":false,"open":false,"claim_code":true' in answer
        closed(wifi)


def test_a_password_that_cannot_be_forgotten_keeps_nobody_from_the_access_point():
    with Folder() as folder:
        for error in (OSError(5), MemoryError(), ValueError()):
            air = Air(home=Network("password"))
            wifi = made(folder, air, HOME)
            wifi.on_button = lambda error=error: fail(error)
            steps(wifi, 20)
            press(wifi, 12)
            assert air.point.on and wifi.state == CONNECTED
            closed(wifi)


def fail(error):
    raise error


def test_after_the_set_up_it_stays_for_two_minutes_so_that_the_page_can_say_the_address():
    with Folder() as folder:
        air = Air(home=Network("password"))
        wifi = made(folder, air)
        steps(wifi, 100)
        wifi.apply(HOME, 3)
        steps(wifi, 30, lambda: wifi.state == CONNECTED)
        assert air.point.on
        assert 220 <= steps(wifi, 400, lambda: not air.point.on) <= 250
        assert wifi.state == CONNECTED


def test_after_a_set_up_with_a_wrong_password_it_stays_and_tries_go_on_every_minute():
    with Folder() as folder:
        air = Air(home=Network("other pass"))
        wifi = made(folder, air)
        steps(wifi, 10)
        wifi.apply(HOME)
        steps(wifi, 7200)
        assert air.point.on and wifi.reason == 15 and 50 <= air.station.connects <= 60
        wifi.apply(("home", "other pass", "dhcp"))
        steps(wifi, 30, lambda: wifi.state == CONNECTED)
        closed(wifi)


def test_the_button_helps_when_the_network_is_gone_for_as_long_as_it_is():
    with Folder() as folder:
        air = Air()
        wifi = made(folder, air, HOME)
        press(wifi, 12)
        steps(wifi, 3 * QUARTER_HOUR)
        assert air.point.on
        air.networks["home"] = Network("password")
        steps(wifi, 3 * QUARTER_HOUR, lambda: not air.point.on)
        assert wifi.state == CONNECTED


def test_a_driver_that_does_not_take_the_password_leaves_no_open_access_point():
    with Folder() as folder:
        air = Air()
        air.deaf_point = True
        wifi = made(folder, air)
        for _ in range(300):
            steps(wifi, 1)
            assert not air.point.on
        assert 2 <= air.point.starts <= 3
        air.deaf_point = False
        steps(wifi, 125, lambda: air.point.on)
        closed(wifi)


def test_without_a_label_there_is_no_access_point_and_the_station_works():
    with Folder(None) as folder:
        air = Air(home=Network("password"))
        wifi = made(folder, air, HOME)
        press(wifi, 12)
        steps(wifi, 50)
        assert not air.point.on and wifi.state == CONNECTED


def test_a_driver_without_memory_for_it_keeps_the_station_and_is_asked_again():
    with Folder() as folder:
        air = Air(home=Network("password"))
        air.no_point = True
        wifi = made(folder, air)
        steps(wifi, 50)
        wifi.apply(HOME)
        steps(wifi, 30, lambda: wifi.state == CONNECTED)
        air.no_point = False
        press(wifi, 12)
        steps(wifi, 125, lambda: air.point.on)
        closed(wifi)


def opened(folder, air=None):
    """A portal whose name server has a port of its own; the portal and the port."""
    wifi = made(folder, air or Air())
    while True:
        port = a_port()
        portal = Portal(wifi, port)
        if portal.name_server:
            wifi.portal = portal
            return portal, port, wifi
        portal.close()


def client(port):
    sock = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    sock.connect(socket.getaddrinfo("127.0.0.1", port, 0, socket.SOCK_DGRAM)[0][-1])
    sock.setblocking(False)
    return sock


async def heard(sock):
    for _ in range(100):
        await sleep_ms(5)
        try:
            return sock.recv(600)
        except OSError:
            pass
    raise AssertionError("no answer")


def test_a_phone_that_asks_for_any_name_gets_our_address():
    async def talk(portal, port):
        sock = client(port)
        task = asyncio.create_task(portal.answer_for(3000))
        try:
            for packet in (b"", b"x", b"\xff" * 600, QUESTION[:-1], QUESTION[:12]):
                sock.send(packet)
            sock.send(QUESTION)
            reply = await heard(sock)
            while reply[3] & 15:  # an error for what was no question
                reply = await heard(sock)
        finally:
            sock.close()
            await cancelled(task)
        return reply

    with Folder() as folder:
        portal, port, _ = opened(folder)
        reply = run(talk(portal, port))
        portal.close()
        assert reply[-4:] == b"\x7f\0\0\1" and reply[:2] == b"\x12\x34"


def test_closing_it_closes_its_socket():
    with Folder() as folder:
        before = open_files()
        portal, _, _ = opened(folder)
        assert open_files() == before + 1
        portal.close()
        assert open_files() == before


def test_a_flood_of_questions_keeps_nobody_from_working():
    async def talk(portal, port):
        sock = client(port)
        turns = []

        async def flood():
            while True:
                try:
                    for _ in range(20):
                        sock.send(QUESTION)
                except OSError:
                    pass
                turns.append(1)
                await sleep_ms(1)

        task = asyncio.create_task(flood())
        for _ in range(3):
            await portal.answer_for(200)
        await cancelled(task)
        sock.close()
        return len(turns)

    with Folder() as folder:
        portal, port, _ = opened(folder)
        assert run(talk(portal, port)) > 5
        portal.close()


def test_a_port_that_is_taken_costs_the_name_server_and_not_the_access_point():
    with Folder() as folder:
        portal, port, wifi = opened(folder)
        other = Portal(wifi, port)
        assert not other.name_server and other.address == "127.0.0.1"
        run(other.answer_for(10))
        other.close()
        portal.close()


async def asked(wifi, requests):
    """The heads of the answers of a web server beside this Wi-Fi."""

    async def talk(port, web):
        heads = []
        for line, host in requests:
            text = line + b" HTTP/1.1\r\n" + (b"Host: %s\r\n\r\n" % host if host else b"\r\n")
            heads.append((await said(port, text)).split(b"\r\n\r\n", 1)[0])
        return heads

    return await beside(wifi, talk)


PROBES = (
    (b"GET /generate_204", b"connectivitycheck.gstatic.com"),
    (b"GET /gen_204", b"www.google.com"),
    (b"GET /hotspot-detect.html", b"captive.apple.com"),
    (b"GET /connecttest.txt", b"www.msftconnecttest.com"),
    (b"GET /ncsi.txt", b"www.msftncsi.com:80"),
    (b"GET /success.txt?ipv4", b"detectportal.firefox.com"),
    (b"HEAD /", b"NMCHECK.gnome.org"),
    (b"POST /api/wifi", b"192.168.4.1.evil.example"),
)


def test_what_a_phone_asks_to_find_out_whether_it_is_online_leads_to_the_page():
    with Folder() as folder:
        portal, _, wifi = opened(folder)
        for head in run(asked(wifi, PROBES)):
            assert head.startswith(b"HTTP/1.1 302 "), head
            assert b"\r\nLocation: http://127.0.0.1/\r\n" in head + b"\r\n"
            assert b"no-store" in head
        portal.close()


def test_a_request_for_the_device_itself_is_not_redirected():
    with Folder() as folder:
        portal, _, wifi = opened(folder)
        hosts = (b"192.168.4.1", b"192.168.1.57:80", b"Amprail-3f2a.local", b"my-house")
        for head in run(asked(wifi, [(b"GET /none", host) for host in hosts])):
            assert head.startswith(b"HTTP/1.1 404 "), head
        portal.close()


def test_a_request_for_nobody_is_neither_redirected_nor_answered():
    with Folder() as folder:
        portal, _, wifi = opened(folder)
        (head,) = run(asked(wifi, [(b"GET /api/login", None)]))
        assert head.startswith(b"HTTP/1.1 421 "), head
        portal.close()


def test_without_the_access_point_nothing_is_redirected():
    with Folder() as folder:
        wifi = made(folder, Air(), HOME)
        for head in run(asked(wifi, PROBES)):
            assert head[9:12] in (b"404", b"405", b"421"), head
