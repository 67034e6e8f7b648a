"""Which chargers can be simulated, by brand."""

from functools import partial

from .charger_goe import GoeCharger
from .charger_nrgkick import NrgkickCharger
from .charger_openevse import OpenevseCharger
from .charger_smartevse import SmartevseCharger
from .charger_warp import WarpCharger

BRANDS = {
    "warp": WarpCharger,
    "goe": GoeCharger,
    "goe_pro": partial(GoeCharger, model="PRO"),
    "openevse": OpenevseCharger,
    "smartevse": SmartevseCharger,
    "nrgkick": NrgkickCharger,
}
# What a site has if nobody says anything.
MIX = ("warp",)
