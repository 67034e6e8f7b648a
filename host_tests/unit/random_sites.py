# Small sites at random, the same on both interpreters.

from allocation import Lone

MASKS = ("1", "2", "3", "12", "23", "31", "123", "231", "?")


def random_site(chance, set_ma=0):
    """2 to 8 chargers that all take part, told `set_ma`; the room is the budget or more."""
    budget = [_limit(chance), _limit(chance), _limit(chance)]
    more = chance.pick((0, 0, 4000, 20000))
    site = Lone(budget, [ma + more for ma in budget])
    for _ in range(2 + chance.below(7)):
        least = 6000 + chance.pick((0, 0, 1000, 2500, 4000))
        index = site.add(
            set_ma=set_ma,
            phases=chance.pick(MASKS),
            weight=chance.pick((1, 1, 1, 2, 3, 8)),
            min_ma=least,
            max_ma=min(least + chance.below(26001), 32000),
        )
        site.rows.connected_s[index] = chance.below(65536)
        site.rows.charge_das[index] = chance.below(10000000)
        if chance.below(4) == 0:
            site.rows.cap_ma[index] = least
    return site


def shuffled(site, chance):
    """All chargers of the site."""
    left = list(range(site.rows.count))
    return [left.pop(chance.below(len(left))) for _ in range(len(left))]


def ranked_by_priority(site, chance):
    """All chargers of the site, the first in rank first."""
    ranked = shuffled(site, chance)
    for place, index in enumerate(ranked):
        site.rows.priority[index] = -place
    return ranked


def _limit(chance):
    return chance.pick((-3000, 0, 5999, 6000)) if chance.below(8) == 0 else chance.below(70000)
