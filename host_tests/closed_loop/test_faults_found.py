"""What random faults have found, each as its smallest case."""

from core import C, Site


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
