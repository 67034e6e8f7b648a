# The same numbers on both interpreters.


class Chance:
    """Numerical Recipes' generator."""

    def __init__(self, seed):
        self._state = seed

    def below(self, n):
        self._state = (self._state * 1664525 + 1013904223) & 0xFFFFFFFF
        return (self._state >> 8) % n

    def pick(self, values):
        return values[self.below(len(values))]

    def some(self, n):
        return bytes(self.below(256) for _ in range(self.below(n)))
