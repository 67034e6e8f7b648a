"""Which chargers can be simulated, by brand."""

from functools import partial

from .charger_evse_wifi import EvseWifiCharger
from .charger_goe import GoeCharger
from .charger_lektrico import LektricoCharger
from .charger_nrgkick import NrgkickCharger
from .charger_openevse import OpenevseCharger
from .charger_openwb_pro import OpenWbProCharger
from .charger_peblar import PeblarCharger
from .charger_smartevse import SmartevseCharger
from .charger_trydan import TrydanCharger
from .charger_warp import WarpCharger

BRANDS = {
    "warp": WarpCharger,
    "goe": GoeCharger,
    "goe_pro": partial(GoeCharger, model="PRO"),
    "openevse": OpenevseCharger,
    "smartevse": SmartevseCharger,
    "nrgkick": NrgkickCharger,
    "openwb_pro": OpenWbProCharger,
    "peblar": PeblarCharger,
    "lektrico": LektricoCharger,
    "evse_wifi": EvseWifiCharger,
    "smartwb": partial(EvseWifiCharger, hires=True),
    "trydan": TrydanCharger,
}
# Eight brands in turn.
EIGHT = ("warp", "goe", "openevse", "smartevse", "nrgkick", "openwb_pro", "peblar", "lektrico")
# What a site has if nobody says anything.
MIX = ("warp",)
