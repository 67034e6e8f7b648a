# Times one scenario, on CPython and MicroPython; what it finds is one line of JSON on stdout.
#
# The last three arguments: the scenario, the number of chargers, how many calls. MicroPython puts
# the frames of larger functions on its heap and looks for a place from the start of it: `room` is
# memory from there that is let go at last, so that it makes no difference what else was kept.

import gc
import json
import sys
import time

import micropython
from balance.cycle import Cycle
from bench_scenarios import PARTS, Scenario, bytes_per_charger

MICROPYTHON = sys.implementation.name == "micropython"


def main(room: list) -> None:
    name, count, calls = sys.argv[-3], int(sys.argv[-2]), int(sys.argv[-1])
    found = {
        "version": ".".join(str(number) for number in sys.implementation.version[:3]),
        "bytes_per_charger": bytes_per_charger(),
        "heap_bytes_per_charger": heap_bytes_per_charger(),
    }
    scenario = Scenario(name, count)
    room.clear()
    found["rows"] = [measured(scenario, part, calls) for part in PARTS]
    print(json.dumps(found))


def measured(scenario, part: str, calls: int) -> dict:
    """What is found out about one part of the core."""
    prepare, call = scenario.timed(part)
    row = {"part": part}
    row.update(spread(times_us(prepare, call, calls)))
    row["allocated_bytes"] = allocated(prepare, call)
    row["passes_heap_lock"] = passes_locked(prepare, call)
    return row


def spread(times: list) -> dict:
    times = sorted(times)
    last = len(times) - 1
    return {"median_us": times[last // 2], "p90_us": times[last * 9 // 10]}


def times_us(prepare, call, calls: int) -> list:
    """Microseconds of each call but the first, which warms up."""
    times = [0] * (calls + 1)
    gc.collect()
    gc.disable()
    for number in range(calls + 1):
        prepare()
        times[number] = _one_us(call)
    gc.enable()
    return times[1:]


def passes_locked(prepare, call) -> bool:
    """True if a call gets by without any heap; CPython cannot lock it."""
    prepare()
    micropython.heap_lock()
    try:
        call()
        return True
    except MemoryError:
        return False
    finally:
        micropython.heap_unlock()


def heap_bytes_per_charger() -> int:
    """What a core takes more for each charger more; 0 on CPython, which does not say."""
    return (_core_bytes(192) - _core_bytes(64)) // 128 if MICROPYTHON else 0


def _core_bytes(capacity):
    gc.collect()
    before = gc.mem_alloc()
    core = Cycle(capacity)
    gc.collect()
    return gc.mem_alloc() - before + 0 * core.rows.count  # it has to live until here


if MICROPYTHON:

    def _one_us(call):
        begin = time.ticks_us()
        call()
        return time.ticks_diff(time.ticks_us(), begin)

    def allocated(prepare, call) -> int:
        """Bytes of heap that a call takes, given back or not."""
        prepare()
        gc.collect()
        gc.disable()
        before = gc.mem_alloc()
        call()
        taken = gc.mem_alloc() - before
        gc.enable()
        return taken

else:

    def _one_us(call):
        begin = time.perf_counter_ns()
        call()
        return (time.perf_counter_ns() - begin) / 1000

    def allocated(prepare, call) -> int:
        """The most bytes that a call holds at a time: on CPython every integer is an object."""
        import tracemalloc

        prepare()
        tracemalloc.start()
        call()
        peak = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return peak
