# An update is installed whole, or refused with a reason and nothing is changed.

import errno
import hashlib
import io
import os

from app import updater
from both import raises, run
from bundles import FILES, Device, Key, Upload, bundle, line, manifest, padded
from update import bundle as bundles
from update import signature, slots
from update.entries import entries
from update_test_keys import OWNER, STRANGER

HEAP = "384K"  # whole bundles and trees are compared


def test_a_good_bundle_takes_the_place_of_the_other_slot_and_has_the_next_turn():
    with Device() as device:
        before = device.tree()
        assert device.install(bundle()) == "0.2.0"
        tree = device.tree()
        for path, content in FILES:
            assert tree["/b/" + path] == content
        assert tree["/b/manifest"] == manifest()
        assert tree["/data/slot"] == b"b0"
        assert tree["/data/good"] == b"a"
        assert "/new" not in tree
        for path in before:
            if path[:3] != "/b/" and path != "/data/slot":
                assert tree[path] == before[path], path


def test_the_same_version_may_be_installed_again():
    with Device() as device:
        assert device.install(bundle(version="0.1.0")) == "0.1.0"


# -- cut, extended, reordered --


def test_a_bundle_that_is_cut_is_refused_wherever():
    whole = bundle()
    with Device() as device:
        for size in (0, 1, 23, 24, 25, 100, len(whole) - 4502, len(whole) - 4501, len(whole) - 1):
            args = device.refuses(whole[:size], "update_size")
            assert args[1] in ("missing", "bytes")


def test_a_connection_that_is_lost_changes_nothing_and_the_next_try_works():
    whole = bundle()
    with Device() as device:
        before = device.tree()
        for kind in (errno.ETIMEDOUT, errno.ECONNRESET):
            for size in (0, 30, 300, 900, len(whole) - 1):
                upload = Upload(whole[:size], len(whole), OSError(kind, ""))
                error = raises(OSError, "", device.install, upload)
                assert error.errno == kind
                assert device.tree() == before
        device.install(whole)


def test_a_bundle_that_is_extended_is_refused():
    with Device() as device:
        args = device.refuses(bundle() + b"x", "update_size")
        assert args[1:] == ("bytes", 4502, "expected", 4501)


def test_files_in_another_order_are_refused():
    text = manifest()
    moved = (FILES[1], FILES[0], FILES[2])
    with Device() as device:
        assert device.refuses(bundle(text, moved), "update_file")[2] == FILES[0][0]
        device.refuses(bundle(files=moved), "update_manifest")


def test_a_byte_that_is_changed_is_noticed_wherever_it_is():
    whole = bundle()
    head = len(manifest())
    places = ((5, "update_format"), (20, "update_signature"), (30, "update_signature"))
    places += ((24 + head, "update_signature"), (24 + head + 383, "update_signature"))
    places += ((24 + head + 384, "update_file"), (len(whole) - 1, "update_file"))
    with Device() as device:
        for at, code in places:
            if at == 20:  # a manifest that is said to be shorter
                changed = whole[:20] + b"0" + whole[21:]
            else:
                changed = whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :]
            device.refuses(changed, code)


# -- signatures --


def test_a_bundle_signed_by_another_key_is_refused():
    with Device() as device:
        device.refuses(bundle(key=STRANGER), "update_signature")


def test_the_header_of_one_with_the_files_of_another_is_refused():
    other = (("app/start.mpy", b"other" * 900), FILES[1], FILES[2])
    with Device() as device:
        assert device.refuses(bundle(manifest(), other), "update_file")[2] == "app/start.mpy"
        text = manifest(other)
        whole = bundle()
        signed = whole[24 + len(manifest()) :]
        device.refuses(b"amprail-bundle 1 %06d\n" % len(text) + text + signed, "update_signature")


def test_a_signature_is_compared_as_a_whole_block():
    key = Key(OWNER)
    digest = hashlib.sha256(b"what is signed").digest()
    block = padded(digest)
    number = key.modulus.to_bytes(384, "big")
    good = key.power(block)
    assert run(signature.signed(digest, good, number))
    forged = [block[:11] + b"\x00" + block[-51:] + bytes(384 - 63)]  # Bleichenbacher 2006
    forged.append(b"\x00\x02" + block[2:])
    forged.append(block[:330] + b"\xfe" + block[331:])
    forged.append(block[:-1] + bytes([block[-1] ^ 1]))
    for wrong in forged:
        assert len(wrong) == 384
        assert not run(signature.signed(digest, key.power(wrong), number))
    more = (int.from_bytes(good, "big") + key.modulus).to_bytes(385, "big")
    for wrong in (good[:-1], good + b"\0", b"\0" + good, more, more[1:], bytes(384), b"", number):
        assert not run(signature.signed(digest, wrong, number))
    assert not run(signature.signed(hashlib.sha256(b"other").digest(), good, number))


# -- versions --


def test_an_older_version_needs_the_owners_word():
    with Device() as device:
        args = device.refuses(bundle(version="0.0.99"), "update_older")
        assert args[1:] == ("version", "0.0.99", "running", "0.1.0")
        assert device.install(bundle(version="0.0.99"), older=True) == "0.0.99"


def test_versions_are_numbers_and_not_texts():
    assert bundles.name((0, 10, 9999)) == "0.10.9999"
    with Device() as device:
        device.put("a/manifest", manifest(version="0.9.0"))
        device.install(bundle(version="0.10.0"))


def read(text):
    """Version and number of files of a manifest, or the line for which it is refused."""
    file = io.BytesIO(text)
    try:
        return bundles.head(file), sum([1 for _ in entries(file)])
    except bundles.Refused as refused:
        assert refused.args[:2] == ("update_manifest", "line")
        return refused.args[2]


def test_a_version_that_is_none_is_refused():
    wrong = (
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "01.2.3",
        "1.2.3a",
        "-1.2.3",
        "1.2.10000",
        "1..2",
        " 1.2.3",
    )
    wrong += ("1.2.3 ", "9" * 200, "\xe4.0.0")
    for version in wrong:
        assert read(manifest(version=version)) == 2, version
    assert read(manifest(version="1.2.3\nversion 9.9.9")) == 3
    assert read(manifest(version="9999.0.10"))[0] == (9999, 0, 10)
    with Device() as device:
        device.refuses(bundle(version="1.2"), "update_manifest")


# -- names --


def test_names_that_lead_elsewhere_are_refused():
    names = "../x.py|/x.py|lib/../x.py|lib/./x.py|lib//x.py|lib/x..py|lib/.x|x.py|lib|data/slot.x"
    names += "|main.py|lib/|lib/x.py/y.py|a/lib/x.py|lib/X.py|lib/x y.py|lib/\xe4.py|lib/x\\y.py"
    names += "|lib/x\0.py|lib/nodot|new/x.py|boards|lib/x.py/|" + "lib/" + "y" * 80 + ".py"
    for name in names.split("|"):
        assert read(manifest(((name, b"x"),))) == 3, name
    with Device() as device:
        for name in ("../x.py", "/etc/x.py"):
            files = ((name, b"x"), ("app/a.py", b"a"))
            assert device.refuses(bundle(files=files), "update_manifest")[2] == 3


def test_a_file_that_is_there_twice_or_out_of_turn_is_refused():
    assert read(manifest((FILES[0], FILES[0]))) == 4
    assert read(manifest((FILES[1], FILES[0]))) == 4
    with Device() as device:
        device.refuses(bundle(files=(FILES[0], FILES[0])), "update_manifest")


def test_lines_that_are_no_files_are_refused():
    good = line("app/a.py", b"a")
    head = b"amprail 1\nversion 0.2.0\n"
    assert read(head + good)[1] == 1
    for text in (b"", b"amprail 2\nversion 0.2.0\n" + good, b"\0" * 99):
        assert read(text) == 1
    for text in (b"amprail 1\n", head[:-1]):
        assert read(text) == 2
    for text in (good[:-1], good[1:], b"\n", good.replace(b" ", b"  "), b"x" * 999):
        assert read(head + text) == 3
    assert read(head + good + b" \n") == 4
    for size in (-1, 262145, 1 << 60):
        assert read(head + line("app/a.py", b"a", size)) == 3


def test_more_files_than_a_device_can_hold_are_refused():
    text = b"amprail 1\nversion 0.2.0\n"
    for at in range(256):
        text += line("lib/x%03d.py" % at, b"")
    assert read(text)[1] == 256
    assert read(text + line("lib/y.py", b"")) == 259


# -- sizes --


def test_a_flood_of_zeros_is_refused():
    with Device() as device:
        device.refuses(bytes(30000), "update_format")
        device.refuses(Upload(bytes(3000), 1 << 40), "update_format")
        device.refuses(b"amprail-bundle 1 999999\n" + bytes(30000), "update_manifest")


def test_files_said_to_be_larger_than_what_comes_are_refused_before_any_is_written():
    text = b"amprail 1\nversion 0.2.0\n" + line("app/start.mpy", b"", 200000)
    with Device() as device:
        device.refuses(bundle(text, ()), "update_size")


class Full:
    """`os` of a device with so many free blocks of 4 KB."""

    def __init__(self, free):
        for name in ("listdir", "mkdir", "rename"):
            setattr(self, name, getattr(os, name))
        self.free = free

    def statvfs(self, _):
        return 4096, 4096, 500, self.free, self.free


def with_free(free, call, *args):
    from app import installer

    installer.os = Full(free)  # it goes again with what it installed
    return call(*args)


def test_without_room_it_is_refused_before_any_file_is_written():
    with Device() as device:
        args = with_free(20, device.refuses, bundle(), "update_space")
        assert (args[1], args[3]) == ("needed_kb", "free_kb") and args[2] > args[4] == 80


def test_where_there_is_room_for_two_versions_only_the_other_slot_goes_first():
    big = (("app/start.mpy", b"s" * 40000),)
    with Device() as device:
        device.put("b/app/big.mpy", bytes(40000))
        upload = Upload(bundle(files=big))
        assert with_free(20, device.install, upload) == "0.2.0"
        assert device.tree()["/b/app/start.mpy"] == big[0][1]
        assert "/b/app/big.mpy" not in device.tree()


def test_a_flash_that_fails_is_a_reason():
    with Device() as device:
        upload = Upload(bundle())

        def broken():
            if upload.at > 1500:
                raise OSError(errno.EIO, "")

        upload.step = broken
        assert device.refuses(upload, "update_flash")[1:] == ("errno", errno.EIO)


# -- the device's own files --


def test_without_a_key_or_with_a_damaged_one_nothing_is_installed():
    pem = Key(OWNER).pem()
    ec = b"MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE"
    ec = b"-----BEGIN PUBLIC KEY-----\n%s\n-----END PUBLIC KEY-----\n" % ec
    wrong = [b"", b"\0" * 700, pem[:-40], pem[:300] + pem[365:], pem * 2, b"\xff" * 600, ec]
    even = binary(pem, -6, 0xFE)
    small = binary(pem, 33, 0x01)
    with Device() as device:
        wrong += [even, small, binary(pem, -1, 3)]
        for damaged in wrong:
            device.put("data/update_key.pem", damaged)
            device.refuses(bundle(), "update_key")
        device._remove(device.data_dir)
        device.put("data/slot", b"a")
        device.refuses(bundle(), "update_key")


def binary(pem, at, value):
    """The key with one byte of its DER changed."""
    key = Key(OWNER)
    der = bytearray(key.der)
    der[at] = value
    key.der = bytes(der)
    return key.pem()


def test_a_damaged_bit_of_the_key_lets_nothing_in():
    with Device() as device:
        device.put("data/update_key.pem", binary(None, 100, Key(OWNER).der[100] ^ 1))
        device.refuses(bundle(), "update_signature")


def test_whatever_the_pointer_file_says_an_update_is_installed():
    content = bundle()
    with Device() as device:
        for pointer in (b"\xff\xfe", b"x" * 99, b"", b"q"):
            device.put("data/slot", pointer)
            device.install(content)
            assert device.tree()["/data/slot"] == b"b0"


def test_another_key_can_be_put_there_and_a_wrong_one_not():
    with Device() as device:
        raises(ValueError, "no public key", signature.write_key, device.data_dir, b"x")
        raises(ValueError, "longer", signature.write_key, device.data_dir, b"x" * 1025)
        signature.write_key(device.data_dir, Key(STRANGER).pem())
        device.refuses(bundle(), "update_signature")
        assert device.install(bundle(key=STRANGER)) == "0.2.0"
    prints = [signature.fingerprint(Key(key).pem()) for key in (OWNER, STRANGER)]
    assert len(prints[0]) == 32 and prints[0] != prints[1]


def test_what_takes_no_update_says_why():
    with Device() as device:
        slots.check(device)
        device.busy = True
        assert "update_busy" in raises(ValueError, "", slots.check, device).args[2]
        device.busy = False
        device.put("data/good", b"b")
        assert "update_trial" in raises(ValueError, "", slots.check, device).args[2]
        device.data_dir = device.root + "/elsewhere"
        assert "update_computer" in raises(ValueError, "", slots.check, device).args[2]


def test_what_an_update_that_was_cut_has_left_is_cleared():
    with Device() as device:
        device.put("new/manifest", b"x")
        device.put("new/lib/x/y.py", b"x")
        device.install(bundle())
        assert "/new" not in device.tree()


# -- while control goes on --


class Cutting:
    """One charger whose cut is confirmed after so many waits of the updater."""

    def __init__(self, device, failures=0):
        self.rows = device.cycle.rows
        self.rows.count = 1
        self.rows.failures = [failures]
        self.rows.most_ma, self.rows.set_ma = [16000], [6000]
        self.waited_ms = 0
        self.cut()

    def cut(self):
        self.rows.flags = [1]
        self.left = 5

    async def wait(self, ms):
        if ms:
            self.waited_ms += ms
            self.left -= 1
            if self.left == 0:
                self.rows.flags = [5]

    def install(self, device, upload):
        real = updater.sleep_ms
        updater.sleep_ms = self.wait
        try:
            device.install(upload)
        finally:
            updater.sleep_ms = real


def test_nothing_is_written_while_a_cut_is_unanswered():
    with Device() as device:
        cutting = Cutting(device)
        upload = Upload(bundle())
        upload.step = cutting.cut
        cutting.install(device, upload)
        assert cutting.waited_ms > 5 * 7 * 20


def test_a_charger_that_does_not_answer_holds_nothing_up_and_one_that_disobeys_not_for_long():
    with Device() as device:
        cutting = Cutting(device, failures=1)
        cutting.install(device, bundle())
        assert not cutting.waited_ms
        device.put("data/slot", b"a")
        cutting = Cutting(device)
        cutting.left = 10000
        cutting.install(device, bundle())
        assert cutting.waited_ms % 3000 == 0
