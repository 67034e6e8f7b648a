"""What an installer would have set up at a simulated site: its settings, wiring and cars."""

from .car import Car
from .house import LOADS, House

# How the chargers are connected and how many phases their cars have, over and over: the load is
# spread by turning the phases, as an electrician does, and some have one phase only.
PHASES = ("123", "231", "312", "123", "2", "231", "312", "3")
CAR_PHASES = (3, 3, 1, 2, 1, 3, 3, 1)
# A connection at which the cars have to share, by the number of chargers (up to, mA). Up to 32
# chargers the minimums fit beside any one load of the house; beyond, some have to wait. With the
# largest consumer at half of it the target is 90 % of it: a car without a meter that draws less
# than it may can be found out only while there is room between the two.
LIMITS = ((2, 35_000), (4, 50_000), (8, 80_000), (16, 125_000), (32, 200_000), (64, 250_000))


def settings(chargers, baud, limit_ma=None, largest_consumer_ma=None, meter=None, **others):
    """The content of site.json; None: chosen by the number of chargers."""
    limit_ma = limit_ma or next(ma for most, ma in LIMITS if chargers <= most)
    line = {"type": "eastron_sdm630", "address": 1, "baud": baud, "parity": "N", "stop": 1}
    return {
        "name": "simulated site",
        "limit_ma": limit_ma,
        "largest_consumer_ma": largest_consumer_ma or max(16_000, limit_ma // 2),
        "margin_pct": 0,
        "surge_pct": 140,
        "supply_ma": limit_ma,
        "meter": line | (meter or {}),
    } | others


def target_ma(site: dict) -> int:
    """What the cars may bring the connection to; the design's formula."""
    surge_ma = site["limit_ma"] * site["surge_pct"] // 100
    target = min(surge_ma - site["largest_consumer_ma"], site["limit_ma"])
    return target * (100 - site["margin_pct"]) // 100


def character_bits(meter: dict) -> int:
    """Bits of a character on the wire: start, 8, parity, stop."""
    return 9 + (meter["parity"] != "N") + meter["stop"]


def house(site: dict) -> House:
    """A house whose flow heater is a bit smaller than the largest consumer in the settings."""
    flow_heater_ma = min(32_000, site["largest_consumer_ma"] * 8 // 10)
    return House(loads=LOADS | {"flow heater": (flow_heater_ma,) * 3})


def car(random, phases: int, lag_s) -> Car:
    """One of those on the road: lag_s = (shortest, longest)."""
    return Car(
        phases,
        lag_s=round(random.uniform(*lag_s), 2),
        ramp_ma_s=random.choice((2000, 4000, 8000)),
        below_ma=random.randrange(100, 501, 50),
    )
