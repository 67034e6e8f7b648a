"""The simulated Trydan, driven by pytrydan."""

import asyncio
import logging

import pytest
from amprail_tools.sim.charger_trydan import TrydanCharger
from pytrydan import Trydan
from pytrydan.exceptions import TrydanInvalidResponse, TrydanInvalidValue


def ask(bench, *calls):
    async def run():
        client = Trydan(bench.address)
        try:
            return [await call(client) for call in calls]
        finally:
            await client._client.aclose()  # it has nothing to close it with

    return asyncio.run(run())


def read(client):
    return client.get_data()


@pytest.fixture
def bench(make_bench):
    return make_bench(TrydanCharger)


@pytest.mark.parametrize("firmware", ["2.1.7", "2.3.20", "2.5.0"])
def test_it_sets_a_current_and_reads_it_back(make_bench, firmware):
    bench = make_bench(TrydanCharger, firmware=firmware)
    bench.charge()
    _, data = ask(bench, lambda client: client.intensity(12), read)
    assert (data.intensity, data.firmware_version) == (12, firmware)
    bench.step(2)
    (data,) = ask(bench, read)
    assert data.charge_power > 8000
    assert bench.charger.grid_ma == [12_000] * 3


def test_paused_it_reads_as_charging(bench):
    bench.charge()
    ask(bench, lambda client: client.pause())
    bench.step(4)
    (data,) = ask(bench, read)
    assert (data.paused, data.charge_state, data.charge_power) == (1, 2, 0)
    ask(bench, lambda client: client.resume())
    bench.step(4)
    assert ask(bench, read)[0].charge_power > 10_000


def test_its_other_keywords_are_taken(bench):
    _, _, _, data = ask(
        bench,
        lambda client: client.pause_dynamic(),
        lambda client: client.max_intensity(10),
        lambda client: client.lock(),
        read,
    )
    assert (data.pause_dynamic, data.max_intensity, data.locked) == (1, 10, 1)
    assert bench.charger.offered_ma == 0


def test_what_is_not_ok_is_an_error(bench):
    with pytest.raises(TrydanInvalidValue):
        ask(bench, lambda client: client.set_keyword("Intensity", 6.5))


def test_the_firmware_without_a_comma_cannot_be_read(make_bench, caplog):
    caplog.set_level(logging.CRITICAL, "pytrydan.trydan")  # its own line about it is malformed
    bench = make_bench(TrydanCharger, firmware="1.7.20")
    with pytest.raises(TrydanInvalidResponse):
        ask(bench, read)
