"""The promises of the design (section 3), looked at after every step."""

from .physics import A, B, C, FOLLOWS_MS, GOOD, IGNORES, OVERDRAWS, STEP_MS

# Noise of the meter, and what a charger's own meter rounds away.
TOLERANCE_MA = 500
RECENT_MS = 2000
STARTING_MS = 10_000
HOLD_MS = 59_000
RESTARTED_MS = 25_000
OVERDRAWS_MS = 40_000
BAD_LINE_MA = 32_000


class Broken(AssertionError):
    """promise: one word that says which."""

    def __init__(self, promise, text):
        super().__init__(f"{promise}: {text}")
        self.promise = promise


def target_ma(site):
    """Section 4 of the design."""
    surge_ma = site["limit_ma"] * site["surge_pct"] // 100 - site["largest_consumer_ma"]
    return min(surge_ma, site["limit_ma"]) * (100 - site["margin_pct"]) // 100


def cable_ma(site):
    """What all chargers together may have, whatever the house draws."""
    return site["supply_ma"] if site["meter"] else min(site["supply_ma"], site["limit_ma"])


class Checks:
    """`told` is called when setpoints have changed, `after` with every step."""

    def __init__(self, world):
        self._world = world
        self._mistrusted = {}  # charger that does what nobody told it: until when, if it was read
        self._new_phases = set()
        self._paused_ms = {}
        self._over = False

    # -- what the world says --

    def mistrust(self, charger):
        self._mistrusted[charger] = None

    def forget_phases(self, charger):
        self._new_phases.add(charger)
        self._paused_ms.pop(charger, None)

    def restarted(self):
        self._paused_ms.clear()
        self._over = False

    def read_back(self, charger):
        if charger in self._mistrusted and self._mistrusted[charger] is None:
            self._mistrusted[charger] = self._world.now_ms + FOLLOWS_MS

    def measured(self, charger):
        car = charger.car
        if car is not None and sum(ma >= 1000 for ma in charger.own_ma) == len(car.phases):
            self._new_phases.discard(charger)

    # -- new setpoints --

    def told(self, changed):
        """changed: (index, before, now)"""
        self._note_reading()
        for index, before, now in changed:
            self._range(index, now)
            self._pause(index, before, now)
        raised = [index for index, before, now in changed if now > before]
        if raised:
            self._may_raise(raised)
        if self._starting():
            self._only_cuts_above_target(changed)
        elif self._world.now_ms - self._world.begun_ms < RESTARTED_MS:
            self._stops_nobody(changed)

    def _note_reading(self):
        reading = self._world.reading
        if reading and max(reading) > target_ma(self._world.site):
            self._over = True

    def _range(self, index, now):
        line = self._world.chargers[index].line
        least = line["min_ma"] or 6000
        if now and not min(least, line["max_ma"]) <= now <= line["max_ma"]:
            raise Broken("range", f"charger {index} is told {now}")
        if now and self._world.books[index].state == A:
            raise Broken("no car", f"charger {index} is told {now} and has no car")

    def _pause(self, index, before, now):
        world = self._world
        charger = world.chargers[index]
        if now == 0 and world.books[index].state in (B, C):
            self._paused_ms[charger] = world.now_ms
        elif before == 0 and world.now_ms - self._paused_ms.get(charger, -HOLD_MS) < HOLD_MS:
            raise Broken("hold", f"charger {index} was paused at {self._paused_ms[charger]}")

    def _may_raise(self, raised):
        world = self._world
        if world.site["meter"] and world.now_ms - world.read_ms >= RECENT_MS:
            raise Broken("no reading", f"chargers {raised} are raised")
        if world.site["meter"] and world.reading is None:
            raise Broken("no reading", f"chargers {raised} are raised without any")
        for phase in range(3):
            mine = [index for index in raised if world.cycle.rows.phases[index] >> phase & 1]
            if mine:
                self._room(phase, mine)

    # A raise within what the charger is booked at already frees what it is booked at more.
    def _room(self, phase, raised):
        booked = self._bookings(phase)
        room_ma = self._room_ma(phase)
        told = self._world.cycle.rows.set_ma
        for index in raised:
            most = sum(booked.values()) - booked[index] + told[index]
            if most > room_ma:
                text = f"charger {index} is raised to {told[index]} on phase {phase + 1}"
                raise Broken("booked", f"{text}: booked {booked}, room {room_ma}")

    def _bookings(self, phase):
        world = self._world
        phases = world.cycle.rows.phases
        told = world.cycle.rows.set_ma
        booked = {
            index: max(book.booked_ma(world.now_ms), told[index])
            for index, book in enumerate(world.books)
            if phases[index] >> phase & 1
        }
        if world.bad_line:
            booked["bad line"] = BAD_LINE_MA
        return booked

    def _room_ma(self, phase):
        world = self._world
        site = world.site
        if site["meter"] is None:
            return cable_ma(site)
        counted = sum(book.counted_ma(phase, world.now_ms) for book in world.books)
        room_ma = target_ma(site) - world.reading[phase] + counted
        return min(site["supply_ma"], room_ma + TOLERANCE_MA)

    # -- after a restart --

    def _starting(self):
        world = self._world
        unread = any(not book.known for book in world.books)
        return unread and world.now_ms - world.begun_ms < STARTING_MS

    def _only_cuts_above_target(self, changed):
        over = self._over or self._lost()
        for index, before, now in changed:
            if now > before or not over:
                raise Broken("starting", f"charger {index} is told {now} instead of {before}")

    def _stops_nobody(self, changed):
        world = self._world
        good_ms = world.now_ms - world.good_ms if world.meter.mode == GOOD else 0
        reads = not self._lost() and good_ms >= RECENT_MS
        reads = reads and not any(self._mistrusts(charger) for charger in world.chargers)
        if world.restarts and reads and not self._over and self._minimums_fit():
            for index, before, now in changed:
                connected = world.books[index].state in (B, C)
                if connected and now == 0 and before >= world.cycle.rows.min_ma[index]:
                    raise Broken("restart", f"charger {index} is stopped though it fits")

    def _minimums_fit(self):
        world = self._world
        rows = world.cycle.rows
        least = [0, 0, 0]
        for index in range(rows.count):
            on = rows.min_ma[index] if rows.set_ma[index] or rows.state[index] in (B, C) else 0
            for phase in range(3):
                if rows.phases[index] >> phase & 1:
                    kept = max(self._reserved(index), rows.booked_ma[index])
                    least[phase] += kept if rows.aside[index] else on
        return all(least[phase] <= self._for_all_ma(phase) for phase in range(3))

    # What the house leaves for all chargers.
    def _for_all_ma(self, phase):
        world = self._world
        most = cable_ma(world.site)
        if world.site["meter"]:
            most = min(most, target_ma(world.site) - max(world.house_ma[phase], 0))
        return most

    def _lost(self):
        world = self._world
        meter = world.site["meter"]
        return meter and world.now_ms - world.read_ms >= 1000 * meter["lost_after_s"]

    # -- every step --

    def after(self):
        world = self._world
        self._note_reading()
        for index, charger in enumerate(world.chargers):
            self._ledger(index)
            self._draw(index, charger)
            self._without_car(index)
        for phase in range(3):
            self._told_in_all(phase)
            self._limit(phase)
        self._rows()

    def _ledger(self, index):
        world = self._world
        rows = world.cycle.rows
        booked = world.books[index].booked_ma(world.now_ms)
        if max(rows.booked_ma[index], rows.set_ma[index]) < booked:
            text = f"charger {index} may draw {booked}, the ledger has {rows.booked_ma[index]}"
            raise Broken("ledger", text)

    def _draw(self, index, charger):
        world = self._world
        book = world.books[index]
        if charger.car is None or self._mistrusts(charger) or charger.mode == OVERDRAWS:
            return
        if not book.known or world.now_ms - book.known_ms <= FOLLOWS_MS:
            return
        draw_ma = charger.car.draw_ma
        booked = book.booked_ma(world.now_ms)
        if draw_ma > booked:
            raise Broken("draw", f"charger {index} draws {draw_ma}, booked {booked}")
        mask = world.cycle.rows.phases[index]
        if draw_ma > 1000 and charger not in self._new_phases:
            for phase in charger.car.phases:
                if not mask >> phase & 1:
                    raise Broken("phases", f"charger {index} draws on phase {phase + 1}")

    def _mistrusts(self, charger):
        if charger not in self._mistrusted:
            return False
        until_ms = self._mistrusted[charger]
        return until_ms is None or self._world.now_ms <= until_ms

    def _without_car(self, index):
        rows = self._world.cycle.rows
        gone = self._world.books[index].state == A and not rows.aside[index]
        if gone and rows.set_ma[index] and not self._world.cycle.starting_ms:
            raise Broken("no car", f"charger {index} is left at {rows.set_ma[index]}")

    # Those that cannot be relied upon come first, whatever they may draw.
    def _told_in_all(self, phase):
        world = self._world
        if self._starting() and not self._lost():
            return
        rows = world.cycle.rows
        most = cable_ma(world.site)
        if self._lost():
            most = min(most, world.site["without_meter_ma"])
        told = 0
        for index in range(rows.count):
            if rows.phases[index] >> phase & 1:
                if rows.aside[index]:
                    most -= self._reserved(index)
                else:
                    told += rows.set_ma[index]
        if told > max(most, 0):
            raise Broken("told", f"phase {phase + 1}: {told} in all, at most {most}")

    def _reserved(self, index):
        books = self._world.books
        return books[index].booked_ma(self._world.now_ms) if index < len(books) else BAD_LINE_MA

    def _limit(self, phase):
        world = self._world
        now_ms = world.now_ms
        until_ms = world.patience.until_ms[phase]
        above = world.phase_ma[phase] - world.site["limit_ma"] - TOLERANCE_MA
        if above <= 0 or now_ms <= until_ms:
            return
        if any(c.mode == OVERDRAWS for c in world.chargers):
            if now_ms <= until_ms + OVERDRAWS_MS:
                above -= self._excess(phase)
        draws = sum(self._controlled(charger, phase) for charger in world.chargers)
        if above > 0 and draws:
            since = f"since {until_ms} ms ({world.patience.why[phase]})"
            raise Broken("limit", f"phase {phase + 1} is {above} mA above it, {since}")

    # What a charger draws beyond what it may is its own.
    def _excess(self, phase):
        excess = 0
        for index, charger in enumerate(self._world.chargers):
            if charger.mode == OVERDRAWS:
                booked = self._world.books[index].booked_ma(self._world.now_ms)
                excess += max(charger.draws(phase) - booked, 0)
        return excess

    def _controlled(self, charger, phase):
        return 0 if charger.dead or charger.mode == IGNORES else charger.draws(phase)

    def _rows(self):
        world = self._world
        cycle = world.cycle
        rows = cycle.rows
        index = world.now_ms // STEP_MS % rows.count
        cycle.explain(index)
        good = rows.aside[index] <= 2 and rows.bound[index] <= 8 and rows.state[index] <= 5
        good &= 0 < rows.phases[index] <= 7 and rows.least_ma[index] <= rows.most_ma[index]
        good &= rows.min_ma[index] <= rows.max_ma[index] and rows.hold_s[index] <= 900
        good &= 0 <= rows.charge_das[index] < 1 << 30
        if not good:
            raise Broken("rows", f"row {index} is out of range")
