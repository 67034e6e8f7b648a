"""Random sites and what happens there, drawn by hypothesis so that a failure shrinks."""

from hypothesis import strategies as st

# Hypothesis shrinks towards the first of each list: the plainest.
LIMITS = (63000, 35000, 25000, 100000)
CONSUMERS = (16000, 25000, 0)  # 0: as large as the limit
SUPPLIES = (0, 32000, 20000)  # 0: as large as the limit
WITHOUT = (0, 13000, 20000, 6000)
STARTS_MS = (0, (1 << 30) - 30_000, (1 << 29) - 20_000, (1 << 30) - 100_000)
PHASES = ("123", "123", "1", "231", "312", "2", "3", "?")
FALLBACKS = (6000, None, 0, 10000)

# How long the world goes on after an event, in steps.
WAITS = (1, 4, 8, 12, 20, 40, 2, 4, 8, 12, 20, 24, 1, 12, 40, 160)

KINDS = (
    "house",
    "house",
    "house",
    "house",
    "house",
    "plug",
    "plug",
    "replace",
    "appetite",
    "dead",
    "slow",
    "ignores",
    "overdraws",
    "reboot",
    "error",
    "lost",
    "wild",
    "late",
    "frozen",
    "settings",
    "restart",
    "stall",
)

_SITES = st.fixed_dictionaries(
    {
        "limit_ma": st.sampled_from(LIMITS),
        "largest": st.sampled_from(CONSUMERS),
        "surge_pct": st.sampled_from((140, 100, 145)),
        "margin_pct": st.sampled_from((0, 0, 10)),
        "supply": st.sampled_from(SUPPLIES),
        "without_meter_ma": st.sampled_from(WITHOUT),
        "lost_after_s": st.sampled_from((10, 3, 30)),
        "pv": st.booleans(),
        "static": st.sampled_from((False,) * 7 + (True,)),
        "bad_line": st.sampled_from((False,) * 7 + (True,)),
        "start_ms": st.sampled_from(STARTS_MS),
        "seed": st.integers(0, 99),
    }
)
_CHARGERS = st.fixed_dictionaries(
    {
        "phases": st.sampled_from(PHASES),
        "max_ma": st.sampled_from((16000, 32000)),
        "min_ma": st.sampled_from((None, None, 8000)),
        "fallback_ma": st.sampled_from(FALLBACKS),
        "priority": st.sampled_from((0, 0, 1)),
        "weight": st.sampled_from((1, 1, 3)),
        "metered": st.booleans(),
        "grain_ma": st.sampled_from((1, 1000)),
        "car": st.sampled_from((True, True, False)),
        "boots": st.booleans(),
    }
)


def plans(kinds=KINDS):
    """Site, chargers, steps before the first event, events; None is no event, so that there are
    many at first and few once a failure has shrunk."""
    event = st.tuples(
        st.sampled_from(kinds), st.integers(0, 5), st.integers(0, 255), st.sampled_from(WAITS)
    )
    return st.tuples(
        _SITES,
        st.lists(_CHARGERS, min_size=2, max_size=6),
        st.sampled_from((160, 40, 4, 320)),
        st.lists(st.one_of(st.none(), *[event] * 7), min_size=20, max_size=40),
    )
