# wifi.json and the label: what people, pages and power cuts write into them.

import json
import os

from both import a_folder, raises
from disk import Disk
from settings.label import is_hostname, is_passphrase, make_label, read_label
from settings.wifi import check_wifi, read_wifi, wanted, write_wifi

FIXED = {
    "address": "192.168.1.50",
    "netmask": "255.255.255.0",
    "gateway": "192.168.1.1",
    "dns": "9.9.9.9",
}


def given(**changes):
    settings = {"ssid": "home", "password": "password"}
    settings.update(changes)
    return settings


def refused(key, **changes):
    error = raises(ValueError, "wifi.json: " + key, check_wifi, given(**changes))
    assert "\n" not in str(error) and len(str(error)) < 120, error
    return str(error)


def with_folder(use):
    folder = a_folder()
    try:
        return use(folder)
    finally:
        for name in os.listdir(folder):
            os.remove(folder + "/" + name)
        os.rmdir(folder)


def test_only_the_name_of_the_network_is_needed():
    whole = {"ssid": "home", "password": "", "hostname": "", "fixed": None}
    assert check_wifi({"ssid": "home"}) == whole
    assert wanted(whole) == ("home", None, "dhcp")


def test_a_fixed_address_goes_to_the_driver_in_its_order():
    settings = check_wifi(given(fixed=FIXED))
    assert wanted(settings)[2] == ("192.168.1.50", "255.255.255.0", "192.168.1.1", "9.9.9.9")


def test_names_of_networks_are_1_to_32_bytes_of_any_text():
    for ssid in ("a", "x" * 32, "Caf\u00e9 \u2615", '"\\', " "):
        assert check_wifi(given(ssid=ssid))["ssid"] == ssid
    for ssid in (None, "", "x" * 33, "\u00e9" * 17, 1, [], {}, True, "a\0b"):
        refused("ssid", ssid=ssid)


def test_a_password_is_what_wpa2_takes_and_is_never_shown():
    for password in ("", "x" * 8, "x" * 63, " ~!\"\\'<&"):
        assert check_wifi(given(password=password))["password"] == password
    for password in ("secret1", "s" * 64, "s\u00e9cret12", "secret\n12", "secret\x7f1", 12345678):
        assert "secret" not in refused("password", password=password)
    for password in (None, True, ["secret12"]):
        refused("password", password=password)


def test_a_hostname_is_one_that_mdns_can_have():
    for name in ("", "a", "amprail-3f2a", "x" * 32, "1"):
        check_wifi(given(hostname=name))
    for name in ("-a", "a-", "A", "a.b", "a_b", "a b", "x" * 33, "\u00e4", 1, None, True):
        refused("hostname", hostname=name)


def test_a_fixed_address_that_cannot_be_is_refused_by_its_part():
    for key, values in (
        ("address", ("", "192.168.1", "192.168.1.256", "192.168.1.0", "192.168.1.255", "a.b.c.d")),
        ("address", ("0.0.0.5", "224.0.0.1", "255.255.255.254", "192.168.1.50:80", None, 5)),
        ("netmask", ("255.0.255.0", "0.0.0.0", "255.255.255.255", "254.0.0.0", "255.255.255.254")),
        ("gateway", ("192.168.2.1", "10.0.0.1", " 192.168.1.1", "")),
        ("dns", ("router", "9.9.9", "9.9.9.09")),
    ):
        for value in values:
            fixed = dict(FIXED)
            fixed[key] = value
            refused("fixed." + key, fixed=fixed)
    for fixed in ({}, [], "dhcp", True, 1, {"address": "192.168.1.50"}):
        refused("fixed", fixed=fixed)
    more = dict(FIXED)
    more["more"] = "1.1.1.1"
    refused("fixed", fixed=more)


def test_what_is_no_object_is_refused():
    for settings in (None, [], "home", 1, True):
        raises(ValueError, "wifi.json: is not an object", check_wifi, settings)


def test_a_key_of_a_later_version_is_kept_so_that_going_back_keeps_the_network():
    assert check_wifi(given(band=5))["band"] == 5


def test_without_the_file_nothing_is_set():
    assert with_folder(read_wifi) is None


def test_what_was_written_is_read():
    def use(folder):
        settings = check_wifi(given(ssid="Caf\u00e9 \u2615", fixed=FIXED))
        write_wifi(folder, settings)
        assert read_wifi(folder) == settings

    with_folder(use)


def test_a_broken_file_is_an_error_in_words():
    def use(folder):
        for raw, words in (
            (b"", "is not JSON"),
            (b'{"ssid":"home"', "is not JSON"),
            (b"\xff\xfe", "is not JSON in UTF-8"),
            (b'{"ssid":"home"}' + b" " * 2000, "is longer than 1024 bytes"),
            (b"[]", "is not an object"),
            (b'{"ssid":"a","ssid":"b"}', "second time"),
        ):
            with open(folder + "/wifi.json", "wb") as file:
                file.write(raw)
            raises(ValueError, words, read_wifi, folder)

    with_folder(use)


def test_a_power_cut_at_any_step_of_writing_leaves_the_old_settings_or_the_new():
    old, new = check_wifi(given()), check_wifi(given(ssid="other", fixed=FIXED))
    seen = []
    cut = True
    while cut:
        disk = Disk()
        with disk:
            write_wifi(disk.root, old)
        disk.cut_after(len(seen))
        cut = False
        with disk:
            try:
                write_wifi(disk.root, new)
            except OSError:
                cut = True
        disk.power_on()
        with disk:
            with disk.open(disk.root + "/wifi.json", "rb") as file:
                found = check_wifi(json.loads(file.read().decode()))
        assert found in (old, new)
        seen.append(found == new)
    assert len(seen) > 3 and seen[-1] and not seen[0]


def test_a_label_is_read_as_it_was_made():
    def use(folder):
        assert read_label(folder) is None
        label = make_label(folder, b"\x24\x0a\xc4\x00\x3f\x2a")
        assert label[0] == "amprail-3f2a" and is_passphrase(label[1]) and len(label[1]) == 12
        assert read_label(folder) == label
        assert make_label(folder, b"\x24\x0a\xc4\x00\x3f\x2a")[1] != label[1]

    with_folder(use)


def test_a_label_that_cannot_be_used_is_none():
    def use(folder):
        for raw in (
            b"",
            b"\n\n",
            b"amprail\n",
            b"amprail\nshort\n",
            b"Amp rail\npassword\n",
            b"\xff",
        ):
            with open(folder + "/ap", "wb") as file:
                file.write(raw)
            assert read_label(folder) is None, raw
        assert is_hostname("amprail") and not is_hostname("")

    with_folder(use)
