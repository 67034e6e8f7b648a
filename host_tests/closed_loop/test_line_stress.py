"""The Modbus line on a line with faults, exact to the byte and in virtual time."""

import os
import sys

import pytest
from amprail_tools import line_stress

line_stress.use_bench_device()
from line_faults import KINDS, MIXED, SECOND_MASTER  # noqa: E402
from line_run import Run  # noqa: E402

FRAMES = int(os.environ.get("AMPRAIL_FRAMES", "0"))

# Lines of code in a stretch. The longest is one CRC over the longest reply with the search for it
# behind 320 bytes of noise, each byte of them a few lines: 4 to 5 on average, and no more.
MOST_LINES = 320 * 7 + 255 * 4


def check(row: dict) -> None:
    assert row["damaged"] > 0
    assert row["kinds"]["ok"] > 0
    for promise in ("wrong", "lost", "beyond_bound"):
        assert row[promise] == 0, row


@pytest.mark.parametrize("kind", KINDS)
def test_nothing_wrong_is_accepted_and_nothing_more_is_lost(kind):
    for seed, line in enumerate(line_stress.lines()[:: 1 if FRAMES else 5], 1):
        requests = FRAMES // 24 or 60
        check(line_stress.stress(kind, requests, line, 10 if FRAMES else 100, seed))


@pytest.mark.parametrize("kind", [MIXED, SECOND_MASTER])
def test_nothing_wrong_is_accepted_if_every_third_exchange_is_damaged(kind):
    for line in ((9600, "N", 0), (19200, "E", line_stress.LUMP_US), (115200, "O", 0)):
        row = line_stress.stress(kind, 250, line, 300)
        assert row["wrong"] == row["beyond_bound"] == 0 and row["damaged"] > 50, row


class Counted(Run):
    """Counts the lines of rtu.py that each stretch executes."""

    longest = 0

    def stretch(self, coroutine):
        self.lines = 0
        sys.settrace(self.call)
        try:
            return coroutine.send(None)
        finally:
            sys.settrace(None)
            self.longest = max(self.longest, self.lines)

    def call(self, frame, event, argument):
        return self.line_done if frame.f_code.co_filename.endswith("rtu.py") else None

    def line_done(self, frame, event, argument):
        self.lines += event == "line"
        return self.line_done


@pytest.mark.parametrize("kind", ["noise, like heads", "noise, long", MIXED, SECOND_MASTER])
def test_no_stretch_between_two_awaits_is_long(kind):
    run = Counted(kind, 115200, "N", 200, per_mille=300)
    run.run()
    assert 100 < run.longest <= MOST_LINES
