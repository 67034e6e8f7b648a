"""The simulated OpenEVSE, driven by python-openevse-http."""

import asyncio

import aiohttp
import pytest
from amprail_tools.sim.charger_openevse import OpenevseCharger
from openevsehttp.__main__ import OpenEVSE
from openevsehttp.exceptions import AuthenticationError


@pytest.fixture
def bench(make_bench):
    bench = make_bench(OpenevseCharger)
    bench.charge()
    return bench


def drive(bench, function, *login):
    """Runs function(client), a coroutine function."""

    async def run():
        async with aiohttp.ClientSession() as session:
            client = OpenEVSE(bench.address, *login, session=session)
            await client.update()
            return await function(client)

    return asyncio.run(run())


def test_it_reads_the_state(bench):
    async def steps(client):
        assert client.wifi_firmware == "v5.1.2"
        assert client.status == "active"
        assert client.state == "charging"
        assert client.charging_current == 16000
        assert client.max_current_soft == 16
        return await client.test_and_get()

    assert drive(bench, steps)["serial"] == "A"


def test_it_overrides_pauses_and_lets_go(bench):
    async def steps(client):
        await client.set_current(10)
        assert bench.charger.told_ma == 10000
        await client.set_override(state="disabled")
        assert bench.charger.told_ma == 0
        assert (await client.get_override())["charge_current"] == 10
        await client.clear_override()
        assert await client.get_override() == {}
        await client.toggle_override()
        assert bench.charger.told_ma == 0

    drive(bench, steps)


def test_it_makes_and_releases_a_claim(bench):
    async def steps(client):
        await client.make_claim(state="active", max_current=8, client=20)
        assert bench.charger.told_ma == 8000
        assert (await client.list_claims(target=True))["properties"]["max_current"] == 8
        assert [claim["client"] for claim in await client.list_claims()][-1] == 20
        await client.release_claim(20)
        assert bench.charger.told_ma == 16000

    drive(bench, steps)


def test_it_feeds_the_shaper(make_bench):
    bench = make_bench(OpenevseCharger, shaper_w=20000)
    bench.step()
    assert bench.charger.told_ma == 0

    async def steps(client):
        await client.set_shaper_live_pwr(1000)
        await client.update()
        assert client.shaper_live_power == 1000

    drive(bench, steps)
    assert bench.charger.told_ma == 16000


def test_it_logs_in(make_bench):
    bench = make_bench(OpenevseCharger, user="me", password="test-only")

    async def state(client):
        return client.state

    assert drive(bench, state, "me", "test-only") == "not connected"
    with pytest.raises(AuthenticationError):
        drive(bench, state, "me", "wrong")
