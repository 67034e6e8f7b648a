"""`tools/amprail flash`: the real esptool, a loader on a pty, and what then lies in its flash."""

import json
import re
import struct
import subprocess
import sys
import time
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.boards import board
from amprail_tools.build import NAMES, build, build_device
from amprail_tools.images import FORMAT
from amprail_tools.launch import micropython_command
from amprail_tools.partitions import BLOCK, Partition, read_firmware
from amprail_tools.sim.site import Site
from device.chip import Chip
from device.owner import Owner
from littlefs import LittleFS
from device.stock import TABLE, stock_image

APP = 0x10000
FILES_AT = 0x200000
PROGRAM = Path(__file__).with_name("board_program.py")
FAKES = PROGRAM.parent / "fakes"
RADIO = PROGRAM.parents[1] / "unit" / "radio.py"

# Others could ask here, too, so it is claimed as a board is.
ADDRESS = "127.0.0.2"

SITE = {
    "name": "Cellar",
    "limit_ma": 63000,
    "supply_ma": 63000,
    "meter": None,
}


@pytest.fixture
def chip():
    """A function that makes a chip."""
    made = []

    def make(*args):
        made.append(Chip(*args))
        return made[-1]

    yield make
    for one in made:
        one.unplug()


class Flasher:
    """Runs the command as a user does."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.labels = folder / "labels"
        self.firmware = folder / "ESP32_GENERIC-20261126-v1.28.0.bin"

    def has(self, image: bytes) -> None:
        self.firmware.write_bytes(image)

    def start(self, port: str, *options: str, name: str = "esp32_generic"):
        command = [sys.executable, str(ROOT / "tools" / "amprail"), "flash", "--port", port]
        command += ["--board", name, "--firmware", str(self.firmware)]
        command += ["--labels", str(self.labels), *options]
        streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE}
        return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **streams)

    def flash(self, port: str, *options: str, name: str = "esp32_generic"):
        """The exit code and the lines of stderr."""
        process = self.start(port, *options, name=name)
        said = process.communicate(timeout=90)[1]
        return process.returncode, said.splitlines()

    def refused(self, port: str, code: int, text: str, **options) -> None:
        """It ended with this code and one line that says so, and there is no label."""
        ended, lines = self.flash(port, **options)
        assert (ended, text in lines[-1]) == (code, True), lines
        assert "Traceback" not in "".join(lines)
        assert not list(self.labels.glob("*.*g"))


@pytest.fixture
def flasher(tmp_path):
    one = Flasher(tmp_path)
    one.has(stock_image(tmp_path))
    return one


def files_in(flash: bytes, at: int, end: int) -> dict[str, bytes]:
    """Every file of the littlefs there, by path."""
    # MicroPython's first write makes a newer version of the format of it
    newest = {key: value for key, value in FORMAT.items() if key != "disk_version"}
    fs = LittleFS(block_count=(end - at) // BLOCK, mount=False, **newest)
    fs.context.buffer[:] = flash[at:end]
    fs.mount()
    found = {}
    for folder, _, names in fs.walk("/"):
        for name in names:
            path = f"{folder.rstrip('/')}/{name}"
            with fs.open(path, "rb") as file:
                found[path] = file.read()
    return found


def test_a_board_gets_firmware_files_secrets_and_a_label(chip, flasher, tmp_path):
    data = tmp_path / "data"
    data.mkdir()
    (data / "site.json").write_text(json.dumps(SITE))
    one = chip()
    code, lines = flasher.flash(one.plug_in(), "--data", str(data))
    assert code == 0, lines
    assert any(re.search(r"\d+ %$", line) for line in lines), "no progress"
    image = flasher.firmware.read_bytes()
    assert one.flash[APP : APP + 64] == image[APP - 0x1000 : APP - 0x1000 + 64]
    files = files_in(one.flash, FILES_AT, len(one.flash))
    assert files["/main.py"] == (ROOT / "firmware" / "main.py").read_bytes()
    assert (files["/board"], files["/led"]) == (b"esp32_generic", b"2")
    assert {"/a/app/start.mpy", "/a/boards/esp32.mpy", "/a/page/index.en.html.gz"} <= set(files)
    assert json.loads(files["/data/site.json"]) == SITE
    name, password = files["/data/ap"].decode().splitlines()
    shown = read_label(flasher.labels / f"{name}.png")
    assert shown == [f"WIFI:T:WPA;S:{name};P:{password};;"]
    svg = (flasher.labels / f"{name}.svg").read_text()
    claim = files["/data/claim"].decode().strip()
    for text in (name, f"{name}.local", password):
        assert f">{text}<" in svg
    assert claim_in(svg) == claim
    assert (len(claim), len(password)) == (16, 12) and password not in claim
    for path in flasher.labels.iterdir():
        assert path.stat().st_mode & 0o77 == 0


def read_label(path: Path) -> list[str]:
    import zxingcpp
    from PIL import Image

    with Image.open(path) as picture:
        assert picture.size == (732, 343)  # 62 mm x 29 mm at 300 dots an inch
        return [code.text for code in zxingcpp.read_barcodes(picture)]


def charges(status):
    return status and status["grid"]["ok"] and status["chargers"][0]["state"] == "C"


class Board:
    """What lies in a chip's flash, started under the Unix port as a chip starts it."""

    def __init__(self, folder: Path, flash: bytes, serial: str, port: int):
        self.flash = folder / "flash.bin"
        self.flash.write_bytes(flash)
        fakes = {"fake_machine": FAKES / "machine.py", "neopixel": FAKES / "neopixel.py"}
        for name, path in {**fakes, "radio": RADIO}.items():
            (folder / f"{name}.py").write_text(path.read_text())
        command = [*micropython_command(), "-X", "heapsize=1M", str(PROGRAM), str(folder)]
        command += [str(build() / "modules"), str(build_device() / NAMES), str(self.flash)]
        command += [str(FILES_AT), "esp32", serial, "4", ADDRESS, str(port)]
        self.log = folder / "log"
        with self.log.open("w") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log
            )
        self.owner = Owner(port, host=ADDRESS)

    def wait_for(self, ask, seconds: float = 40):
        """What `ask()` gives, once it gives something and no OSError."""
        end = time.monotonic() + seconds
        while True:
            try:
                said = ask()
            except OSError as error:
                said = None if time.monotonic() < end else error
            if said and not isinstance(said, OSError):
                return said
            assert self.process.poll() is None and time.monotonic() < end, self.log.read_text()
            time.sleep(0.1)

    def files(self) -> dict[str, bytes]:
        flash = self.flash.read_bytes()
        return files_in(flash, FILES_AT, len(flash))

    def stop(self) -> None:
        self.process.kill()
        self.process.wait()


def test_what_is_flashed_starts_is_claimed_with_its_label_and_controls_by_de(
    chip, flasher, tmp_path, free_port
):
    site = Site(2, seed=1, brands=("warp",))
    board = None
    try:
        data = tmp_path / "data"
        data.mkdir()
        site.write_settings(data)
        one = chip()
        code, lines = flasher.flash(one.plug_in(), "--data", str(data))
        assert code == 0, lines
        board = Board(tmp_path, one.flash, site.serial, free_port())
        site.begin()
        for car in site.cars:
            car.plug_in()
        about = board.wait_for(board.owner.about)
        name, svg = label_of(flasher)
        assert about["claim_code"] and not about["claimed"] and not about["open"]
        assert board.owner.ask("GET", "/api/status").code == "login"
        assert board.owner.claim(code="another code").code == "wrong_code"
        assert board.owner.claim(code=claim_in(svg)).status == 200
        token = {"Authorization": f"Bearer {board.files()['/data/token'].decode()}"}
        owner = Owner(board.owner.port, host=ADDRESS)
        board.wait_for(lambda: charges(owner.ask("GET", "/api/status", headers=token).json))
        assert site.setpoints
        wifi = owner.ask("GET", "/api/wifi", headers=token).json
        assert wifi["access_point"]["ssid"] == wifi["hostname"] == name
        assert {"/data/tries", "/data/slot"} & set(board.files()), "no try is counted"
    finally:
        if board:
            board.stop()
        site.stop()


def label_of(flasher):
    """The name on the one label, and its SVG."""
    (path,) = flasher.labels.glob("*.svg")
    return path.stem, path.read_text()


def claim_in(svg):
    """The claim code on a label, as the page sends it."""
    return re.search(r">(\w{4}-\w{4}-\w{4}-\w{4})<", svg)[1].replace("-", "")


def test_a_file_system_is_made_known_to_the_firmware_where_its_table_has_none(flasher):
    firmware = read_firmware(flasher.firmware, board("esp32_generic"))
    at = 0x8000 - firmware.offset
    entry = struct.unpack_from("<HBBII16s", firmware.content, at + 3 * 32)
    assert entry == (0x50AA, 1, 0x81, FILES_AT, 0x200000, b"vfs".ljust(16, b"\0"))


def test_a_file_system_goes_where_the_table_has_it(chip, flasher, tmp_path):
    table = [
        *TABLE[:2],
        Partition("ota_0", 0, 0x10, 0x10000, 0x180000),
        Partition("ota_1", 0, 0x11, 0x190000, 0x180000),
        Partition("vfs", 1, 0x81, 0x310000, 0xF0000),
    ]
    flasher.has(stock_image(tmp_path, table=table))
    one = chip()
    code, lines = flasher.flash(one.plug_in())
    assert code == 0, lines
    assert "/main.py" in files_in(one.flash, 0x310000, 0x400000)


def test_an_s3_is_flashed_from_address_0(chip, flasher, tmp_path):
    flasher.has(stock_image(tmp_path, "esp32s3", 8))
    one = chip("esp32s3", 8)
    assert flasher.flash(one.plug_in(), name="m5stack_stamplc")[0] == 0
    assert one.flash[0] == 0xE9
    assert files_in(one.flash, FILES_AT, 8 << 20)["/board"] == b"m5stack_stamplc"


def test_another_chip_is_refused_and_left_alone(chip, flasher, tmp_path):
    one = chip("esp32s3", 8)
    before = one.flash
    flasher.refused(
        one.plug_in(), 2, "the chip is ESP32-S3, but Any ESP32 with a MAX485 has ESP32"
    )
    assert one.flash == before


def test_a_flash_that_is_too_small_is_refused_and_left_alone(chip, flasher):
    one = chip("esp32", 2)
    before = one.flash
    flasher.refused(one.plug_in(), 2, "the board's flash has 2 MB, this firmware needs 4 MB")
    assert one.flash == before


# While the stub is loaded, and while files are written: then esptool waits 7 s for the port.
def test_a_pulled_cable_is_said_and_mended_by_the_next_try(chip, flasher):
    one = chip()
    for after in (300, 40_000):
        one.bytes_left = after
        flasher.refused(one.plug_in(), 1, "try again")
        one.unplug()
    one.bytes_left = None
    code, lines = flasher.flash(one.plug_in())
    assert code == 0, lines
    assert "/main.py" in files_in(one.flash, FILES_AT, len(one.flash))


# By a name that stays, as udev's in /dev/serial/by-id.
def test_a_cable_that_is_back_in_seconds_is_taken_up_again(chip, flasher, tmp_path):
    one, again = chip(), chip()
    again._image = one._image
    name = tmp_path / "port"
    name.symlink_to(one.plug_in())
    one.bytes_left = 40_000
    process = flasher.start(str(name))
    assert one.pulled.wait(60)
    new = tmp_path / "new"
    new.symlink_to(again.plug_in())
    new.replace(name)
    said = process.communicate(timeout=60)[1]
    assert process.returncode == 0, said
    assert "the connection is lost" in said and "done, and read back" in said
    assert "/main.py" in files_in(again.flash, FILES_AT, len(again.flash))


def test_flash_that_does_not_hold_is_found_by_reading_back(chip, flasher):
    one = chip()
    one.rots = True
    flasher.refused(one.plug_in(), 1, "try again")


def test_no_port_and_no_board_behind_it_are_said(flasher):
    import os

    flasher.refused("/dev/ttyUSB99", 2, "/dev/ttyUSB99: no such port")
    master, slave = os.openpty()
    try:
        flasher.refused(os.ttyname(slave), 2, "hold BOOT")
    finally:
        os.close(master)
        os.close(slave)


def damaged(image, at, content):
    return image[:at] + content + image[at + len(content) :]


BAD = {
    "is no firmware": lambda image: b"",
    "is a UF2 file": lambda image: b"UF2\n" + image,
    "is for ESP32-S3, not for ESP32": lambda image: damaged(image, 12, b"\x09"),
    "so it is not a whole image": lambda image: image[APP - 0x1000 :],
    "its partition table is damaged": lambda image: damaged(image, 0x7008, b"\x01"),
    "is damaged or was not downloaded whole": lambda image: image[:-100],
    "is damaged": lambda image: damaged(image, len(image) - 500, b"\x55"),
    "ends before its firmware": lambda image: image[: APP - 0x1000],
}


@pytest.mark.parametrize("said", BAD)
def test_what_is_not_the_firmware_is_refused_before_a_board_is_touched(flasher, said):
    from amprail_tools import UserError

    flasher.has(BAD[said](flasher.firmware.read_bytes()))
    with pytest.raises(UserError, match=said) as caught:
        read_firmware(flasher.firmware, board("esp32_generic"))
    assert "\n" not in str(caught.value) and "ESP32_GENERIC-*.bin" in str(caught.value)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"project": "blink"}, "is not MicroPython but 'blink'"),
        ({"version": "v1.22.2"}, "is MicroPython v1.22.2, older than 1.23"),
        ({"table": [*TABLE, Partition("ffat", 1, 0x81, FILES_AT, FILES_AT)]}, "TinyUF2"),
        ({"table": [*TABLE, Partition("vfs", 1, 0x81, 0x100000, FILES_AT)]}, "no room for files"),
        ({"table": TABLE[:2]}, "no firmware in its partition table"),
    ],
)
def test_other_firmware_is_refused(flasher, tmp_path, options, said):
    from amprail_tools import UserError

    flasher.has(stock_image(tmp_path, **options))
    with pytest.raises(UserError, match=said):
        read_firmware(flasher.firmware, board("esp32_generic"))


def test_any_damage_to_the_headers_is_an_answer_and_no_crash(flasher):
    import random

    from amprail_tools import UserError

    image = flasher.firmware.read_bytes()
    chance = random.Random(1)
    for _ in range(300):
        at = chance.choice((0, 0x7000, APP - 0x1000)) + chance.randrange(128)
        flasher.has(damaged(image, at, chance.randbytes(chance.randrange(1, 5))))
        try:
            read_firmware(flasher.firmware, board("esp32_generic"))
        except UserError as error:
            assert "\n" not in str(error)


def test_bad_settings_are_refused_before_a_board_is_touched(flasher, tmp_path):
    (tmp_path / "site.json").write_text('{"limit_ma": 1, "supply_ma": 63000}')
    code, lines = flasher.flash("/dev/null", "--data", str(tmp_path))
    assert code == 2 and "limit_ma" in lines[-1]
