# Who comes on by its turn is no guest any more, and has not made way.

from balance.rows import GUEST
from core import B
from turns import ROTATION_S, on, queue, served, wait


def test_who_was_a_guest_and_is_on_by_its_turn_has_a_whole_rotation():
    site = queue(1, {"phases": "1"}, {})
    wait(site, ROTATION_S - 30)
    guest = site.add(B, phases="2")
    served(site, guest, 1000)
    wait(site, ROTATION_S + 70)
    assert on(site) == [0, guest]
    assert not site.rows.session[guest] & GUEST
    wait(site, ROTATION_S - 60)
    assert on(site) == [0, guest]


def test_who_made_way_and_is_on_by_its_turn_is_paused_like_others():
    site = queue(1, {}, {})
    wait(site, 2 * ROTATION_S + 20)
    assert on(site) == [0]
    pause_s = site.cycle.sessions.pause_s
    assert [pause_s(0), pause_s(0)] == [60, 120]
