"""The whole firmware, three good chargers and many that have turned hostile, each in its way."""

import re
import socket
import time

from amprail_tools.options import HEAP_OF_MANY_BRANDS_KB
from device.conftest import SLACK_S, codes
from hostile import ALL, Hostile

GOOD = 3
SITE = {"limit_ma": 250000, "largest_consumer_ma": 125000, "supply_ma": 250000, "lag_s": (1, 2)}
HOUSE = [8000, 8000, 8000]

# A heap is in use up to somewhere below its size when it is looked at: the best of these.
LOOKS = 20
NOISE_BYTES = 2000


def free_bytes(device):
    free = []
    for _ in range(LOOKS):
        free.append(device.status()["heap"]["free"])
        time.sleep(0.1)
    return max(free)


def said(device):
    """The chargers of which a reason is in the log."""
    lines = [re.search(r" charger (\d+) is lost: .{9,}", x) for x in tuple(device.firmware.lines)]
    return {int(found[1]) for found in lines if found}


# Of the 10: a listener, 3 web clients, 4 requests to chargers.
MOST_SOCKETS = 8


def most_sockets(device, seconds):
    """While more web clients than it serves want something, too."""
    clients = [socket.create_connection(("127.0.0.1", device.firmware.port)) for _ in range(6)]
    most, end = 0, time.monotonic() + seconds
    while time.monotonic() < end:
        most = max(most, device.sockets())
        time.sleep(0.002)
    for client in clients:
        client.close()
    while True:
        try:
            device.status()
            return most
        except (OSError, ValueError):
            assert time.monotonic() < end + 10, "the page does not come back"
            time.sleep(0.05)


def test_hostile_chargers_are_said_to_be_so_reserved_for_and_taken_back(device):
    brands = ("warp", "goe", "openevse")
    many = {"chargers": GOOD + len(ALL), "brands": brands, "defaults_ma": 6000}
    one = device(heap_kb=HEAP_OF_MANY_BRANDS_KB, **many, **SITE)
    one.site.house.set(HOUSE)
    one.wait_for(lambda s: all(c["state"] == "A" for c in s["chargers"]), 20, "all are read")
    one.wait_for_cars(GOOD)
    told = one.told_ma()[:GOOD]
    bad = one.site.chargers[GOOD:]
    hostile = [Hostile(charger, way, one.site.call) for charger, way in zip(bad, ALL, strict=True)]
    for each in hostile:
        each.begin()
    status = one.wait_for(
        lambda s: [c["state"] for c in s["chargers"][GOOD:]] == ["?"] * len(ALL),
        60,
        "all of the hostile ones are known",
    )
    assert set(codes(status)[GOOD:]) == {"unreachable"}
    for charger, row in zip(bad, status["chargers"][GOOD:], strict=True):
        assert max(row["booked_ma"]) >= charger.fallback_ma
    bad_ids = set(range(GOOD + 1, GOOD + len(ALL) + 1))
    one.wait_for(lambda _: said(one) == bad_ids, 30, "and why is logged of each")
    assert 3 < most_sockets(one, 3) <= MOST_SOCKETS
    free = free_bytes(one)
    asked = [each.requests for each in hostile]
    one.wait_for(
        lambda _: all(each.requests > n for each, n in zip(hostile, asked, strict=True)),
        60,
        "all go on being tried",
    )
    assert free_bytes(one) > free - NOISE_BYTES
    assert [c["state"] for c in one.status()["chargers"][:GOOD]] == ["C"] * GOOD
    one.site.house.set([150000] * 3)
    one.wait_for(
        lambda _: all(new < old for new, old in zip(one.told_ma(), told, strict=False)),
        4 + SLACK_S,
        "the good ones are cut",
    )
    for each in hostile:
        each.end()
    status = one.wait_for(
        lambda s: all(c["state"] != "?" for c in s["chargers"]), 60, "all are taken back"
    )
    assert status["restarts"] == 0
    assert one.site.record.seconds_beyond_reaction == 0
