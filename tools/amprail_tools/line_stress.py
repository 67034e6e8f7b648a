"""The Modbus line with a damaged frame now and then: what it accepts, what it loses, how long it
takes.

The real `modbus.rtu.Line` in virtual time on a line that is exact to the byte
(bench_device/line_wire.py), with replies made by pymodbus. Every register tells which read and
which address it belongs to, so nothing wrong can be taken for right. One exchange in a hundred is
damaged, at eight bauds and three parities, every second of these behind a USB dongle that hands
bytes over every 16 ms. How long the loop is kept is measured on MicroPython's Unix port.
"""

import json
import multiprocessing
import struct
import sys
import tempfile
from itertools import product
from pathlib import Path

from amprail_tools import say, use_device_code

LUMP_US = 16_000
ESP32_TIMES = (60, 90)  # an ESP32 beside the Unix port (bench.py)
SUMS = ("requests", "damaged", "wrong", "lost_damaged", "lost_next", "lost", "beyond_bound")
COLUMNS = (
    ("kind of fault", "kind", 20),
    ("requests", "requests", 9),
    ("damaged", "damaged", 9),
    ("wrong", "wrong", 7),
    ("lost: these", "lost_damaged", 13),
    ("the next", "lost_next", 10),
    ("others", "lost", 8),
    ("longest read", "longest_ms", 14),
    ("too long", "beyond_bound", 10),
    ("stretch us", "stretch_us", 12),
)
PROGRAM = """\
import sys
sys.path[:0] = sys.argv[1:4]
import line_stretch
line_stretch.main()
"""


def use_bench_device() -> None:
    """Makes the line of this bench importable."""
    from amprail_tools.environment import device_sources

    use_device_code()
    for folder in (str(device_sources()), str(Path(__file__).parent / "bench_device")):
        if folder not in sys.path:
            sys.path.insert(1, folder)
    import micropython  # noqa: F401  # what CPython's `time` and `asyncio` lack


class Unit:
    """pymodbus' framer and PDUs in the place of a meter."""

    def __init__(self):
        from pymodbus.framer import FramerRTU
        from pymodbus.pdu import DecodePDU, register_message

        self._framer = FramerRTU(DecodePDU(True))
        self._replies = {
            3: register_message.ReadHoldingRegistersResponse,
            4: register_message.ReadInputRegistersResponse,
        }

    def reply_to(self, frame: bytes, number: int) -> bytes | None:
        from line_run import registers
        from pymodbus.exceptions import ModbusIOException

        try:
            used, pdu = self._framer.handleFrame(frame, 0, 0)
        except ModbusIOException:
            return None
        if pdu is None or used != len(frame) or pdu.function_code not in self._replies:
            return None
        data = registers(number, pdu.address, pdu.count)
        values = list(struct.unpack(f">{pdu.count}H", data))
        reply = self._replies[pdu.function_code](registers=values, dev_id=pdu.dev_id)
        return self._framer.buildFrame(reply)

    def seal(self, content: bytes) -> bytes:
        return bytes(content) + self._framer.compute_CRC(content).to_bytes(2, "big")


def lines() -> list[tuple]:
    """Every (baud, parity, lump_us)."""
    from line_run import BAUDS, PARITIES

    both = product(BAUDS, PARITIES)
    return [(*line, LUMP_US if number % 2 else 0) for number, line in enumerate(both)]


def stress(kind: str, requests: int, line: tuple, per_mille: int = 10, seed: int = 1) -> dict:
    """One kind of fault on one line."""
    use_bench_device()
    from line_run import Run

    baud, parity, lump_us = line
    run = Run(kind, baud, parity, requests, per_mille=per_mille, seed=seed, lump_us=lump_us)
    unit = Unit()
    run.reply_to, run.seal = unit.reply_to, unit.seal
    return {"kind": kind, "baud": baud, "parity": parity, **run.run()}


def _stress(arguments: tuple) -> dict:
    return stress(*arguments)


def measure(requests: int) -> dict:
    """`requests` of each kind over all lines together, with progress."""
    use_bench_device()
    from line_faults import KINDS

    where = lines()
    each = -(-requests // len(where))
    rows = []
    with multiprocessing.get_context("fork").Pool() as pool:
        for kind in KINDS:
            jobs = [(kind, each, line, 10, seed) for seed, line in enumerate(where, 1)]
            rows.append(total(pool.map(_stress, jobs, chunksize=1)))
            say(f"{kind}: {rows[-1]['requests']} requests, {rows[-1]['wrong']} wrong values")
    for kind, us in stretches().items():
        next(row for row in rows if row["kind"] == kind)["stretch_us"] = us
    return {"rows": rows}


def total(rows: list[dict]) -> dict:
    """The rows of one kind together."""
    kinds = {}
    for row in rows:
        for outcome, count in row["kinds"].items():
            kinds[outcome] = kinds.get(outcome, 0) + count
    sums = {key: sum(row[key] for row in rows) for key in SUMS}
    longest_ms = max(row["longest_ms"] for row in rows)
    return {"kind": rows[0]["kind"], **sums, "longest_ms": longest_ms, "kinds": kinds}


def stretches(*kinds: str) -> dict[str, int]:
    """The longest stretch of the line's code on the Unix port in us, for each kind."""
    from amprail_tools.bench import interpreters, output
    from amprail_tools.build import build

    with tempfile.TemporaryDirectory() as folder:
        start, folders = interpreters(build() / "modules", Path(folder))["micropython"]
        return json.loads(output([*start, "-c", PROGRAM, *folders, *kinds]))


def text(result: dict) -> str:
    """The table."""
    first = COLUMNS[0]
    head = f"{first[0]:<{first[2]}}"
    head += "".join(f"{name:>{width}}" for name, _, width in COLUMNS[1:])
    table = []
    for row in result["rows"]:
        cells = [f"{row[key]:>{width}}" for _, key, width in COLUMNS[1:]]
        table.append(f"{row['kind']:<{first[2]}}" + "".join(cells))
    stretch_us = max(row["stretch_us"] for row in result["rows"])
    esp32 = "{:.1f}..{:.1f}".format(*(stretch_us * times / 1000 for times in ESP32_TIMES))
    notes = [
        "wrong: values accepted that are not the answer to this read",
        "lost: readings without a value: damaged ones, those right behind them, and others",
        "longest read in ms; too long: reads beyond the bound that `read_registers` states",
        f"stretch: the longest between two awaits, on the Unix port; an ESP32 takes {esp32} ms",
    ]
    return "\n".join([head, *table, "", *notes])
