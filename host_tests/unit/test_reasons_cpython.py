"""Every reason has a test of its own."""

import test_reasons
from balance.reasons import CODES


def test_every_code_is_tested():
    test_reasons.seen.clear()
    for name in dir(test_reasons):
        if name.startswith("test_"):
            getattr(test_reasons, name)()
    assert sorted(test_reasons.seen) == sorted(code.split()[0] for code in CODES.split("|"))
