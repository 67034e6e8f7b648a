"""Coverage-guided fuzzing of the HTTP client's reader and of what drivers make of what it read.

Not part of the tests: atheris (pip install atheris) has an engine of its own and no end. Run

    python host_tests/fuzz/http_reader.py -max_total_time=60 [folder with a corpus]

The first byte says where the reply is cut into pieces, the rest is the reply.
"""

import asyncio
import sys
from pathlib import Path

import atheris  # pyright: ignore[reportMissingImports]

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT / "tools" / "amprail_tools" / "cpython"), str(ROOT / "lib")]
sys.path.append(str(ROOT / "host_tests" / "unit"))

with atheris.instrument_imports(include=["net", "chargers"]):
    from chargers.answer import Answer
    from chargers.fields import squeeze
    from drivers import STATES, load
    from net.http_client import Client, HttpError

SIZE = 256
DRIVERS = [(load(name), path) for name, (path, _, _) in STATES.items()]
KEEP = ("state", "pilot", "vehicle", "shaper")


class Replayed(Client):
    """The client with the bytes of a reply instead of a socket."""

    def __init__(self):
        super().__init__(SIZE, squeeze)
        self.left, self.piece = b"", 1

    def _connect(self, host, port, timeout_ms):
        pass

    async def send(self, data):
        pass

    async def receive(self, begin, may_end=False):
        room = len(self.buffer) - begin
        if room <= 0:
            raise OSError(105, "")
        now, self.left = self.left[: min(self.piece, room)], self.left[min(self.piece, room) :]
        if not now and not may_end:
            raise OSError(0, "")
        self.view[begin : begin + len(now)] = now
        return begin + len(now)


client = Replayed()
answer = Answer()


def one_reply(data: bytes) -> None:
    """Any reply is an answer of bounded length or an HttpError."""
    client.piece, client.left = 1 + (data[0] if data else 0), data[1:]
    keep = KEEP if client.piece % 2 else ()
    exchange = client.request("127.0.0.1", 80, "GET", "/", None, b"", 100, keep)
    try:
        status = asyncio.run(exchange)
    except HttpError:
        assert len(client.body) == 0
        return
    assert 200 <= status <= 599 and len(client.body) <= SIZE
    for driver, path in DRIVERS:
        try:
            answer.clear()
            driver.read(("GET", path, None), status, client.body, answer, bytearray(8))
        except ValueError:
            continue
        assert 0 <= answer.state <= 5 or answer.allowed_ma >= 0 or answer.has_phases


atheris.Setup(sys.argv, one_reply)
atheris.Fuzz()
