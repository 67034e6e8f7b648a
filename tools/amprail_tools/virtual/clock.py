"""Time that passes only when something happens."""

import heapq


# Nothing is stepped: between two events currents are constant or ramp in a straight line, so a
# day with 64 chargers takes as long as its requests and decisions do.
class Clock:
    """now_ms since the start; actions at the same moment come in the order they were asked for."""

    def __init__(self):
        self.now_ms = 0
        self._events = []
        self._number = 0

    def at(self, ms: int, action, *arguments) -> None:
        """Calls the action at a moment, at the earliest now."""
        self._number += 1
        heapq.heappush(self._events, (max(ms, self.now_ms), self._number, action, arguments))

    def after(self, ms: int, action, *arguments) -> None:
        self.at(self.now_ms + ms, action, *arguments)

    def every(self, first_ms: int, period_ms: int, action) -> None:
        """Calls the action at first_ms and then again and again."""

        def again():
            self.at(self.now_ms + period_ms, again)
            action()

        self.at(first_ms, again)

    def run_until(self, ms: int) -> None:
        """Lets all happen up to and including a moment."""
        events = self._events
        while events and events[0][0] <= ms:
            self.now_ms, _, action, arguments = heapq.heappop(events)
            action(*arguments)
        self.now_ms = max(ms, self.now_ms)
