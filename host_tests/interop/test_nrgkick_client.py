"""The simulated NRGkick, driven by nrgkick-api."""

import asyncio

import aiohttp
import pytest
from amprail_tools.sim.charger_nrgkick import NrgkickCharger
from nrgkick_api import (
    NRGkickAPI,
    NRGkickAPIDisabledError,
    NRGkickAuthenticationError,
    NRGkickCommandRejectedError,
)


@pytest.fixture
def bench(make_bench):
    bench = make_bench(NrgkickCharger)
    bench.charge()
    return bench


def drive(bench, function, **login):
    """The result of function(client), a coroutine function."""

    async def run():
        async with aiohttp.ClientSession() as session:
            return await function(NRGkickAPI(host=bench.address, session=session, **login))

    return asyncio.run(run())


def test_it_reads_sets_and_pauses(bench):
    async def steps(client):
        assert (await client.get_info())["connector"]["max_current"] == 16
        assert (await client.get_values())["general"]["status"] == "CHARGING"
        assert (await client.get_values(raw=True))["general"]["status"] == 3
        await client.set_current(12.3)
        assert bench.charger.told_ma == 12300
        await client.set_charge_pause(True)
        assert bench.charger.told_ma == 0
        await client.set_charge_pause(False)
        await client.set_energy_limit(5000)
        return await client.get_control()

    assert drive(bench, steps) == {
        "current_set": 12.3,
        "charge_pause": 0,
        "energy_limit": 5000,
        "phase_count": 3,
    }


def test_it_is_told_that_a_current_is_refused(bench):
    with pytest.raises(NRGkickCommandRejectedError, match=r"allowed 6\.0A - 16\.0A"):
        drive(bench, lambda client: client.set_current(17))


def test_it_is_told_that_the_api_is_off(bench):
    bench.charger.enabled = False
    with pytest.raises(NRGkickAPIDisabledError):
        drive(bench, lambda client: client.get_values())


def test_it_finds_out_that_the_charger_ignores_it(bench):
    bench.charger.ignore_writes(True)
    drive(bench, lambda client: client.set_current(8))  # which says so itself
    assert drive(bench, lambda client: client.get_control())["current_set"] == 16


def test_it_logs_in(make_bench):
    bench = make_bench(NrgkickCharger, user="me", password="test-only")
    values = drive(bench, lambda client: client.get_values(), username="me", password="test-only")
    assert values["general"]["status"] == "STANDBY"
    with pytest.raises(NRGkickAuthenticationError):
        drive(bench, lambda client: client.get_values(), username="me", password="wrong")
