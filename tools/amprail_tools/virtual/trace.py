"""What a house drew, as it was measured."""

import csv

from .checks import Wrong, amps, shown, time


def read_trace(path) -> list:
    """[(ms, [3 mA]), ...] from a CSV file: time_s,l1_a,l2_a,l3_a. ValueError with one line."""
    columns = ("time_s", "l1_a", "l2_a", "l3_a")
    try:
        with open(path, newline="", encoding="utf-8") as file:
            rows = list(csv.reader(file))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"{path}: cannot be read: {error}") from None
    if not rows or tuple(cell.strip() for cell in rows[0]) != columns:
        raise ValueError(f"{path}: line 1: expected {','.join(columns)}")
    trace = [_trace_row(path, n, row) for n, row in enumerate(rows[1:], 2) if row]
    if [ms for ms, _ in trace] != sorted({ms for ms, _ in trace}):
        raise ValueError(f"{path}: time_s: expected each later than the one before")
    return trace


def _trace_row(path, n, row):
    try:
        seconds, *currents = [float(cell) for cell in row]
        return time(seconds), [amps(-2000, 2000)(current) for current in _all_three(currents)]
    except Wrong as wrong:
        raise ValueError(f"{path}: line {n}: {shown(row)}, expected {wrong}") from None
    except ValueError:
        raise ValueError(f"{path}: line {n}: {shown(row)}, expected four numbers") from None


def _all_three(currents):
    if len(currents) != 3:
        raise Wrong("four numbers")
    return currents
