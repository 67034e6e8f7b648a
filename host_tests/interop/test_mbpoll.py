"""The simulated meters, read by mbpoll (Debian's package; libmodbus, in C).

Its own defaults are TCP, 19200 baud with even parity, references from 1 and the low word first:
each is said otherwise here.
"""

import re
import shutil
import subprocess

import pytest

VALUE = re.compile(r"^\[(\d+)\]:\s+(\S+)", re.MULTILINE)


@pytest.fixture(autouse=True)
def there():
    if not shutil.which("mbpoll"):
        if not shutil.which("apt-get"):
            pytest.skip("mbpoll is missing, and there is no apt-get to install it with")
        pytest.fail("mbpoll is missing: apt-get install mbpoll")


def mbpoll(site, kind, register, count, *options):
    """(exit code, {register: text}, everything it said)."""
    line = site.settings["meter"]
    command = ["mbpoll", "-m", "rtu", "-a", str(line["address"]), "-b", str(line["baud"])]
    command += ["-P", "none", "-0", "-1", "-q", "-t", kind, "-r", str(register), "-c", str(count)]
    done = subprocess.run(
        [*command, *options, site.serial], capture_output=True, text=True, timeout=20, check=False
    )
    values = {int(at): text for at, text in VALUE.findall(done.stdout)}
    return done.returncode, values, done.stdout + done.stderr


def numbers(site, kind, register, count, *options):
    code, values, said = mbpoll(site, kind, register, count, *options)
    assert code == 0, said
    return list(values), [float(text) for text in values.values()]


def test_an_sdm630_has_its_currents_powers_and_voltages_as_high_words_first(site_with):
    site = site_with(type="eastron_sdm630")
    at, values = numbers(site, "3:float", 0, 9, "-B")
    assert at == [0, 2, 4, 6, 8, 10, 12, 14, 16]
    volts, amperes, watts = values[:3], values[3:6], values[6:]
    assert volts == pytest.approx([230] * 3, abs=1)
    assert amperes == pytest.approx([7.5, 8.25, 9.12])
    assert watts == pytest.approx([230 * 7.5, -230 * 8.25, 230 * 9.12], rel=0.01)


def test_an_sdm630_says_what_it_is(site_with):
    site = site_with(type="eastron_sdm630")
    assert mbpoll(site, "4:hex", 0xFC02, 1)[:2] == (0, {0xFC02: "0x0070"})


def test_a_carlo_gavazzi_em340_has_integers_with_the_low_word_first(site_with):
    site = site_with(type="cg_em3xx")
    _, values = numbers(site, "3:int", 12, 6)  # without -B
    assert [abs(value) for value in values[:3]] == [7500, 8250, 9120]
    assert values[3] > 0 > values[4] and values[5] == pytest.approx(2300 * 9.12, rel=0.01)
    assert numbers(site, "3:int", 0, 3)[1] == pytest.approx([2300] * 3, abs=10)


def test_an_abb_b23_has_holding_registers_with_the_high_word_first(site_with):
    site = site_with(type="abb_b23", baud=19200)
    assert numbers(site, "4:int", 0x5B0C, 3, "-B")[1] == [750, 825, 912]
    watts = numbers(site, "4:int", 0x5B16, 3, "-B")[1]
    assert watts == pytest.approx([172500, -189750, 209760], rel=0.01)


def test_a_meter_of_one_phase_shows_that_phase_only(site_with):
    site = site_with(type="eastron_sdm120", baud=2400, phase=2)
    assert numbers(site, "3:float", 6, 1, "-B")[1] == pytest.approx([8.25])
    assert numbers(site, "3:float", 12, 1, "-B")[1] == pytest.approx([-1897.5], rel=0.01)


def test_registers_that_are_not_there_and_another_address_are_failures(site_with):
    site = site_with(type="eastron_sdm630")
    code, values, said = mbpoll(site, "3", 5000, 1)
    assert code != 0 and not values and "Illegal data address" in said
    code, values, said = mbpoll(site, "3", 6, 1, "-a", "9", "-o", "0.3")
    assert code != 0 and not values and "timed out" in said
