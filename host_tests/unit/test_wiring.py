# The self-test of the wiring at a charger that does at once what it is told.

from balance.wiring import CODES, TESTING, WiringTest
from core import CHARGER, A, B, C, Site

TRUTH = (0, 100, 0)


class Wired(Site):
    """house: what else is drawn; parts: what each phase of the meter shows of what is told."""

    def __init__(self, parts=TRUTH, **changes):
        Site.__init__(self, **changes)
        self.house = [3000, 4000, 5000]
        self.parts = parts

    def run(self, ms=250):
        told = self.rows.set_ma[0] if self.rows.count and self.rows.state[0] == C else 0
        for phase in range(3):
            self.reading[phase] = self.house[phase] + told * self.parts[phase] // 100
        Site.run(self, ms)


def charging(**changes):
    site = Wired(**changes)
    site.add(C, 16000)
    site.seconds(15)
    assert site.set_ma() == [16000]
    return site


def follow(site, test, seconds=1400):
    for _ in range(seconds):
        if test.code != TESTING:
            break
        site.seconds(1)
    return CODES.split("|")[test.code].split()[0]


def test_steps_down_and_up_and_leaves_all_as_it_was():
    site = charging()
    test = WiringTest(site.cycle, 0)
    levels = []
    for _ in range(1400):
        site.seconds(1)
        if not levels or levels[-1] != site.rows.set_ma[0]:
            levels.append(site.rows.set_ma[0])
        if test.code != TESTING:
            break
    assert levels == [16000, 6000, 16000, 8000, 16000]
    assert (follow(site, test), test.phases()) == ("partly", "2??")
    assert test.differs and not test.inverted
    assert site.cycle.test is None
    assert site.rows.max_ma[0] == site.rows.cap_ma[0] == 16000


def test_says_how_far_it_is():
    site = charging()
    test = WiringTest(site.cycle, 0)
    steps = []
    while test.code == TESTING:
        assert test.number_b == 14
        steps.append(test.number_a)
        site.seconds(1)
    assert sorted(set(steps)) == [0, 1, 2, 3]


def test_only_one_at_a_time():
    site = charging()
    first = WiringTest(site.cycle, 0)
    second = WiringTest(site.cycle, 0)
    assert follow(site, second) == "busy"
    second.cancel()
    assert site.cycle.test is first
    assert follow(site, first) == "partly"


def test_cancelled():
    site = charging()
    test = WiringTest(site.cycle, 0)
    site.seconds(10)
    assert site.rows.max_ma[0] == 6000
    test.cancel()
    assert follow(site, test) == "cancelled"
    assert site.cycle.test is None and site.rows.max_ma[0] == 16000
    site.seconds(15)
    assert site.set_ma() == [16000]


def test_a_line_that_cannot_be_used():
    site = charging()
    assert follow(site, WiringTest(site.cycle, site.rows.add_unusable())) == "bad_settings"
    assert site.cycle.test is None


def test_without_a_meter():
    site = Site(meter=None)
    site.add(C, 16000)
    site.seconds(5)
    assert follow(site, WiringTest(site.cycle, 0)) == "no_meter"


def test_before_all_are_read():
    site = Wired()
    site.add(C, 16000)
    site.rows.add(CHARGER, site.settings["minimum"])
    site.obeys.append(False)
    test = WiringTest(site.cycle, 0)
    assert follow(site, test, 1) == "starting" and test.number_a == 10


def test_a_car_that_does_not_charge():
    for state in (A, B):
        site = charging()
        site.answer(0, state, 16000)
        test = WiringTest(site.cycle, 0)
        site.run()
        assert (follow(site, test), test.number_a) == ("no_car", state)


def test_where_the_minimum_leaves_no_room():
    site = Wired()
    site.add(C, 9000, max_ma=9000)
    site.seconds(15)
    test = WiringTest(site.cycle, 0)
    assert (follow(site, test), test.number_a, test.number_b) == ("no_room", 9000, 10000)


def test_a_reading_above_target_ends_it_and_is_answered():
    site = charging()
    test = WiringTest(site.cycle, 0)
    site.seconds(4)
    site.house[1] = 45000
    site.run()
    assert (follow(site, test), test.number_a, test.number_b) == ("above_target", 2, 61000)
    assert site.rows.set_ma[0] < 12000


def test_a_lost_meter_ends_it():
    site = charging()
    test = WiringTest(site.cycle, 0)
    site.seconds(4)
    site.meter_works = False
    assert follow(site, test, 11) == "meter_lost"
    assert 10000 <= test.number_a < 10500 and site.set_ma() == [0]


def test_a_house_that_never_rests_is_said():
    site = charging()
    test = WiringTest(site.cycle, 0)
    while test.code == TESTING:
        site.house[0] = 0 if site.house[0] else 9000
        site.seconds(2)
    assert (follow(site, test), test.number_a) == ("slow", 90)


def test_a_maximum_that_was_lowered_is_obeyed_without_a_reading():
    site = charging()
    site.meter_works = False
    site.seconds(4)
    site.rows.max_ma[0] = site.rows.cap_ma[0] = 10000
    site.run()
    assert site.set_ma() == [10000]
