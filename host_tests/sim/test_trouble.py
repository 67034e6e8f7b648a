"""The script in which every brand of a site misbehaves."""

from types import SimpleNamespace

from amprail_tools.sim.brands import EIGHT
from amprail_tools.sim.trouble import trouble

DONE = ["reboot", "ignore True", "ignore False", "disappear", "appear"]


class Noted:
    """A charger that notes what happens to it."""

    def __init__(self):
        self.happened = []

    def reboot(self):
        self.happened.append("reboot")

    def ignore_writes(self, ignore):
        self.happened.append(f"ignore {ignore}")

    def disappear(self):
        self.happened.append("disappear")

    def appear(self):
        self.happened.append("appear")


def test_every_brand_reboots_lies_and_is_gone_once_and_all_is_well_again_within_5_minutes():
    brands = [*EIGHT, *EIGHT]
    site = SimpleNamespace(
        brands=brands,
        chargers=[Noted() for _ in brands],
        cars=[SimpleNamespace(plugged=place != 3) for place in range(len(brands))],
        say=lambda text: None,
    )
    switched = []
    times = []
    for at_s, happen in trouble(site, lambda _site, load, on: switched.append(on)):
        times.append(at_s)
        happen()
    assert times == sorted(times) and 60 <= times[0] and times[-1] < 280
    for brand in EIGHT:
        happened = [
            event
            for name, charger in zip(brands, site.chargers, strict=True)
            if name == brand
            for event in charger.happened
        ]
        assert sorted(happened) == sorted(DONE), brand
    assert switched == [True, False] * len(EIGHT)
    assert not site.chargers[3].happened  # nobody would notice: there is no car
