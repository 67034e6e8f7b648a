"""The simulated Lektrico, driven by lektricowifi, the vendor's own client."""

import asyncio

import pytest
from amprail_tools.sim.charger_lektrico import LektricoCharger
from lektricowifi import Device, DeviceConnectionError


def ask(bench, *calls):
    async def run():
        async with Device(bench.address) as device:
            return [await call(device) for call in calls]

    return asyncio.run(run())


def info(device):
    return device.device_info(Device.TYPE_3P22K)


@pytest.fixture
def bench(make_bench):
    return make_bench(LektricoCharger)


def test_it_knows_the_model(make_bench):
    for phases, model in (("123", "3p22k"), ("2", "1p7k")):
        bench = make_bench(LektricoCharger, phases=phases, uid="S07")
        (config,) = ask(bench, lambda device: device.device_config())
        assert config == {"type": model, "serial_number": 500007, "board_revision": "B"}


def test_it_sets_a_current_and_reads_all_back(bench):
    bench.charge()
    answer, state = ask(bench, lambda device: device.set_dynamic_current(10), info)
    assert answer["result"] is True
    assert (state["dynamic_current"], state["current_limit_reason"]) == (10, "dynamic_limit")
    bench.step(2)
    (state,) = ask(bench, info)
    assert [state[f"current_l{n}"] for n in (1, 2, 3)] == [10, 10, 10]
    assert state["charger_state"] == "charging"


def test_a_current_that_may_not_be_is_an_error_in_the_answer(bench):
    (answer,) = ask(bench, lambda device: device.set_dynamic_current(3))
    assert "error" in answer and "result" not in answer
    assert bench.charger.offered_ma == 16_000


def test_it_reads_every_state(make_bench):
    bench = make_bench(LektricoCharger, headless=False)

    def state():
        bench.step(3)
        (state,) = ask(bench, info)
        return state["charger_state"], state["rcd_error"]

    assert state() == ("available", False)
    bench.car.plug_in()
    assert state() == ("need_auth", False)
    ask(bench, lambda device: device.send_charge_start())
    assert state() == ("charging", False)
    ask(bench, lambda device: device.set_dynamic_current(0))
    assert state() == ("paused", False)
    ask(bench, lambda device: device.set_charger_locked(True))
    assert state() == ("locked", False)
    bench.charger.break_down(True)
    assert state() == ("error", True)


def test_it_stops_starts_and_stores(bench):
    bench.charge()
    ask(bench, lambda device: device.send_charge_stop())
    assert bench.charger.offered_ma == 0
    ask(bench, lambda device: device.send_charge_start())
    assert bench.charger.offered_ma == 16_000
    _, state = ask(bench, lambda device: device.set_user_current(9), info)
    assert (state["user_current"], state["current_limit_reason"]) == (9, "user_limit")
    assert (bench.charger.offered_ma, bench.charger.flash_writes) == (9000, 1)


def test_it_forces_one_phase(bench):
    bench.charge()
    _, state = ask(bench, lambda device: device.set_relay_mode(8, 1), info)
    bench.step(2)
    assert state["relay_mode"] == 1
    assert bench.charger.grid_ma == [8000, 0, 0]


def test_gone_it_is_not_reached(bench):
    bench.charger.disappear()
    with pytest.raises(DeviceConnectionError):
        ask(bench, info)
