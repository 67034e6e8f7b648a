"""What happens at a random site: each event changes the world and says what it was."""

from .physics import (
    FROZEN,
    GOOD,
    IGNORES,
    LATE,
    LOST,
    METER_REFRESH_MS,
    OBEYS,
    OVERDRAWS,
    STEP_MS,
    Car,
)

HOUSE_MA = (0, 5000, 10000, 20000, 32000, 48000, -10000)
LAGS_MS = (3000, 5000, 500, 1000)
TAKES_MA = (16000, 10000, 32000, 7000, 0)
SLOW_MS = 1500
WILD = ((0, 0, 0), (500000, 0, 0), (-200000,) * 3, (90000,) * 3, (-60000, 0, 0))
TOLD_AGAIN_MS = 10_000
DIES_MS = 13_000
RESTARTS_MS = 3000
STARTS_MS = 10_000

# How long what is wrong lasts, in steps.
LASTS = (8, 24, 60, 160)


def pick(values, number):
    """One of the values, and what is left of the number."""
    return values[number % len(values)], number // len(values)


def house(world, _, number):
    level, number = pick(HOUSE_MA, number)
    phases, _ = pick(((0, 1, 2), (0,), (1,), (2,)), number)
    level = level if world.site["pv"] else max(level, 0)
    for phase in phases:
        before = world.house_ma[phase]
        after = min(level, before + world.site["largest_consumer_ma"])
        world.house_ma[phase] = after
        if after > before:
            world.patience.grant((phase,), "the house")
    return f"the house draws {world.house_ma}"


def plug(world, charger, number):
    if charger.car is not None:
        charger.car = None
        return "its car leaves"
    return _arrives(world, charger, number)


def replace(world, charger, number):
    charger.car = None
    return _arrives(world, charger, number)


def _arrives(world, charger, number):
    lag_ms, number = pick(LAGS_MS, number)
    takes_ma, number = pick(TAKES_MA, number)
    uses, number = pick((3, 1), number)
    delay_ms, number = pick((0, 8000), number)
    min_ma, _ = pick((6000, 9000), number)
    phases = charger.wired[:uses]
    charger.car = Car(phases, takes_ma, lag_ms, delay_ms, min_ma)
    charger.offer(world.now_ms)
    if charger.allowed_ma:
        world.patience.grant(charger.wired, "a car at an offer", delay_ms)
    world.checks.forget_phases(charger)
    text = "a car of {} A arrives on phases {}, {} ms to follow, {} ms to start, from {} A"
    grid = [phase + 1 for phase in phases]
    return text.format(takes_ma / 1000, grid, lag_ms, delay_ms, min_ma / 1000)


def appetite(world, charger, number):
    takes_ma, _ = pick(TAKES_MA, number)
    if charger.car is not None:
        if takes_ma > charger.car.takes_ma:
            world.patience.grant(charger.wired, "an appetite")
        charger.car.takes_ma = takes_ma
    return f"its car takes {takes_ma / 1000} A"


def dead(world, charger, number):
    charger.dead_ms = world.now_ms
    world.patience.grant(charger.wired, "dead", DIES_MS)
    return _until("is dead", number, world, charger, answers)


def answers(world, charger):
    charger.dead_ms = -1
    world.patience.grant(charger.wired, "back", TOLD_AGAIN_MS)


def slow(world, charger, number):
    charger.latency_ms = SLOW_MS
    world.patience.renew("slow")
    return _until("is slow", number, world, charger, is_fast)


def is_fast(_, charger):
    charger.latency_ms = STEP_MS


def ignores(world, charger, number):
    _lies(world, charger, IGNORES)
    return _until("ignores what it is told", number, world, charger, obeys)


def overdraws(world, charger, number):
    charger.more_ma, number = pick((3000, 10000, 2000), number)
    _lies(world, charger, OVERDRAWS)
    text = f"offers {charger.more_ma / 1000} A more than told"
    return _until(text, number, world, charger, obeys)


def obeys(world, charger):
    _lies(world, charger, OBEYS)


def _lies(world, charger, mode):
    world.checks.mistrust(charger)
    charger.mode = mode
    charger.offer(world.now_ms)
    world.patience.grant(charger.wired, "a liar", TOLD_AGAIN_MS)


def error(world, charger, number):
    charger.broken = True
    charger.offer(world.now_ms)
    return _until("is in error", number, world, charger, is_in_order)


def is_in_order(world, charger):
    charger.broken = False
    charger.offer(world.now_ms)
    world.patience.grant(charger.wired, "an error gone")


def _until(text, number, world, charger, end):
    steps, _ = pick(LASTS, number)
    world.later(steps, end, charger)
    return f"{text} for {steps * STEP_MS} ms"


def reboot(world, charger, number):
    boot_ma, _ = pick((0, charger.fallback_ma), number)
    charger.allow(boot_ma, world.now_ms)
    world.checks.mistrust(charger)
    world.patience.grant(charger.wired, "a reboot", TOLD_AGAIN_MS)
    return f"reboots to {boot_ma / 1000} A"


def lost(world, _, number):
    return _meter(world, LOST, number, "does not answer")


def late(world, _, number):
    _wrong(world)
    return _meter(world, LATE, number, "is late")


def frozen(world, _, number):
    _wrong(world)
    return _meter(world, FROZEN, number, "is frozen")


def _wrong(world):
    world.patience.grant((0, 1, 2), "a wrong meter", 3 * METER_REFRESH_MS)


def _meter(world, mode, number, text):
    if world.meter.mode in (LATE, FROZEN):
        _wrong(world)
    world.meter.mode = mode
    return _until(f"the meter {text}", number, world, mode, the_meter_works)


def the_meter_works(world, mode):
    if mode == world.meter.mode:
        if mode != LOST:
            _wrong(world)
        world.meter.mode = GOOD
        world.good_ms = world.now_ms


def wild(world, _, number):
    world.wild_ma, _ = pick(WILD, number)
    world.patience.renew("a wild reading")
    if world.now_ms - world.begun_ms < STARTS_MS:  # there are no others yet to doubt it by
        _wrong(world)
    return f"the meter says {world.wild_ma} once"


def settings(world, _, number):
    limit_ma, number = pick((63000, 35000, 25000, 100000), number)
    margin_pct, number = pick((0, 10), number)
    supply_ma, _ = pick((limit_ma, 32000, 20000), number)
    largest_ma = min(world.site["largest_consumer_ma"], limit_ma)
    changes = {"limit_ma": limit_ma, "margin_pct": margin_pct, "supply_ma": supply_ma}
    world.apply(largest_consumer_ma=largest_ma, **changes)
    world.patience.grant((0, 1, 2), "new settings")
    return f"settings: {changes}"


def restart(world, _, number):
    world.patience.renew("a restart", RESTARTS_MS)
    world.restart(arrives=number % 2)
    return "the core restarts"


def stall(world, _, number):
    world.stalls, _ = pick((4, 8, 20), number)
    world.patience.renew("a stall", world.stalls * STEP_MS)
    return f"the core stands still for {world.stalls * STEP_MS} ms"


EVENTS = {
    action.__name__: action
    for action in (
        house,
        plug,
        replace,
        appetite,
        dead,
        slow,
        ignores,
        overdraws,
        reboot,
        error,
        lost,
        late,
        frozen,
        wild,
        settings,
        restart,
        stall,
    )
}
ABOUT_A_CHARGER = (plug, replace, appetite, dead, slow, ignores, overdraws, reboot, error)
