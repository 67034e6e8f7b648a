"""Simulated chargers for tests: their time goes by when told to; HTTP to them is real."""

import http.client
import json
from functools import partial

import pytest
from amprail_tools.sim.car import Car
from amprail_tools.sim.loop_thread import LoopThread


@pytest.fixture
def thread():
    """A thread with an event loop for what lives in one."""
    thread = LoopThread("test")
    yield thread
    thread.stop()


@pytest.fixture
def make_bench(thread):
    """make_bench(charger class, **kind): a Bench that is closed at the end."""
    benches = []

    def make(charger, **kind):
        benches.append(Bench(thread, charger, **kind))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()


@pytest.fixture
def make(request, make_bench):
    """make(**kind): a Bench with the module's CHARGER."""
    return partial(make_bench, request.module.CHARGER)


@pytest.fixture
def bench(make):
    return make()


class Bench:
    """A charger; kind: keywords of its constructor. The car follows at once and fully."""

    def __init__(self, thread, make, **kind):
        self.thread = thread
        self.car = Car(lag_s=0, ramp_ma_s=100_000, below_ma=0)
        self.charger = make(self.car, **{"latency_s": 0.0} | kind)
        thread.call(self.charger.start, thread.call)

    @property
    def address(self) -> str:
        return f"127.0.0.1:{self.charger.server.port}"

    def step(self, seconds=1.0):
        """In the charger's own thread, as there may be clients."""
        self.thread.call(self._step, seconds)

    def _step(self, seconds):
        for _ in range(round(seconds * 20)):
            self.charger.step(0.05)

    def charge(self, seconds=3.0):
        """A car comes and charges."""
        self.car.plug_in()
        self.step(seconds)

    def ask(self, method, path, body=None, headers=(), timeout_s=2):
        """(status, body, headers) of one request."""
        port = self.charger.server.port
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=timeout_s)
        try:
            connection.request(method, path, body, dict(headers))
            response = connection.getresponse()
            return response.status, response.read(), response.headers
        finally:
            connection.close()

    def get(self, path, headers=()):
        """The JSON of a GET that is answered 200."""
        return self.json("GET", path, headers=headers)[1]

    def json(self, method, path, value=None, headers=()):
        """(status, JSON of the answer); value is sent as JSON."""
        body = None if value is None else json.dumps(value)
        status, body, headers = self.ask(method, path, body, headers)
        assert headers["Content-Type"] == "application/json", body
        if method == "GET":
            assert status == 200, body
        return status, json.loads(body)

    def close(self):
        self.thread.call(self.charger.server.close)


def same_shape(answer, sample, path="") -> None:
    """The same keys in the same order with the same types; int for float and null for a number
    pass, and in a list each element is like the sample's at its place.
    """
    if isinstance(sample, dict):
        assert isinstance(answer, dict), path
        assert list(answer) == list(sample), path
        for key, value in sample.items():
            same_shape(answer[key], value, f"{path}.{key}")
    elif isinstance(sample, list):
        assert isinstance(answer, list) and len(answer) == len(sample), path
        for one, other in zip(answer, sample, strict=True):
            same_shape(one, other, path)
    elif isinstance(sample, bool) or isinstance(sample, str):
        assert type(answer) is type(sample), f"{path}: {answer!r} for {sample!r}"
    else:
        number = answer is None or (isinstance(answer, int | float) and type(answer) is not bool)
        assert number, f"{path}: {answer!r} for {sample!r}"
