"""The simulated meter, read by a Modbus master that nobody here wrote (minimalmodbus).

What the tests of the firmware rely on is so checked by a program that knows nothing of it.
"""

import minimalmodbus
import pytest
from amprail_tools.sim.site import Site


@pytest.fixture
def site():
    site = Site(chargers=1, noise_a=0)
    yield site
    site.stop()


@pytest.fixture
def master(site):
    master = minimalmodbus.Instrument(site.serial, 1)
    master.serial.baudrate = 9600
    master.serial.timeout = 1
    yield master
    master.serial.close()


def floats(master, register, count):
    return [
        master.read_float(register + 2 * number, functioncode=4, number_of_registers=2)
        for number in range(count)
    ]


def test_minimalmodbus_reads_the_currents_and_powers_of_the_house(site, master):
    site.house.set([7500, -8250, 9125])
    site.meter.refresh()
    assert floats(master, 6, 3) == pytest.approx([7.5, 8.25, 9.125])
    powers = floats(master, 12, 3)
    assert powers[0] > 0 > powers[1] and powers[2] > 0
    assert floats(master, 0, 3) == pytest.approx([230, 230, 230], abs=10)


def test_minimalmodbus_is_told_the_type_of_the_meter(master):
    assert master.read_register(0xFC02, functioncode=3) == 0x0070


def test_another_address_gets_no_answer(site, master):
    master.address = 2
    with pytest.raises(minimalmodbus.NoResponseError):
        master.read_register(6, functioncode=4)
