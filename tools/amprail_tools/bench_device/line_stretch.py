# How long the line's code keeps the loop: the longest stretch between two awaits, in microseconds,
# when three exchanges in ten are damaged; one line of JSON on stdout. Every run is the same to the
# byte, so each stretch is timed `TIMES` times and the shortest is its time: what the computer did
# meanwhile is none of it.

import json
import sys
import time
from array import array

from line_faults import KINDS
from line_run import Run

TIMES = 5
REQUESTS = 120
PER_MILLE = 300


class Timed(Run):
    def __init__(self, times, *line):
        super().__init__(*line, per_mille=PER_MILLE)
        self.times = times
        self.stretches = 0

    def stretch(self, coroutine):
        begin = time.ticks_us()
        try:
            return coroutine.send(None)
        finally:
            self.note(time.ticks_diff(time.ticks_us(), begin))

    def note(self, us):
        times, number = self.times, self.stretches
        self.stretches += 1
        if number == len(times):
            times.append(us)
        elif us < times[number]:
            times[number] = us


def longest_us(kind) -> int:
    longest = 0
    for line in ((9600, "N"), (115200, "E")):
        times = array("I")
        for _ in range(TIMES):
            Timed(times, kind, *line, REQUESTS).run()
        longest = max(longest, *times)
    return longest


def main() -> None:
    kinds = sys.argv[4:] or KINDS
    print(json.dumps({kind: longest_us(kind) for kind in kinds}))
