"""What happened, sampled for a picture."""

_SAMPLES = 1500
_LEAST_MS = 250


class Recorder:
    """Lists, one entry a sample: times_s, phase_ma (the highest since the last sample), house_ma,
    allowed_ma, draw_ma and reasons (a value for each charger)."""

    def __init__(self, world, begin_ms: int, end_ms: int):
        self.times_s, self.phase_ma, self.house_ma = [], [], []
        self.allowed_ma, self.draw_ma, self.reasons = [], [], []
        self._world = world
        step_ms = max((end_ms - begin_ms) // _SAMPLES, _LEAST_MS)
        for ms in range(begin_ms, end_ms + 1, step_ms):
            world.clock.at(ms, self._sample)

    def _sample(self):
        world = self._world
        self.times_s.append(world.clock.now_ms / 1000)
        self.phase_ma.append(world.connection.take_recent_ma())
        self.house_ma.append(world.house_ma)
        self.allowed_ma.append([charger.allowed_ma for charger in world.chargers])
        self.draw_ma.append([charger.draw_ma for charger in world.chargers])
        count = len(world.chargers)
        self.reasons.append([world.manager.reason(index) for index in range(count)])
