"""The simulated Peblar, driven by peblar (Home Assistant's client) and by pypeblar, which is made
from the vendor's own OpenAPI document and checks every type.
"""

import asyncio

import pytest
from amprail_tools.sim.charger_peblar import PeblarCharger
from peblar import (
    PeblarApi,
    PeblarAuthenticationError,
    PeblarBadRequestError,
    PeblarError,
)
from peblar.exceptions import PeblarRateLimitError
from pypeblar import ApiClient, Configuration, EvinterfacePatchRequest
from pypeblar.api import EVInterfaceApi, HealthApi, MeterApi, SystemApi
from pypeblar.exceptions import ApiException
from yarl import URL

BASE = "/api/wlac/v1/"


@pytest.fixture
def bench(make_bench):
    return make_bench(PeblarCharger)


# The library knows hosts only and so port 80, which not everybody may open: its `url` is set.
def ask(bench, *calls, token="test-token"):
    async def run():
        async with PeblarApi(host="127.0.0.1", token=token) as client:
            client.url = URL(f"http://{bench.address}{BASE}")
            return [await call(client) for call in calls]

    return asyncio.run(run())


def set_limit(ma):
    return lambda client: client.ev_interface(charge_current_limit=ma)


def test_peblar_sets_a_limit_and_reads_it_back(bench):
    bench.charge()
    (state,) = ask(bench, set_limit(7500))
    assert (state.charge_current_limit, state.charge_current_limit_actual) == (7500, 7500)
    assert state.charge_current_limit_source == "Local REST API"
    bench.step(2)
    assert bench.charger.grid_ma == [7500] * 3


def test_peblar_reads_every_state(bench):
    states = []
    bench.step(1)
    for change in (bench.charge, lambda: bench.charger.break_down(True)):
        states += ask(bench, lambda client: client.ev_interface())
        change()
        bench.step(2)
    states += ask(bench, lambda client: client.ev_interface())
    assert [state.cp_state for state in states] == ["State A", "State C", "State E"]


@pytest.mark.parametrize("kind", [{}, {"phases": "1"}, {"phases": "1", "leaves_out": True}])
def test_peblar_reads_the_meter_with_and_without_phases(make_bench, kind):
    bench = make_bench(PeblarCharger, **kind)
    bench.charge()
    (meter,) = ask(bench, lambda client: client.meter())
    phases = len(bench.charger.phases)
    assert meter.current_phase_1 == 16_000
    assert meter.current_total == 16_000 * phases
    assert (meter.voltage_phase_2 is None) is (phases == 1)
    assert (meter.current_phase_3 is None) is ("leaves_out" in kind)


def test_peblar_reads_system_and_health(bench):
    system, health = ask(bench, lambda client: client.system(), lambda client: client.health())
    assert (system.phase_count, system.active_error_codes) == (3, [])
    assert health.access_mode == "ReadWrite"


def test_peblar_replaces_all_fields_at_once(bench):
    (state,) = ask(
        bench,
        lambda client: client.set_ev_interface(charge_current_limit=8000, force_single_phase=True),
    )
    assert (state.charge_current_limit, state.force_single_phase) == (8000, True)


def test_peblar_is_refused_with_the_reason(make_bench):
    with pytest.raises(PeblarAuthenticationError, match="Unauthorized"):
        ask(make_bench(PeblarCharger), set_limit(6000), token="wrong")
    with pytest.raises(PeblarBadRequestError, match="-1"):
        ask(make_bench(PeblarCharger), set_limit(-1))
    with pytest.raises(PeblarError, match="read only"):
        ask(make_bench(PeblarCharger, read_only=True), set_limit(6000))


def test_peblar_is_told_that_it_asks_too_often(make_bench):
    bench = make_bench(PeblarCharger, requests_s=0)
    fails = PeblarApi.request.retry_with(stop=lambda state: True)  # it would try three times

    async def run():
        async with PeblarApi(host="127.0.0.1", token="test-token") as client:
            client.url = URL(f"http://{bench.address}{BASE}")
            await fails(client, URL("evinterface"))

    with pytest.raises(PeblarRateLimitError, match="Too many requests"):
        asyncio.run(run())


def with_vendors_client(bench, *calls, token="test-token"):
    async def run():
        settings = Configuration(host=f"http://{bench.address}{BASE.rstrip('/')}")
        settings.api_key["ApiToken"] = token
        async with ApiClient(settings) as client:
            return [await call(client) for call in calls]

    return asyncio.run(run())


def test_the_vendors_client_reads_all(bench):
    bench.charge()
    state, meter, system, health = with_vendors_client(
        bench,
        lambda client: EVInterfaceApi(client).evinterface_get(),
        lambda client: MeterApi(client).meter_get(),
        lambda client: SystemApi(client).system_get(),
        lambda client: HealthApi(client).health_get(),
    )
    assert (state.cp_state, state.charge_current_limit_actual) == ("State C", 16_000)
    assert (meter.current_phase1, meter.power_total > 11_000) == (16_000, True)
    assert (system.phase_count, health.access_mode) == (3, "ReadWrite")


def test_the_vendors_client_sets_a_limit_or_is_refused(make_bench):
    def patch(client):
        request = EvinterfacePatchRequest(ChargeCurrentLimit=6001)
        return EVInterfaceApi(client).evinterface_patch(request)

    bench = make_bench(PeblarCharger)
    (state,) = with_vendors_client(bench, patch)
    assert (state.charge_current_limit_actual, bench.charger.offered_ma) == (6001, 6001)
    with pytest.raises(ApiException, match="401"):
        with_vendors_client(bench, patch, token="wrong")
    with pytest.raises(ApiException, match="403"):
        with_vendors_client(make_bench(PeblarCharger, read_only=True), patch)


def test_the_vendors_client_reads_health_without_a_token(bench):
    (health,) = with_vendors_client(
        bench, lambda client: HealthApi(client).health_get(), token="wrong"
    )
    assert health.api_version == "1.0"
