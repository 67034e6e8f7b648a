"""Simulated sites and chargers that are read and driven by programs that nobody here wrote."""

import pytest
from amprail_tools.sim.loop_thread import LoopThread
from amprail_tools.sim.site import Site
from charger_bench import Bench

HOUSE_MA = [7500, -8250, 9120]


@pytest.fixture
def site_with():
    """`site_with(type=..., baud=...)`: a site with this meter, without noise, at HOUSE_MA."""
    made = []

    def make(**meter):
        site = Site(chargers=1, noise_a=0, meter=meter)
        made.append(site)
        site.house.set(HOUSE_MA)
        site.meter.refresh()
        return site

    yield make
    for site in made:
        site.stop()


@pytest.fixture
def bench_of():
    """bench_of(charger class, **kind): a Bench that is closed at the end."""
    thread = LoopThread("chargers")
    benches = []

    def make(charger, **kind):
        benches.append(Bench(thread, charger, **kind))
        return benches[-1]

    yield make
    for bench in benches:
        bench.close()
    thread.stop()
