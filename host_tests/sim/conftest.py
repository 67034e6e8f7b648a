"""A thread with an event loop for what lives in one, and chargers in it."""

import pytest
from amprail_tools.sim.loop_thread import LoopThread
from charger_bench import Bench


@pytest.fixture
def thread():
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
