"""The reasons and warnings of the deciding core, as it packs them for the device."""

from amprail_tools.page import STANDING
from balance import reasons

CODES = [tuple(code.split()) for code in reasons.CODES.split("|")]
NAMES = tuple(code[0] for code in CODES)
WARNINGS = STANDING
