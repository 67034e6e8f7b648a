"""Chargers are found by harmless questions, over real sockets."""

import asyncio
import json
import subprocess
import sys

import micropython  # noqa: F401  what MicroPython's asyncio and time have
import pytest
from amprail_tools import ROOT
from amprail_tools.sim.brands import BRANDS
from chargers.finder import identify, search
from net.http_client import Client

DRIVERS = {brand: brand for brand in BRANDS}
DRIVERS |= {"goe_pro": "goe", "evse_wifi": "generic", "smartwb": "generic", "trydan": "generic"}


def heard(bench):
    """From now on the (method, path) of whatever the charger is asked."""
    asked = []
    handle = bench.charger.server.handle

    def listening(request):
        asked.append((request.method, request.path))
        return handle(request)

    bench.charger.server.handle = listening
    return asked


def ask(bench):
    port = bench.charger.server.port
    return asyncio.run(identify(Client(2560), "127.0.0.1", port))


@pytest.mark.parametrize("brand", BRANDS)
def test_every_brand_is_known_by_its_answers(make_bench, brand):
    bench = make_bench(BRANDS[brand])
    bench.step()
    asked = heard(bench)
    found = ask(bench)
    assert found and found.driver == DRIVERS[brand], found and found.driver
    assert not found.locked
    assert {method for method, _ in asked} == {"GET"}
    assert bench.charger.writes == type(bench.charger.writes)()


def test_a_warp_is_asked_for_nothing_but_its_name(make_bench):
    bench = make_bench(BRANDS["warp"])
    asked = heard(bench)
    assert ask(bench).driver == "warp"
    assert asked == [("GET", "/info/name")]
    assert bench.charger.reboots == 0


def test_where_nobody_listens_nothing_is_found(make_bench):
    bench = make_bench(BRANDS["warp"])
    bench.thread.call(bench.charger.server.close)
    assert ask(bench) is None


def test_a_search_tells_its_progress_and_ends_when_it_is_cancelled(make_bench):
    bench = make_bench(BRANDS["lektrico"])
    found, done = [], []
    hosts = [f"127.0.0.{number}" for number in range(1, 10)]
    port = bench.charger.server.port
    asyncio.run(search(hosts, port, found.append, done.append, 3))
    assert done == list(range(1, 10))
    assert [(one.host, one.driver) for one in found] == [("127.0.0.1", "lektrico")]

    async def cancelled():
        task = asyncio.create_task(search(hosts * 100, port, found.append, done.append, 3))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(cancelled())
    assert len(done) < 300


def test_the_command_prints_a_line_for_chargers_jsonl(make_bench):
    bench = make_bench(BRANDS["goe"])
    bench.step()
    port = str(bench.charger.server.port)
    command = [sys.executable, str(ROOT / "tools" / "amprail"), "chargers", "127.0.0.0/29"]
    done = subprocess.run(
        [*command, "--port", port], capture_output=True, text=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    line = json.loads(done.stdout)
    assert line["driver"] == "goe" and line["url"] == f"http://127.0.0.1:{port}"
    assert "6 addresses" in done.stderr


@pytest.mark.parametrize("network", ["10.0.0.0/8", "here", "::1"])
def test_a_wrong_network_is_named(network):
    command = [sys.executable, str(ROOT / "tools" / "amprail"), "chargers", network]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 2 and repr(network) in done.stderr
