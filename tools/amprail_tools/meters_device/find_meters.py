# Runs the search of `modbus.detect` on this computer's Unix port, through the board's own port, as
# `run` reads a meter. The first line of stdin is the task; it ends when stdin is closed. Each line
# of stdout is JSON: what is tried, a meter that was found, at last how it ended.

import asyncio
import json
import sys

from boards.linux import board
from modbus.detect import ADDRESSES, LINES, Search


def say(**words):
    print(json.dumps(words))


def show(found):
    say(
        found={
            "line": found.line,
            "address": found.address,
            "types": found.types,
            "signed": found.signed,
            "refused": found.refused,
            "everywhere": found.everywhere,
            "phases": found.phases,
            "trouble": found.trouble,
            "setting": found.setting,
            "phase_v": list(found.phase_v),
            "phase_ma": list(found.phase_ma),
            "phase_w": list(found.phase_w),
        }
    )


def progress(done, of, line, address):
    say(trying=[done, of, line, address])


async def main():
    task = json.loads(sys.stdin.readline())
    lines = [line for line in LINES if line[0] in (task["bauds"] or [line[0]])]

    def open_port(baud, parity, stop):
        return board.open_port(task["serial"], baud, parity, stop)

    search = Search(open_port, show, progress)
    searching = asyncio.create_task(search.run(lines, task["addresses"] or ADDRESSES))
    ending = asyncio.create_task(end(searching))
    error = None
    try:
        await searching
    except asyncio.CancelledError:
        pass
    except OSError as reason:
        error = str(reason)
    ending.cancel()
    say(end={"noisy": search.noisy, "foreign": search.foreign, "error": error})


async def end(searching):
    await board.ended()
    searching.cancel()
