# The allocators of others give the same, or their users ask for it, over time or with a meter; see
# data/peers_allocator.json. The name of a test is the id of its vector.

from core import CHARGER, C, Site


def static(supply_ma):
    return Site(meter=None, limit_ma=32000, supply_ma=supply_ma)


# Theirs know no surge: with a consumer as small as this the target is the limit.
def measured(limit_ma):
    return Site(limit_ma=limit_ma, largest_consumer_ma=limit_ma * 2 // 5, supply_ma=limit_ma)


def seconds(site, house_ma, seconds):
    """Time passes with a meter that shows the house and the cars."""
    for _ in range(4 * seconds):
        for phase in range(3):
            site.reading[phase] = house_ma[phase] + drawn(site.rows, phase)
        site.run()
        site.deliver()


def drawn(rows, phase):
    charging = [i for i in range(rows.count) if rows.state[i] == C and rows.phases[i] >> phase & 1]
    return sum([rows.set_ma[index] for index in charging])


def one_offline(supply_ma):
    site = static(supply_ma)
    site.add(C, max_ma=32000)
    site.rows.add(dict(CHARGER, max_ma=32000), site.settings["minimum"])
    site.obeys.append(False)
    site.seconds(40)
    return site.set_ma()


def test_oe_u2_what_an_offline_charger_may_draw_is_reserved():
    assert one_offline(32000) == [26000, 0]


def test_oe_u3_a_reserve_above_the_limit_leaves_nothing():
    assert one_offline(4000) == [0, 0]


def test_se_1_two_have_all_of_the_circuit_13_s_after_a_change():
    site = static(20000)
    site.add(C, max_ma=32000)
    site.add(C, max_ma=32000)
    site.seconds(40)
    for supply_ma in (20000, 21000, 22000):
        site.cycle.apply(dict(site.settings, supply_ma=supply_ma))
        site.seconds(13)
        assert sum(site.set_ma()) == supply_ma


# Theirs are told on three phases and draw on one, two and three; ours would keep what was told.
def house_of_three(limit_ma):
    """The room where the meter shows 55 A and three cars charge, two of them on rotated phases."""
    site = measured(limit_ma)
    for phases, ma in (("1", 30000), ("31", 15000), ("312", 10000)):
        index = site.add(C, ma, phases=phases, max_ma=32000)
        site.ledger.measured(index, [ma if own < len(phases) else 0 for own in range(3)])
    site.run()
    for phase in range(3):
        site.reading[phase] = 55000
    site.run()
    return [site.cycle.grid.room_ma[phase] for phase in range(3)]


def test_ow_7_0_the_house_alone_can_be_above_the_limit():
    assert house_of_three(40000) == [40000, 0, 10000]


def test_ow_7_1_what_the_house_leaves_is_for_the_cars():
    assert house_of_three(60000) == [60000, 15000, 30000]


def after_losing_the_meter(without_meter_ma):
    site = measured(32000)
    site.cycle.apply(dict(site.settings, without_meter_ma=without_meter_ma))
    site.add(C, 16000)
    seconds(site, (0, 0, 0), 5)
    assert site.set_ma() == [16000]
    site.meter_works = False
    site.seconds(60)
    return site.set_ma()


def test_ow_7_f_a_failed_meter_leaves_what_the_settings_say():
    assert after_losing_the_meter(10145) == [10145]


def test_us_8_a_car_goes_to_its_minimum_when_the_meter_is_lost():
    assert after_losing_the_meter(6000) == [6000]


def test_us_1_one_of_two_is_paused_when_both_minimums_do_not_fit():
    site = static(14000)
    site.add(C, max_ma=32000)
    site.add(C, max_ma=32000)
    site.seconds(40)
    assert site.set_ma() == [7000, 7000]
    site.cycle.apply(dict(site.settings, supply_ma=11000))
    site.seconds(40)
    assert sorted(site.set_ma()) == [0, 11000]


def test_us_2_a_house_on_other_phases_takes_nothing_from_a_one_phase_car():
    site = measured(25000)
    site.add(C, phases="1")
    seconds(site, (1000, 16000, 16000), 40)
    assert site.set_ma() == [16000]


def test_us_3_three_one_phase_cars_on_three_phases_get_all():
    site = measured(20000)
    for phases in ("1", "3", "2"):
        site.add(C, phases=phases)
    seconds(site, (0, 0, 0), 40)
    assert site.set_ma() == [16000, 16000, 16000]


def test_us_4_an_overload_on_another_phase_changes_nothing():
    site = measured(25000)
    site.add(C, 16000, phases="1")
    seconds(site, (0, 0, 0), 20)
    setpoints = site.cycle.setpoints
    seconds(site, (0, 0, 40000), 40)
    assert site.set_ma() == [16000] and site.cycle.setpoints == setpoints


# A change is told in steps of 0.5 A, and up to 1 mA for each of them is left by the division.
def test_us_7_two_make_room_for_a_third():
    site = measured(32000)
    for allowed_ma in (16000, 16000, 0):
        site.add(C, allowed_ma, max_ma=32000)
    seconds(site, (0, 0, 0), 60)
    a, b, c = site.set_ma()
    assert min(a, b, c) >= 10000 and max(a, b, c) - min(a, b, c) <= 500 + 3
