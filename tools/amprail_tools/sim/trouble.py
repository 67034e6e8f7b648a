"""Every brand at a site reboots, lies and disappears once, while large loads switch."""

from functools import partial

BEGIN_S, EVERY_S = 60.0, 8.0

# A lie matters only when the charger is cut: a large load comes a moment later.
LIES_S, LOAD_AFTER_S, LOAD_S = 14.0, 1.5, 8.0
GONE_S = 14.0
LOAD = "flow heater"


def trouble(site, switch):
    """(s, function()) in order; switch(site, load, on) says what it does."""
    events = []
    for number, (brand, kind) in enumerate(
        (brand, kind) for brand in dict.fromkeys(site.brands) for kind in (_reboot, _lie, _vanish)
    ):
        events += kind(site, brand, number % 3, BEGIN_S + EVERY_S * number, switch)
    return iter(sorted(events, key=lambda event: event[0]))


# One of this brand whose car is there: without one there is little to see.
def _place(site, brand, turn):
    places = [place for place, name in enumerate(site.brands) if name == brand]
    places = [place for place in places if site.cars[place].plugged] or places
    return places[turn % len(places)]


def _reboot(site, brand, turn, at_s, switch):
    def begin():
        place = _place(site, brand, turn)
        site.chargers[place].reboot()
        site.say(f"charger #{place + 1} ({brand}) reboots and forgets what it was told")

    yield at_s, begin


def _lie(site, brand, turn, at_s, switch):
    liars = []

    def begin():
        liars.append(_place(site, brand, turn))
        site.chargers[liars[0]].ignore_writes(True)
        site.say(f"charger #{liars[0] + 1} ({brand}) says yes to every current and takes none")

    def end():
        site.chargers[liars[0]].ignore_writes(False)
        site.say(f"charger #{liars[0] + 1} ({brand}) does what it is told again")

    yield at_s, begin
    yield at_s + LOAD_AFTER_S, partial(switch, site, LOAD, True)
    yield at_s + LOAD_AFTER_S + LOAD_S, partial(switch, site, LOAD, False)
    yield at_s + LIES_S, end


def _vanish(site, brand, turn, at_s, switch):
    gone = []

    def begin():
        gone.append(_place(site, brand, turn))
        site.chargers[gone[0]].disappear()
        site.say(f"charger #{gone[0] + 1} ({brand}) is gone from the network; its car goes on")

    def end():
        site.chargers[gone[0]].appear()
        site.say(f"charger #{gone[0] + 1} ({brand}) is back")

    yield at_s, begin
    yield at_s + GONE_S, end
