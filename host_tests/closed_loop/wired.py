"""A site whose wires may be wrong: what chargers and the meter have on their phases."""

from amprail_tools.virtual.car import CarKind
from amprail_tools.virtual.charger import phases_of
from balance.wiring import CODES, TESTING, WiringTest
from closed_loop.world import World, seconds_above

WORDS = [code.split()[0] for code in CODES.split("|")]
HOUSE_MA = [5000, 7000, 3000]
LIMIT_MA = 63000
LONGEST_S = 14 * 90 + 60

STRAIGHT = (1, 2, 3)
REVERSED = (-1, -2, -3)


class Wired(World):
    """shows: for each phase of the meter the grid's phase that it shows, 1 to 3, negative if the
    wrong way round, 0 for nothing."""

    def __init__(self, shows=STRAIGHT, house=HOUSE_MA, **options):
        super().__init__(**options)
        self.house = house
        self.shows = shows
        self.above_s = 0
        read = self.meter._read
        self.meter._read = lambda phase_ma: read(phase_ma and self._shown(phase_ma))

    def _shown(self, phase_ma):
        seen = [0, *phase_ma]
        return [seen[abs(phase)] * (-1 if phase < 0 else 1) for phase in self.shows]

    def wire(self, truth, says="123", metered=False, car=None, **kind):
        """A charger on these phases of the grid in truth, and its car, which then charges."""
        charger = self.add(phases=says)
        charger.metered = metered
        charger._of_grid = phases_of(truth)
        charger.plug_in(car or CarKind(**kind))
        self.run(60)
        return charger

    def test(self, charger, seconds=LONGEST_S):
        """Tests the wiring for so long at most; what it says."""
        test = WiringTest(self.cycle, charger.index)
        self.follow(test, seconds)
        return test

    def follow(self, test, seconds):
        begin_ms = self.clock.now_ms
        while test.code == TESTING and self.clock.now_ms < begin_ms + 1000 * seconds:
            log = self.run(1)
            self.above_s += seconds_above(log, LIMIT_MA)
        test.took_s = (self.clock.now_ms - begin_ms) / 1000


def word(test):
    return WORDS[test.code]


# What is never wrong: each phase that it names is where it lies for the meter, and so are all that
# it says moved, and which way. `uses`: the car's phases in the charger's order.
def check_truth(world, test, truth, uses):
    grid = [int(digit) for digit in truth]
    shows = [abs(shown) for shown in world.shows]
    if word(test) in ("not_seen", "not_followed"):
        assert not any(phase in shows for phase in grid[:uses]), word(test)
    if word(test) not in ("told", "partly", "order_unknown"):
        return
    seen = [shows.index(phase) for phase in grid[:uses] if phase in shows]
    assert test.moved == sum(1 << place for place in seen), bin(test.moved)
    turned = sum(1 << place for place in seen if world.shows[place] < 0)
    assert test.inverted == turned, bin(test.inverted)
    for own, digit in enumerate(test.phases()):
        if digit != "?":
            shown = shows[int(digit) - 1]
            assert own < len(grid) and shown in (grid[own], 0), test.phases()
