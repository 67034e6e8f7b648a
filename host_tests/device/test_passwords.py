"""The whole firmware and chargers that ask for HTTP Digest."""

import json
from functools import partial

from amprail_tools.sim.brands import BRANDS
from amprail_tools.sim.charger_warp import WarpCharger
from device.conftest import codes

SITE = {"limit_ma": 63000, "largest_consumer_ma": 32000, "supply_ma": 63000, "lag_s": (1, 2)}
LOCKED = partial(WarpCharger, user="owner", password="test-only")
REFUSED = "charger 2 is lost: user, password or token are refused (401)"


def with_a_wrong_password(data_dir):
    path = data_dir / "chargers.jsonl"
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    lines[1]["password"] = "test-only-wrong"
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_a_password_opens_a_charger_and_a_wrong_one_is_said_to_be_so(device, monkeypatch):
    monkeypatch.setitem(BRANDS, "locked", LOCKED)
    one = device(
        data=with_a_wrong_password, chargers=2, brands=("locked",), defaults_ma=6000, **SITE
    )
    one.site.house.set([8000] * 3)
    one.wait_for_cars(1)
    one.wait_for(lambda _: one.told_ma()[0] > 6000, 20, "it is told what it may")
    status = one.wait_for(
        lambda _: any(REFUSED in line for line in tuple(one.firmware.lines)), 14, "it is logged"
    )
    assert [row["state"] for row in status["chargers"]] == ["C", "?"]
    assert codes(status)[1] == "unreachable"
    assert max(status["chargers"][1]["booked_ma"]) == 6000
    assert one.site.chargers[1].setpoints == 0
    assert not any("test-only" in line for line in one.firmware.lines)
