from allocation import Lone
from balance.rows import DRAW_FRESH_MS, METERED
from core import A, B, C, D, E, F, Site


def static(budget_ma, chargers):
    """What chargers get of a static budget, once all is settled."""
    site = Site(meter=None, limit_ma=budget_ma, supply_ma=budget_ma)
    for changes in chargers:
        site.add(B, **changes)
    site.seconds(40)
    return site.set_ma()


def test_two_share_and_who_needs_less_leaves_the_rest():
    assert static(32000, [{"max_ma": 32000}, {"max_ma": 8000}]) == [24000, 8000]
    assert static(32000, [{}, {}]) == [16000, 16000]
    assert static(26000, [{}, {}]) == [13000, 13000]


def test_a_larger_weight_gets_more():
    assert static(30000, [{"weight": 2, "max_ma": 32000}, {"max_ma": 32000}]) == [20000, 10000]


def test_the_milliamperes_left_over_are_handed_out():
    assert sum(static(20000, [{}, {}, {}])) == 20000


def test_a_weight_that_does_not_divide_the_maximum_leaves_nothing_of_it():
    assert static(32000, [{"weight": 3, "max_ma": 16000}]) == [16000]


def test_phases_are_true():
    one_phase = [{"phases": "1"}, {"phases": "2"}, {"phases": "3"}]
    assert static(20000, one_phase) == [16000] * 3
    assert static(20000, [{"phases": "1"}, {"phases": "1"}, {"phases": "2"}]) == [
        10000,
        10000,
        16000,
    ]
    mixed = [{"phases": "123"}, {"phases": "1"}, {"phases": "2", "max_ma": 32000}]
    assert static(20000, mixed) == [10000, 10000, 10000]


def test_zero_or_at_least_the_minimum_and_the_others_go_on():
    got = sorted(static(20000, [{}, {}, {}, {}]))
    assert got[0] == 0 and got[1] >= 6666 and sum(got) == 20000
    assert static(5999, [{}]) == [0]
    assert static(6000, [{}]) == [6000]
    assert static(10000, [{"min_ma": 8000}, {"min_ma": 8000}]).count(0) == 1


def test_a_one_phase_charger_uses_the_phase_that_is_free():
    assert static(9000, [{}, {"phases": "1"}, {"phases": "3"}]).count(0) >= 1
    assert static(12000, [{"phases": "12"}, {"phases": "3"}]) == [12000, 12000]


def test_priority_gets_the_free_place():
    assert static(13000, [{}, {}, {"priority": 5}])[2] > 0


def test_priority_is_paused_last():
    site = Site(meter=None, limit_ma=32000, supply_ma=18000)
    for priority in (0, 5, -5):
        site.add(B, priority=priority)
    site.seconds(30)
    assert min(site.set_ma()) == 6000
    site.cycle.apply(dict(site.settings, supply_ma=6000))
    site.seconds(15)
    assert site.set_ma() == [0, 6000, 0]


def test_chargers_without_a_car_or_with_an_error_are_told_0():
    site = Site()
    site.add(A, 16000)
    site.add(F, 16000)
    site.add(C, 16000)
    site.seconds(1)
    assert site.set_ma() == [0, 0, 16000]


def test_those_in_b_c_and_d_take_part():
    site = Lone((32000, 32000, 32000))
    for state in (A, B, C, D, E, F):
        site.add(state, max_ma=10000)
    assert site.allocate() == [0, 10000, 10000, 10000, 0, 0]


def test_nothing_changes_if_nothing_changed():
    site = Site(meter=None, limit_ma=40000, supply_ma=40000)
    for phases in ("123", "231", "1", "2", "?", "13"):
        site.add(B, phases=phases)
    site.seconds(60)
    setpoints = site.cycle.setpoints
    site.seconds(120)
    assert site.cycle.setpoints == setpoints


def test_64_chargers_share_and_no_phase_is_above_its_budget():
    site = Site(meter=None, limit_ma=300000, supply_ma=300000)
    maps = ("123", "231", "312", "1", "2", "3", "12", "?")
    for number in range(64):
        site.add(B, phases=maps[number % 8], max_ma=6000 + 500 * (number % 20))
    site.seconds(20)
    for phase in range(3):
        told = 0
        for index in range(64):
            if site.rows.phases[index] >> phase & 1:
                told += site.rows.set_ma[index]
        assert told <= 300000
    assert 0 not in site.set_ma()


# -- a pause --


def test_no_more_are_paused_than_have_to_be_though_a_higher_priority_waits():
    site = Lone((12000, 12000, 12000))
    for _ in range(3):
        site.add(set_ma=6000)
    waiting = site.add(priority=1)
    given = site.allocate()
    assert given[waiting] == 0 and given.count(6000) == 2


def test_a_phase_that_is_short_makes_no_room_on_another():
    site = Lone((6000, 6000, 6000))
    site.add(set_ma=6000, phases="1")
    site.add(set_ma=6000, phases="2", priority=-1)
    site.add(phases="2", priority=1)
    site.limit((5000, 6000, 6000))
    assert site.allocate() == [0, 6000, 0]


def test_the_10_s_until_a_pause_begin_anew_once_it_has_fitted():
    site = Lone((6000, 6000, 6000))
    site.add(set_ma=6000)
    short, enough = [(ma, ma, ma) for ma in (5000, 6000)]
    for room_ma in (short, enough, short):
        site.limit(room_ma, pause_ma=enough)
        assert site.allocate(may_raise=False, elapsed_ms=6000) == [6000]
    assert site.allocate(may_raise=False, elapsed_ms=6000) == [0]


def test_who_is_not_told_yet_goes_before_who_charges_and_was_served_better():
    site = Lone((12000, 12000, 12000))
    charging = site.add(set_ma=6000)
    site.add()
    site.rows.connected_s[charging] = 1000
    site.rows.charge_das[charging] = 90000
    assert site.allocate() == [6000, 6000]
    site.limit((6000, 6000, 6000))
    assert site.allocate() == [6000, 0]


# -- while nothing may be raised --


def test_who_is_told_less_than_its_minimum_waits_until_something_may_be_raised():
    site = Lone((20000, 20000, 20000))
    site.add(set_ma=6000, min_ma=9000)
    assert site.allocate(may_raise=False) == [0]
    assert site.allocate() == [20000]


def test_a_pause_on_one_phase_lets_nobody_come_on_on_another():
    site = Lone((6000, 20000, 20000))
    site.add(set_ma=6000, phases="1", priority=1)
    site.add(set_ma=6000, phases="1")
    site.add(phases="2")
    assert site.allocate(may_raise=False) == [6000, 0, 0]
    assert site.allocate() == [6000, 0, 20000]


# -- a phase whose unmetered chargers go to their minimum --


def squeezed(mask, *cars):
    site = Lone((40000, 40000, 40000))
    for changes in cars:
        site.add(**changes)
    site.allocator.squeezed = mask
    return site


def test_a_squeezed_phase_leaves_who_is_on_others_alone():
    site = squeezed(0b010, {"phases": "1"}, {"phases": "2"}, {"phases": "3"}, {"phases": "12"})
    assert site.allocate() == [32000, 6000, 32000, 6000]


def test_a_squeezed_phase_leaves_the_metered_alone():
    site = squeezed(0b111, {}, {})
    site.rows.flags[0] |= METERED
    assert site.allocate() == [32000, 6000]
    site.rows.draw_age_ms[0] = DRAW_FRESH_MS
    assert site.allocate() == [6000, 6000]
