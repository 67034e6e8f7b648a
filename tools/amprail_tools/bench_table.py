"""The result of `bench` as tables for people."""

PARTS = {"allocate": "the allocator alone", "cycle": "the whole cycle"}
INTERPRETERS = {"micropython": "MicroPython's Unix port", "cpython": "CPython"}


def text(result: dict) -> str:
    """A table for each part of the core and interpreter, and what is to be said about them."""
    lines = []
    for part, of_what in PARTS.items():
        for name, interpreter in INTERPRETERS.items():
            rows = [
                row for row in result["rows"] if row["part"] == part and row["interpreter"] == name
            ]
            lines.append(f"{interpreter} {result['versions'][name]}, {of_what}, a call:")
            lines += [_head(rows[0]), *map(_line, rows), ""]
    return "\n".join([*lines, *_notes(result)])


def _head(row: dict) -> str:
    head = (
        f"{'scenario':17}{'chargers':>8}{'us':>9}{'spread':>16}{'p90':>8}{'bytes':>7}{'growth':>8}"
    )
    if row["interpreter"] == "micropython":
        head += f"{'of target':>11}{'ESP32 ms':>14}{'instructions':>14}"
    return head


def _line(row: dict) -> str:
    spread = f"{row['lowest_us']:.0f}..{row['highest_us']:.0f}"
    line = f"{row['scenario']:17}{row['chargers']:8}{row['median_us']:9.0f}{spread:>16}"
    line += f"{row['p90_us']:8.0f}{row['allocated_bytes']:7}{row.get('growth', ''):>8}"
    if row["interpreter"] == "micropython":
        esp32 = "{:.1f}..{:.1f}".format(*row["esp32_ms"])
        line += f"{row.get('of_target', ''):>11}{esp32:>14}{row.get('instructions', ''):>14}"
    return line.rstrip()


def _notes(result: dict) -> list[str]:
    target = result["target"]
    failed = {row["scenario"] for row in result["rows"] if not row.get("passes_heap_lock", True)}
    locked = f"fails in {', '.join(sorted(failed))}" if failed else "passes"
    return [
        f"target: {target['us']} us with {target['chargers']} chargers, on the Unix port",
        "growth: the time beside that of the next smaller number of chargers",
        f"bytes: on the Unix port what a call leaves allocated; it {locked} under heap_lock()",
        "  on CPython the most it holds at a time: every integer is an object there",
        "ESP32 ms: an estimate, 60 to 90 times the Unix port",
        *_beside_warp(result),
    ]


def _beside_warp(result: dict) -> list[str]:
    warp = result["warp"]
    state = f"state: {result['bytes_per_charger']} bytes a charger in the arrays of the core, "
    state += f"{result['heap_bytes_per_charger']} on the Unix port's heap, WARP {warp['bytes']}"
    lines = [state]
    for row in result["rows"]:
        if row["part"] == "allocate" and row["scenario"] == warp["scenario"]:
            if "instructions" in row:
                times = row["instructions"] / warp["instructions"]
                lines.append(
                    f"instructions: {row['scenario']} with {row['chargers']} chargers takes "
                    f"{times:.1f} times the {warp['instructions']:,} of WARP's C++"
                )
    return lines
