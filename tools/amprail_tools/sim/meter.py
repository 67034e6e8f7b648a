"""A meter on a slow line. pymodbus reads the requests and makes the replies."""

import asyncio
import random
from collections import deque

from pymodbus.constants import ExcCodes
from pymodbus.exceptions import ModbusIOException
from pymodbus.framer import FramerRTU
from pymodbus.pdu import DecodePDU, ExceptionResponse
from pymodbus.simulator.simcore import SimCore

from .meter_registers import VOLTAGE_V, registers_of

# The functions of an SDM630; the other meters know these as well.
FUNCTIONS = (3, 4, 16)


# pymodbus' own serial server finds frames without their timing and so loses the request after a
# damaged one; a real meter drops what it has at 3.5 characters of silence, and so does this one.
# Its framer, decoder and data store are used as they are.
class Meter:
    """Answers on `line` with the currents that `truth()` gives: 3 signed mA.

    type: a name of the survey of meters (meter_registers.py; ValueError for another); one of a
    single phase is on `phase`. The values change only at a refresh (refresh_s), with noise_a of
    noise on each phase: uniform, or gaussian with that standard deviation. latency_s: (shortest,
    longest) time to answer. Other addresses are not answered. `next_refresh`: when (loop time).
    `shown_ma`: what it shows until then; `told`: the last replies, (loop time of their last byte,
    3 mA).
    """

    def __init__(
        self,
        line,
        truth,
        *,
        address=1,
        refresh_s=1.0,
        noise_a=0.2,
        gaussian=False,
        seed=1,
        type="eastron_sdm630",
        phase=1,
    ):
        self.line = line
        self.truth = truth
        self.address = address
        self.refresh_s = refresh_s
        self.noise_a = noise_a
        self.gaussian = gaussian
        self.latency_s = (0.020, 0.060)
        self.next_refresh = 0.0
        self.told = deque(maxlen=400)
        self.shown_ma = [0, 0, 0]
        self.requests = self.replies = 0
        self._silent = False
        self._random = random.Random(seed)
        self._registers = registers_of(type, phase)
        self._framer = FramerRTU(DecodePDU(True))
        self._store = SimCore(self._registers.device(address))
        self._buffer = bytearray()
        self._end_of_frame = self._task = None
        self._answers = set()

    def start(self) -> None:
        self.line.receive = self._received
        self._task = asyncio.get_running_loop().create_task(self._run())

    def stop(self) -> None:
        self.line.receive = lambda data: None
        for task in (self._task, self._end_of_frame, *self._answers):
            if task:
                task.cancel()

    def silence(self, silent: bool) -> None:
        """A meter without power, or its cable cut behind the dongle: it hears and says nothing."""
        self._silent = silent

    async def _run(self):
        loop = asyncio.get_running_loop()
        self.next_refresh = loop.time()
        while True:
            self.refresh()
            self.next_refresh = max(self.next_refresh + self.refresh_s, loop.time())
            await asyncio.sleep(self.next_refresh - loop.time())

    def refresh(self) -> None:
        """Takes the currents as they are now; this is what is read until the next refresh."""
        amperes = [ma / 1000 + self._noise_a() for ma in self.truth()]
        self.shown_ma = [round(1000 * ampere) for ampere in amperes]
        volts = [VOLTAGE_V + self._random.uniform(-1, 1) for _ in amperes]
        watts = [volt * ampere for volt, ampere in zip(volts, amperes, strict=True)]
        self._registers.fill(volts, amperes, watts)

    def _noise_a(self):
        if self.gaussian:
            return self._random.gauss(0, self.noise_a)
        return self._random.uniform(-1, 1) * self.noise_a

    def _received(self, data):
        if self._end_of_frame:
            self._end_of_frame.cancel()
        self._buffer += data
        silence_s = max(3.5 * self.line.character_s, 0.00175)
        loop = asyncio.get_running_loop()
        self._end_of_frame = loop.call_later(silence_s, self._frame_ended)

    def _frame_ended(self):
        frame, self._buffer = bytes(self._buffer), bytearray()
        if not self._silent:
            answer = asyncio.get_running_loop().create_task(self._answer(frame))
            self._answers.add(answer)
            answer.add_done_callback(self._answers.discard)

    async def _answer(self, frame):
        reply = await self._reply_to(frame)
        if reply is None:
            return
        self.requests += 1
        shown_ma = self.shown_ma
        await asyncio.sleep(self._random.uniform(*self.latency_s))
        if not self._silent:
            self.replies += 1
            self.line.reply(frame, self._framer.buildFrame(reply))
            self.told.append((self.line.sent_until, shown_ma))

    async def _reply_to(self, frame):
        try:
            _, request = self._framer.handleFrame(frame, 0, 0)
        except ModbusIOException as error:  # a frame whose content makes no sense
            if error.dev_id != self.address:
                return None
            reply = ExceptionResponse(frame[1], ExcCodes.ILLEGAL_VALUE)
        else:
            if request is None or request.dev_id != self.address:
                return None
            reply = await self._reply_to_request(request)
        reply.dev_id = self.address
        return reply

    async def _reply_to_request(self, request):
        if request.function_code in FUNCTIONS:
            return await request.datastore_update(self._store, self.address)
        return ExceptionResponse(request.function_code, ExcCodes.ILLEGAL_FUNCTION)
