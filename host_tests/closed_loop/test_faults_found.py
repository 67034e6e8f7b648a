"""What random faults have found, each as its smallest case."""

from core import CHARGER, B, C, Site


def test_a_charger_that_answers_again_stays_reserved_until_it_was_read():
    site = Site()
    index = site.add(state=C, allowed=10000, fallback_ma=None)
    site.run()
    for _ in range(3):
        site.ledger.failed(index)
    site.run()
    assert site.rows.booked_ma[index] == 16000
    site.ledger.answered(index, C)  # to a write, or with its currents: it may have fallen back
    site.run()
    assert site.rows.booked_ma[index] == 16000


# Its change is under way, so that a cut by less than a step is not worth a request on its own.
def test_a_smaller_cable_counts_to_the_milliampere_also_while_a_reading_is_above_target():
    site = Site(supply_ma=32000)
    raised = site.add(state=C, allowed=6000)
    site.add(state=C, allowed=14000, min_ma=14000)
    site.run()
    site.ledger.tell(raised, 6400)
    site.ledger.written(raised, 6400)
    site.answer(raised, C, 6400)
    site.settings["supply_ma"] = 20000
    site.cycle.apply(site.settings)
    site.reading[0] = site.cycle.grid.target_ma + 100
    site.run()
    assert sum(site.set_ma()) == 20000


# It was at 16 A a moment ago, and its car has 5 s to follow.
def test_a_charger_that_does_not_obey_is_booked_lower_only_once_its_car_has_followed():
    site = Site()
    site.reading[0] = site.cycle.grid.target_ma - 300  # nothing to raise
    index = site.add(state=C, allowed=16000)
    site.run()
    site.ledger.tell(index, 6000)
    for allowed in (16000, 10000, 10000):
        site.ledger.written(index, 6000)
        site.answer(index, C, allowed)
        site.run(500)
    assert site.rows.booked_ma[index] == 16000


# What an unread charger draws counts as house for as long as the window is.
def test_a_restart_does_not_stop_a_charging_car_for_one_that_waits_beside_it():
    site = Site(limit_ma=35000, largest_consumer_ma=16000)
    for priority in range(2):
        site.rows.add(dict(CHARGER, priority=priority), site.settings["minimum"])
        site.obeys.append(True)
    for phase in range(3):
        site.reading[phase] = 24000  # the house 10 A, the car 14 A, of 33 A
    site.run()
    site.answer(0, C, 14000)
    site.answer(1, B, 0)
    for _ in range(6):
        site.run()
        assert site.rows.set_ma[0] >= 6000
        site.deliver()


# Three are cut to 6 A to make room for its share, and for 6 s the reading still shows all that
# they drew: what is left then is no reason to stop one of them.
def test_nobody_is_stopped_while_room_is_made_for_one_that_gets_a_larger_share():
    site = Site(limit_ma=35000, largest_consumer_ma=16000)
    for _ in range(3):
        site.add(C, 10400)
    last = site.add(B, priority=1, weight=3)
    for phase in range(3):
        site.reading[phase] = 31200
    for _ in range(24):
        site.run()
        site.deliver()
        assert min(site.set_ma()[:3]) >= 6000
    for phase in range(3):
        site.reading[phase] = 18000
    site.seconds(3)
    assert min(site.set_ma()) >= 6000 and site.set_ma()[last] > 9000
