"""Which chargers can be simulated, by brand."""

from .charger_warp import WarpCharger

BRANDS = {"warp": WarpCharger}
# What a site has if nobody says anything.
MIX = ("warp",)
