"""Simulated sites and chargers that are read and driven by programs that nobody here wrote."""

import pytest
from amprail_tools.sim.site import Site
from charger_bench import make_bench, thread

__all__ = ["make_bench", "site_with", "thread"]

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


@pytest.fixture(autouse=True)
def without_proxy(monkeypatch):
    """Clients that look for a proxy in the environment do without."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
