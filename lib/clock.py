# Time for the tasks. The deciding core takes stamps as arguments and needs nothing of this. What
# CPython lacks of it, the tools add there (tools/amprail_tools/cpython/micropython.py).

import asyncio
import time

from balance import ticks
from balance.ticks import MASK

add_ms = ticks.add_ms
diff_ms = ticks.diff_ms
sleep_ms = asyncio.sleep_ms


def now_ms() -> int:
    """This moment as a stamp that `diff_ms` compares."""
    return time.ticks_ms() & MASK  # pyright: ignore[reportOperatorIssue]
