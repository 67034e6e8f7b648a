"""The simulated go-eCharger, driven by two clients that nobody here wrote."""

from datetime import timedelta
from urllib.error import HTTPError

import pytest
from amprail_tools.sim.charger_goe import GoeCharger
from goe.json_client import LocalJsonClient
from goechargerv2.goecharger import GoeChargerApi


@pytest.fixture
def bench(make_bench):
    bench = make_bench(GoeCharger)
    bench.charge()
    return bench


def test_goe_reads_what_it_filters_for_and_everything(bench):
    client = LocalJsonClient(bench.address)
    keys = ["car", "amp", "nrg", "frc"]
    read = client.query(keys, timedelta(seconds=2))
    assert list(read) == keys
    assert (read["car"], read["amp"], read["frc"]) == (2, 16, 0)
    assert read["nrg"][4:7] == [16, 16, 16]
    assert len(client.query()) > 150


def test_goe_meets_the_400_of_a_pro(make_bench):
    client = LocalJsonClient(make_bench(GoeCharger, model="PRO").address)
    assert client.query(["amp"]) == {"amp": 16}
    with pytest.raises(HTTPError, match="400"):
        client.query(["amp", "cbl"])


def test_goechargerv2_reads_sets_and_pauses(bench):
    client = GoeChargerApi(f"http://{bench.address}", "token", wait=True)
    status = client.request_status()
    assert status["car_status"] == "Car is charging"
    assert status["charger_max_current"] == 16
    assert status["charger_force_charging"] == "neutral"
    client.set_max_current(11)
    assert bench.charger.told_ma == 11000
    client.set_force_charging(False)
    assert bench.charger.told_ma == 0
    bench.step(2)
    assert bench.charger.grid_ma == [0, 0, 0]
    assert client.request_status()["charger_force_charging"] == "off"
