"""The simulated WARP's login, against the Digest of two HTTP clients that nobody here wrote.

There is a client of WARP chargers (warp-charger), but for Python 3.13 and later.
"""

import asyncio

import aiohttp
import pytest
import requests
from amprail_tools.sim.charger_warp import WarpCharger
from requests.auth import HTTPDigestAuth

CURRENT = "evse/external_current"


@pytest.fixture
def bench(make_bench):
    return make_bench(WarpCharger, user="me", password="test-only")


def test_requests_logs_in_and_writes(bench):
    url, login = f"http://{bench.address}/{CURRENT}", HTTPDigestAuth("me", "test-only")
    assert requests.put(url, json={"current": 9000}, auth=login, timeout=2).status_code == 200
    assert bench.charger.told_ma == 9000
    bench.step()
    assert requests.get(url, auth=login, timeout=2).json() == {"current": 9000}


def test_requests_with_a_wrong_password_stays_out(bench):
    url, login = f"http://{bench.address}/{CURRENT}", HTTPDigestAuth("me", "wrong")
    assert requests.put(url, data="9000", auth=login, timeout=2).status_code == 401
    assert bench.charger.told_ma == 32000


def test_aiohttp_logs_in_and_goes_on_with_its_nonce(bench):
    async def steps():
        login = aiohttp.DigestAuthMiddleware("me", "test-only")
        async with aiohttp.ClientSession(middlewares=(login,)) as session:
            for ma in (8000, 7000, 6000):
                answer = await session.put(f"http://{bench.address}/{CURRENT}", data=str(ma))
                assert answer.status == 200

    asyncio.run(steps())
    assert bench.charger.told_ma == 6000
    assert bench.charger.server.requests == 4  # one challenge for all of them
