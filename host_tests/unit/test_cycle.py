import micropython
from core import CHARGER, A, B, C, Site, sums


def test_a_restart_changes_nothing_until_all_are_read_and_never_stops_a_car():
    site = Site()
    site.add(C, 10000)
    site.rows.add(CHARGER, site.settings["minimum"])
    site.obeys.append(False)
    site.seconds(9)
    assert site.set_ma() == [10000, 0]
    assert site.why(0)[0] == "starting"
    site.seconds(20)
    assert site.set_ma()[0] == 16000
    assert site.why(1)[0] == "unreachable"


def test_a_reading_above_target_is_answered_even_at_the_start():
    site = Site()
    site.add(C, 16000)
    site.rows.add_unusable()
    site.obeys.append(False)
    site.reading[0] = 62000
    site.run()
    assert site.set_ma()[0] < 16000


def test_a_raise_waits_until_what_makes_room_is_confirmed_and_settled():
    site = Site(meter=None, limit_ma=32000, supply_ma=32000)
    site.add(C, 16000, max_ma=32000)
    site.seconds(2)
    site.obeys[0] = False
    new = site.add(B, max_ma=32000)
    site.seconds(20)
    assert site.rows.set_ma[0] == 16000
    assert site.rows.set_ma[new] <= 16000
    assert max(sums(site.bookings.booked)) <= 32000


def test_an_unreachable_charger_leaves_the_queue_and_stays_booked():
    site = Site(meter=None, limit_ma=32000, supply_ma=32000)
    site.add(C, 16000)
    site.add(C, 16000)
    site.seconds(2)
    for _ in range(3):
        site.ledger.failed(0)
    site.obeys[0] = False
    site.add(B)
    site.seconds(30)
    assert site.rows.set_ma[1] + site.rows.set_ma[2] <= 16000
    assert site.why(0) == ("unreachable", 16000, 0)


def test_a_charger_that_does_not_obey_is_reserved_for_and_the_others_make_room():
    site = Site()
    site.add(C, 16000)
    site.add(C, 16000)
    site.seconds(1)
    site.obeys[0] = False
    site.reading[0] = 70000
    for _ in range(40):
        site.run()
        site.ledger.written(0, site.rows.set_ma[0])
        site.answer(0, C, 16000)
        site.deliver()
    assert site.why(0) == ("not_obeying", 16000, 0)
    assert site.rows.set_ma[1] == 0


# The house draws 40 A: 18 A of minimums fit under the limit of 63 A, not under the target. That is
# known once the cut has settled, 6.5 s after it was confirmed.
def test_when_minimums_do_not_fit_all_go_to_the_minimum_first_and_are_paused_after_10_s():
    site = Site()
    for _ in range(3):
        site.add(C, 10000)
    for cars_ma, until_s in ((16000, 1), (30000, 1), (18000, 15)):
        for phase in range(3):
            site.reading[phase] = 40000 + cars_ma
        site.seconds(until_s)
    assert site.set_ma() == [6000, 6000, 6000]
    steps = 0
    while min(site.set_ma()) and steps < 12:
        site.run()
        steps += 1
    assert sorted(site.set_ma()) == [0, 6000, 6000]


def test_a_paused_car_stays_paused_for_60_s_and_says_so():
    site = Site(meter=None, limit_ma=32000, supply_ma=12000)
    site.add(C, 6000)
    site.add(C, 6000)
    site.seconds(1)
    site.cycle.apply(dict(site.settings, supply_ma=6000))
    site.seconds(1)
    assert site.set_ma() == [6000, 0]
    site.cycle.apply(site.settings)
    site.seconds(30)
    assert site.set_ma()[1] == 0
    code, left_s, _ = site.why(1)
    assert code == "paused" and 20 <= left_s <= 35
    site.seconds(40)
    assert site.set_ma()[1] == 6000


def test_every_charger_has_its_reason():
    site = Site(meter=None, limit_ma=32000, supply_ma=32000)
    site.add(C, 16000, phases="1", max_ma=10000)
    site.add(C, 6000, phases="2", max_ma=32000)
    site.add(C, 6000, phases="2", max_ma=32000)
    site.add(A, 0)
    site.seconds(60)
    assert site.why(0)[0] == "maximum"
    assert site.why(1) == ("supply_short", 2, 16000)
    assert site.why(3)[0] == "no_car"


def test_the_wrap_of_the_milliseconds_changes_nothing():
    site = Site()
    site.add(C, 10000)
    site.now = 0x3FFFFFFF - 3000
    site.seconds(10)
    assert site.set_ma() == [16000]
    assert site.cycle.grid.ok


def test_a_charger_left_alone_for_8_days_is_neither_young_nor_old():
    site = Site(meter=None, limit_ma=32000, supply_ma=32000)
    site.add(C, 16000)
    site.add(B, 0, phases="1")
    site.seconds(10)
    before = site.set_ma()
    for _ in range(8 * 24 * 60):
        site.run(60000)
        site.answer(0, C, site.rows.set_ma[0])
    assert site.set_ma()[0] == before[0]
    assert site.why(1)[0] == "unreachable"
    assert not site.cycle.grid.lost


def test_a_cycle_allocates_nothing():
    site = Site(limit_ma=250000, supply_ma=250000)
    for number in range(64):
        phases = ("123", "1", "23", "?")[number % 4]
        site.add((B, C)[number % 2], 6000 * (number % 2), phases=phases)
    site.seconds(2)
    for reading in (10000, 200000, 260000, 240000):
        for phase in range(3):
            site.reading[phase] = reading
        for _ in range(3):
            site.now += 250
            site.cycle.grid.read(site.reading)
            micropython.heap_lock()
            site.cycle.run(site.now)
            site.cycle.explain(5)
            micropython.heap_unlock()
            site.deliver()


def test_the_state_of_a_charger_takes_at_most_64_bytes():
    site = Site()
    total = 0
    for part in (site.rows, site.cycle.allocator):
        for name in dir(part):
            value = getattr(part, name)
            if hasattr(value, "append") or isinstance(value, bytearray):
                element = 1 if isinstance(value, bytearray) else _size(value)
                total += len(value) * element if len(value) >= 64 else 0
    assert 40 * 64 < total <= 64 * 64


def _size(values):
    return {"b": 1, "B": 1, "H": 2, "h": 2, "i": 4, "I": 4}[str(values)[7]]


def test_a_limit_that_shrinks_by_little_is_kept_all_the_same():
    site = Site(meter=None, limit_ma=100000, supply_ma=100000)
    for _ in range(13):
        site.add(B)
    site.seconds(30)
    lost = site.add(A)
    site.obeys[lost] = False
    for _ in range(3):
        site.ledger.failed(lost)
    site.seconds(30)
    assert sum(site.set_ma()) + 6000 <= 100000


def test_the_minimum_of_the_site_is_never_above_a_chargers_maximum():
    minimum = {"auto": False, "one_phase_ma": 16000, "three_phase_ma": 16000}
    site = Site(minimum=minimum)
    site.add(B, max_ma=10000)
    site.seconds(20)
    assert site.set_ma() == [10000]


def test_shifting_current_between_cars_cuts_once_and_not_with_every_reading():
    site = Site(meter=None, limit_ma=22000, supply_ma=22000)
    site.add(C, 16000)
    site.add(C, 6000)
    site.seconds(20)
    assert site.set_ma() == [11000, 11000]
    assert site.cycle.setpoints <= 3


def test_a_pause_of_ours_makes_no_fresh_reading_old():
    site = Site()
    site.add(C, 16000)
    site.seconds(5)
    site.run(11000)
    assert site.cycle.grid.recent and not site.cycle.grid.lost
    site.deliver()
    site.seconds(1)
    assert site.set_ma() == [16000]
