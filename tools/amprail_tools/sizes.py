"""The size table of a build, and what has changed since the last one."""

import json

from amprail_tools.store import STORE

KEPT = "sizes.json"


def report(board: str, rows: list[tuple[str, int]], ram: dict[str, int]) -> None:
    """Prints bytes by package, the change since the last build that differed, and RAM if known."""
    before = _before(board, dict(rows))
    print("   bytes  change" + ("   RAM  (bytes of heap once imported, 64 bit)" if ram else ""))
    for name, size in rows:
        shown = f"{size:8}{_change(before, name, size):>8}"
        print(f"{shown}{ram.get(name, ''):7}  {name}" if ram else f"{shown}  {name}")
    for name in sorted(set(before or {}) - {name for name, _ in rows}):
        print(f"{0:8}{-before[name]:+8}{'       ' if ram else ''}  {name}")
    if ram:
        print(f"RAM in all: {sum(ram.values())}")


def _change(before: dict | None, name: str, size: int) -> str:
    if before is None:
        return ""
    change = size - before.get(name, 0)
    return f"{change:+}" if change else "="


def _before(board: str, now: dict[str, int]) -> dict[str, int] | None:
    """Sizes of the last build that was another one; None: there is none."""
    STORE.mkdir(exist_ok=True)
    path = STORE / KEPT
    try:
        kept = json.loads(path.read_text())
        last, before = kept.get(board, [None, None])
    except (OSError, ValueError, AttributeError, TypeError):
        kept, last, before = {}, None, None
    if last != now:
        before = last
        kept[board] = [now, before]
        path.write_text(json.dumps(kept))
    return before
