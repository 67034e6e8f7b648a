# Finding out how a charger is wired (`find`).

from app import start
from app.api.find import add
from app.api.routes import an_id, index_of, refused
from clock import sleep_ms


def begin(snapshot, find, given):
    """The coroutine of the search; ValueError for what it cannot look for."""
    id_ = given.get("id")
    index = index_of(snapshot.chargers, an_id(str(id_)))
    if index < 0:
        raise refused(404, "no_charger", {"id": id_})
    return _wiring_run(snapshot, find, index)


async def _wiring_run(snapshot, find, index):
    from balance.wiring import CODES, TESTING, WiringTest

    test = WiringTest(snapshot.cycle, index)
    try:
        while test.code == TESTING:
            find["done"], find["of"] = test.number_a, test.number_b
            await sleep_ms(250)
        names = CODES.split("|")[test.code].split()
        about = {"id": snapshot.chargers.ids[index], "code": names[0], "phases": test.phases()}
        about["differs"] = test.differs
        for name, number in zip(names[1:], (test.number_a, test.number_b)):
            about[name] = number
        add(find, about)
    finally:
        test.cancel()
        start.forget("balance.wiring", "balance.steps")
