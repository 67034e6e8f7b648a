"""Every driver and the HTTP client it is used with, at a charger that has turned hostile."""

import asyncio
import time

import pytest
from amprail_tools.sim.brands import BRANDS
from chargers.answer import NO_STATE, Answer
from chargers.fields import squeeze
from chargers.secrets import token
from hostile import ALL, Hostile
from net.http_client import Client, HttpError
from settings.schema import check_charger

WITHIN_MS = 250


def driver_of(line):
    module = __import__(f"chargers.{line['driver']}", fromlist=["x"])
    return module.driver(line) if hasattr(module, "driver") else module


def states(driver):
    """The requests whose answers the manager relies on."""
    notes = bytearray(8)
    asked = [driver.confirm(notes), driver.confirm(notes)]
    return list(dict.fromkeys(asked)), bytearray(8)


async def ask(driver, request, port, notes, headers):
    """None for an answer that says a state or a current, else the error."""
    client, answer = Client(1024, squeeze), Answer()
    method, path, body = request
    try:
        status = await client.request(
            "127.0.0.1", port, method, path, body, headers, WITHIN_MS, driver.KEEP
        )
        driver.read(request, status, client.body, answer, notes)
    except (HttpError, ValueError) as error:
        return error
    finally:
        assert client.socket is None
    return None if answer.state != NO_STATE or answer.allowed_ma >= 0 else "says nothing"


@pytest.mark.parametrize("brand", BRANDS)
def test_a_hostile_charger_is_an_error_in_words_and_well_again_when_it_is(make_bench, brand):
    bench = make_bench(BRANDS[brand])
    charger = bench.charger
    line = check_charger(charger.line(1))
    driver = driver_of(line)
    secret = token(line) if driver.AUTH == "token" else None
    headers = secret.header("GET", "/") if secret else b""
    port = charger.server.port
    bench.charge()
    requests, notes = states(driver)
    for way in ALL:
        hostile = Hostile(charger, way, bench.thread.call)
        hostile.begin()
        for request in requests:
            began = time.monotonic()
            error = asyncio.run(ask(driver, request, port, notes, headers))
            if error is None and (brand, way) == ("nrgkick", "null"):
                continue  # its state is a word, and currents that are null are none
            assert error is not None, (way, request)
            assert len(str(error)) > 15, (way, request)
            assert time.monotonic() - began < 3
        hostile.end()
    for request in requests:
        assert asyncio.run(ask(driver, request, port, notes, headers)) is None
