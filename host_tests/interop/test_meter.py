"""The simulated meters, read by a Modbus master that nobody here wrote (minimalmodbus).

What the tests of the firmware rely on is so checked by a program that knows nothing of it.
"""

import minimalmodbus
import pytest

HIGH_FIRST = minimalmodbus.BYTEORDER_BIG
LOW_FIRST = minimalmodbus.BYTEORDER_LITTLE_SWAP


@pytest.fixture
def master_of():
    made = []

    def make(site):
        line = site.settings["meter"]
        master = minimalmodbus.Instrument(site.serial, line["address"])
        master.serial.baudrate = line["baud"]
        master.serial.timeout = 1
        made.append(master)
        return master

    yield make
    for master in made:
        master.serial.close()


def floats(master, register, count, function=4, order=HIGH_FIRST):
    return [master.read_float(register + 2 * n, function, 2, order) for n in range(count)]


def integers(master, register, count, function, order, signed=True):
    return [master.read_long(register + 2 * n, function, signed, order) for n in range(count)]


def test_float32_with_the_high_word_first_as_an_sdm630(site_with, master_of):
    master = master_of(site_with(type="eastron_sdm630"))
    assert floats(master, 6, 3) == pytest.approx([7.5, 8.25, 9.12])
    powers = floats(master, 12, 3)
    assert powers[0] > 0 > powers[1] and powers[2] > 0
    assert floats(master, 0, 3) == pytest.approx([230, 230, 230], abs=10)
    assert floats(master, 52, 1) == pytest.approx([sum(powers)])


def test_an_sdm630_tells_its_type(site_with, master_of):
    master = master_of(site_with(type="eastron_sdm630"))
    assert master.read_register(0xFC02, functioncode=3) == 0x0070


def test_int32_with_the_low_word_first_as_a_carlo_gavazzi_em340(site_with, master_of):
    master = master_of(site_with(type="cg_em3xx"))
    amperes = integers(master, 12, 3, 4, LOW_FIRST)
    assert [abs(ampere) for ampere in amperes] == [7500, 8250, 9120]
    watts = integers(master, 18, 3, 4, LOW_FIRST)
    assert watts == pytest.approx([17250, -18975, 20976], rel=0.01)


def test_uint32_and_int32_with_the_high_word_first_as_an_abb_b23(site_with, master_of):
    master = master_of(site_with(type="abb_b23"))
    assert integers(master, 0x5B0C, 3, 3, HIGH_FIRST, signed=False) == [750, 825, 912]
    watts = integers(master, 0x5B16, 3, 3, HIGH_FIRST)
    assert watts == pytest.approx([172500, -189750, 209760], rel=0.01)


def test_int16_as_a_sinotimer(site_with, master_of):
    master = master_of(site_with(type="sinotimer_dts6619"))
    assert master.read_registers(3, 3, functioncode=4) == [750, 825, 912]
    assert master.read_register(9, 0, 4, signed=True) == pytest.approx(-1897, rel=0.01)


def test_what_is_taken_and_given_apart_as_a_tq_em300(site_with, master_of):
    master = master_of(site_with(type="tq_em300"))
    taken, given = integers(master, 80, 2, 3, HIGH_FIRST, signed=False)
    assert taken == 0 and given == pytest.approx(18975, rel=0.01)


def test_another_address_gets_no_answer(site_with, master_of):
    master = master_of(site_with(type="eastron_sdm630"))
    master.address = 2
    with pytest.raises(minimalmodbus.NoResponseError):
        master.read_register(6, functioncode=4)
