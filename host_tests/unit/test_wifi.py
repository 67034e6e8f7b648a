# The station in virtual time, half a second a step, against a driver that misbehaves (`radio`).

from app.wifi import CONNECTED, DEAF, DRIVER, NO_ADDRESS, Wifi
from radio import Air, Board, Network

HOME = ("home", "password", "dhcp")


def made(air, wanted=HOME):
    """A Wi-Fi at work, with whatever it does to the access point cut off."""
    board = Board(air)
    wifi = Wifi(board, air, "/nowhere")
    wifi.portal_left = 0
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
    assert not until, "not in {} steps: state {}, reason {}".format(count, wifi.state, wifi.reason)
    return count


def connected(wifi, within=40):
    return steps(wifi, within, lambda: wifi.state == CONNECTED)


def failed(wifi, within=130):
    """The reason of the next try that fails."""
    before = wifi.tries
    steps(wifi, within, lambda: wifi.tries > before)
    return wifi.reason


def test_it_connects_and_says_how_well():
    air = Air(home=Network("password", rssi=-71))
    wifi = made(air)
    assert connected(wifi) < 10
    assert (wifi.rssi, wifi.reason, wifi.tries, wifi.lost) == (-71, 0, 0, 0)
    assert air.tried == [("home", "password")]
    assert wifi.board.shown[0] == CONNECTED


def test_the_driver_neither_tries_by_itself_nor_sleeps():
    air = Air(home=Network("password"))
    connected(made(air))
    assert air.station.options == {"reconnects": 0, "pm": 0}


def test_a_driver_that_knows_none_of_the_options_connects_all_the_same():
    air = Air(home=Network("password"))
    air.known_options = ()
    connected(made(air))


def test_an_open_network_is_joined_without_a_password():
    air = Air(home=Network(None))
    connected(made(air, ("home", None, "dhcp")))
    assert air.tried == [("home", None)]


def test_a_wrong_password_is_told_from_a_network_that_is_not_there():
    assert failed(made(Air(home=Network("other")))) == 15
    assert failed(made(Air(neighbour=Network("password")))) == 201


def test_what_a_try_says_at_first_is_not_taken_for_its_outcome():
    air = Air(home=Network("password", delay=4))
    air.stale = 202
    wifi = made(air)
    connected(wifi)
    assert wifi.tries == 0


def test_a_driver_that_never_says_why_is_left_after_20_s():
    air = Air()
    air.stubborn = True
    wifi = made(air)
    assert failed(wifi) == 0
    assert not air.station.wish
    assert 41 <= steps(wifi, 60, lambda: wifi.tries > 1) <= 50


def test_a_network_that_gives_no_address_gets_a_minute_and_is_said_to_do_so():
    air = Air(home=Network("password", dhcp=None))
    wifi = made(air)
    assert steps(wifi, 130, lambda: wifi.tries) > 115
    assert wifi.reason == NO_ADDRESS


def test_an_address_that_comes_after_50_s_is_waited_for():
    air = Air(home=Network("password", dhcp=100))
    wifi = made(air)
    connected(wifi, 110)
    assert wifi.tries == 0


def test_a_connection_without_an_address_is_none():
    air = Air(home=Network("password", dhcp=30))
    air.early = True
    wifi = made(air)
    assert connected(wifi) > 25


def test_that_we_left_the_network_before_does_not_end_a_try():
    air = Air(home=Network("password", delay=10))
    air.late = True
    wifi = made(air)
    connected(wifi)
    assert wifi.tries == 0


def test_it_tries_again_for_ever_at_least_once_a_minute():
    air = Air()
    wifi = made(air)
    for _ in range(7):
        failed(wifi)
    for _ in range(200):
        before = wifi.tries
        assert steps(wifi, 140, lambda before=before: wifi.tries > before) >= 120
    air.networks["home"] = Network("password")
    connected(wifi, 140)
    assert wifi.reason == 0


def test_the_first_tries_come_soon_and_then_less_and_less_often():
    air = Air()
    wifi = made(air)
    waits = []
    for _ in range(7):
        failed(wifi)
        waits.append(wifi.left)
    assert waits == [4, 8, 16, 32, 64, 120, 120]


def test_every_third_failure_starts_the_driver_anew():
    air = Air()
    wifi = made(air)
    for _ in range(7):
        failed(wifi)
    assert air.station.starts == 3


def test_a_network_that_vanishes_is_noticed_within_a_second_and_joined_again():
    air = Air(home=Network("password"))
    wifi = made(air)
    connected(wifi)
    steps(wifi, 100)
    home = air.networks.pop("home")
    assert steps(wifi, 3, lambda: wifi.state != CONNECTED) <= 2
    assert wifi.lost == 1
    steps(wifi, 600)
    assert wifi.reason == 201
    air.networks["home"] = home
    connected(wifi, 140)
    assert wifi.lost == 1 and wifi.reason == 0


def test_a_network_that_comes_back_at_once_is_joined_within_5_s():
    air = Air(home=Network("password"))
    wifi = made(air)
    connected(wifi)
    steps(wifi, 100)
    air.networks["home"] = Network("password")
    steps(wifi, 2)
    assert wifi.state != CONNECTED
    connected(wifi, 10)


def test_a_network_that_throws_us_out_again_and_again_is_not_hammered():
    air = Air(home=Network("password"))
    wifi = made(air)
    for _ in range(8):
        connected(wifi, 140)
        air.networks["home"] = Network("password")
        steps(wifi, 2)
    assert wifi.left >= 100


def test_a_connection_that_is_only_said_to_be_there_is_given_up():
    air = Air(home=Network("password"))
    wifi = made(air)
    connected(wifi)
    steps(wifi, 50)
    air.lying = True
    home = air.networks.pop("home")
    assert steps(wifi, 90, lambda: wifi.state != CONNECTED) <= 65
    assert wifi.reason == DEAF
    starts = air.station.starts
    air.lying = False
    air.networks["home"] = home
    connected(wifi, 60)
    assert air.station.starts == starts + 1


def test_a_signal_that_cannot_be_measured_once_or_twice_ends_nothing():
    air = Air(home=Network("password"))
    wifi = made(air)
    connected(wifi)
    for _ in range(10):
        air.broken["status"] = OSError("Wifi Not Connected")
        steps(wifi, 40)
        del air.broken["status"]
        steps(wifi, 40)
    assert wifi.lost == 0 and wifi.state == CONNECTED


def test_whatever_the_driver_raises_is_a_failed_try():
    for call in ("active", "connect", "isconnected", "status", "ifconfig", "config", "disconnect"):
        for error in (OSError("Wifi Internal Error"), RuntimeError("Wifi Unknown Error 0x0101")):
            air = Air(home=Network("password"))
            wifi = made(air)
            air.broken[call] = error
            steps(wifi, 500)
            air.broken.clear()
            connected(wifi, 200)
            air.broken[call] = error
            steps(wifi, 500)
            air.broken.clear()
            steps(wifi, 200, lambda wifi=wifi: wifi.state == CONNECTED and not wifi.reason)


def test_for_want_of_memory_it_is_tried_again():
    air = Air(home=Network("password"))
    wifi = made(air)
    air.broken["connect"] = MemoryError()
    assert failed(wifi) == DRIVER
    air.broken.clear()
    connected(wifi, 40)


def test_the_driver_is_started_anew_after_an_error_of_its_own():
    air = Air(home=Network("password"))
    wifi = made(air)
    air.broken["connect"] = OSError("Wifi Internal State Error")
    failed(wifi)
    air.broken.clear()
    starts = air.station.starts
    connected(wifi, 30)
    assert air.station.starts == starts + 1


def test_a_fixed_address_is_set_and_given_up_again():
    air = Air(home=Network("password"))
    fixed = ("192.168.1.50", "255.255.255.0", "192.168.1.1", "192.168.1.1")
    wifi = made(air, ("home", "password", fixed))
    connected(wifi)
    assert air.station.ifconfig() == fixed
    wifi.apply(HOME)
    steps(wifi, 2)
    connected(wifi)
    assert air.station.ifconfig()[0] == "192.168.1.57"


def test_other_settings_are_tried_once_the_answer_has_gone_out():
    air = Air(home=Network("password"), shed=Network("secret99"))
    wifi = made(air)
    connected(wifi)
    wifi.apply(("shed", "secret99", "dhcp"), 3)
    steps(wifi, 2)
    assert air.tried == [("home", "password")] and air.station.isconnected()
    steps(wifi, 2)
    connected(wifi)
    assert air.tried[-1] == ("shed", "secret99")


def test_wrong_settings_can_be_mended_while_it_waits_for_the_next_try():
    air = Air(home=Network("password"))
    wifi = made(air, ("home", "wrong pass", "dhcp"))
    for _ in range(6):
        failed(wifi)
    wifi.apply(HOME)
    assert connected(wifi) < 10


def test_a_day_without_the_network_changes_nothing_but_the_tries():
    air = Air()
    wifi = made(air)
    steps(wifi, 2 * 86400)
    assert wifi.tries > 1000
    air.networks["home"] = Network("password")
    connected(wifi, 140)


def test_a_day_with_it_has_no_try_at_all():
    air = Air(home=Network("password"))
    wifi = made(air)
    connected(wifi)
    steps(wifi, 2 * 86400)
    assert len(air.tried) == 1 and wifi.lost == 0
