"""The reasons of the deciding core as it packs them for the device, and what has words."""

from amprail_tools.page_words import needed
from balance import reasons

CODES = [tuple(code.split()) for code in reasons.CODES.split("|")]
NEEDED = needed()
