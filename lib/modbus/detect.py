# Finds the meters on a line: tries its settings and addresses, the likeliest first, and asks what
# answers for the signatures of `modbus.signatures`. It is needed once in a site's life: import it
# when it is wanted, and let it, `modbus.signatures` and `modbus.maps` go afterwards.
#
# Any whole frame of the address, also an exception or a wrong one, proves setting and address.
# Silence proves nothing: a slave that hears another speed sees garbage and says nothing.

import sys

from micropython import const
from modbus.decode import Reading
from modbus.maps import open_meter
from modbus.rtu import KINDS, Line, LineError
from modbus.signatures import SETTINGS, SIGNATURES, UNSIGNED

# Baud, parity and stop bits in the order of likelihood: what meters have ex works (the survey),
# the specification's 8E1, and what installers choose. Then addresses, likewise; 247 is the last
# there can be (a Sungrow's 254 is none, and it has no map). Likely at once besides the first one
# are these (baud, address): what meters have ex works, and a second meter.
LINES = (
    (9600, "N", 1),
    (9600, "E", 1),
    (19200, "E", 1),
    (19200, "N", 1),
    (115200, "N", 1),
    (38400, "N", 1),
    (2400, "N", 1),
    (19200, "N", 2),
    (115200, "N", 2),
    (38400, "E", 1),
    (4800, "N", 1),
    (57600, "N", 1),
    (115200, "E", 1),
    (57600, "E", 1),
    (9600, "N", 2),
    (1200, "N", 1),
    (2400, "E", 1),
    (4800, "E", 1),
    (9600, "O", 1),
    (19200, "O", 1),
)
ADDRESSES = (1, 2, 126, 33, 11, 5, 247)
_EX_WORKS = ((19200, 126), (115200, 33), (9600, 11), (9600, 2))

# Carlo Gavazzi guarantees an answer within 500 ms; nobody documents more.
_TIMEOUT_MS = const(500)

# What answers here answers everywhere: a gateway, or a slave that does not look at the address.
_NOBODY = const(246)
_NOBODY_EITHER = const(231)

# A SunSpec meter begins at one of three registers, and looks at one with each reading.
_SUNSPEC_BASES = const(3)

# A phase that is connected; the meter's own check has seen to it that no other has a current.
_LEAST_V = const(150)

# Apparent power bounds the active one; meters round, and read one after the other.
_TOLERANCE_PCT = const(110)
_TOLERANCE_W = const(30)

_ALIVE = ("ok", "exception", "function", "length")
_DAMAGED = ("crc", "truncated", "noise")
_NOISE = KINDS.index("noise")


class Found(Reading):
    """Something that answers at `address` of `line`: (baud, parity, stop bits).

    types: the meter types it may be, the likeliest first; several if their registers, or what
    is in them, look alike. signed: by a signature; else by what is in the registers alone. phases:
    how many have a voltage; `volts`, `phase_ma` and `phase_w`, three each, were read as the first
    type and belong together. 0: they do not, and `trouble` says why; refused: this type cannot be
    used at all. setting: None, or (register, value, least, most) of a setting of the meter that
    takes the sign from its powers. everywhere: it answers at any address.
    """

    def __init__(self, line: tuple, address: int):
        super().__init__()
        self.line = line
        self.address = address
        self.types = []
        self.phases = 0
        self.signed = self.refused = self.everywhere = False
        self.trouble = ""
        self.setting = None


class Search:
    """A search on one line, by `run`, once.

    `open_port(baud, parity, stop)` gives a port as `modbus.rtu.Line` wants it. The search must be
    alone on the line: cancel what reads the meter, then call its `Line.close()`, and let it read
    again when `run` is over. `found(Found)` is called with each meter once it is known,
    `progress(done, of, line, address)` before each address is tried; neither may wait.

    `noisy` has the lines on which something came that could not be read: another speed or parity
    is spoken there, or the wires pick something up. `foreign` counts whole frames of an address
    that was not asked: there is another master, or a slave that answers too late.
    """

    def __init__(self, open_port, found, progress=None):
        self.noisy = []
        self.foreign = 0
        self._open_port = open_port
        self._found = found
        self._progress = progress
        self._done = self._of = 0
        self._setting = LINES[0]
        self._port = None
        self._hits = 0
        self._everywhere = False
        self._places = []  # (baud, parity, address) of what has answered

    async def run(self, lines=LINES, addresses=ADDRESSES) -> None:
        """Tries the likely addresses on all lines, then the others; where something answers, the
        others at once. The port is closed at the end, also if cancelled. OSError if it cannot be
        opened or is gone."""
        self._of = len(lines) * len(addresses)
        finished = []
        for likely in (True, False):
            for line in lines:
                if line not in finished and await self._walk(line, addresses, likely):
                    finished.append(line)

    # Tries the likely addresses of a line or the others; True if none is left.
    async def _walk(self, line, addresses, likely):
        self._setting = line
        self._hits = 0
        self._everywhere = False
        self._port = self._open_port(line[0], line[1], line[2])
        try:
            for address in addresses:
                if _is_likely(line[0], address, addresses) == likely:
                    await self._try(address)
            if likely and self._hits:
                for address in addresses:
                    if not _is_likely(line[0], address, addresses):
                        await self._try(address)
        finally:
            self._port.close()
            self._port = None
        return self._hits or not likely

    async def _try(self, address):
        if self._progress:
            self._progress(self._done, self._of, self._setting, address)
        self._done += 1
        # A receiver looks at the first stop bit only, so a meter answers with one and with two
        place = self._setting[0], self._setting[1], address
        if self._everywhere or place in self._places:
            return
        if await self._answers(address):
            self._places.append(place)
            self._hits += 1
            if self._hits == 1:
                everywhere = await self._answers(_NOBODY) and await self._answers(_NOBODY_EITHER)
                self._everywhere = everywhere
            await self._recognise(address)

    # A damaged answer may be bad luck, so it is asked for once more where there is no noise.
    async def _answers(self, address):
        again = self._setting not in self.noisy
        kind = await self._ask(address)
        if kind in _DAMAGED and again:
            kind = await self._ask(address)
        if kind == "unit":
            self.foreign += 1
        elif kind in _DAMAGED and self._setting not in self.noisy:
            self.noisy.append(self._setting)
        return kind in _ALIVE

    async def _ask(self, address):
        line = self._line()
        try:
            await line.read_registers(address, 3, 0xFC02, 2, _TIMEOUT_MS)
        except LineError as error:
            if error.kind == "gone":
                raise
            if error.kind == "timeout" and line.counts[_NOISE]:
                return "noise"
            return error.kind
        return "ok"

    # A line of its own for each question: none is kept waiting for what the last one may still
    # cause, since that cannot come after so long a time-out.
    def _line(self):
        return Line(self._get_port, self._setting[0], self._setting[1], self._setting[2])

    def _get_port(self):
        return self._port

    async def _recognise(self, address):
        found = None
        asked = data = None
        end = -1
        while end + 1 < len(SIGNATURES):  # split("\n") would take 3 KB more
            begin = end + 1
            end = SIGNATURES.find("\n", begin)
            function, start, count, answer, types = SIGNATURES[begin:end].split(" ", 4)
            question = int(function), int(start), int(count)
            if question != asked:
                asked = question
                data = await self._registers(address, *question)
            if data and _is(data, answer):
                trial = await self._best(address, types.split())
                trial.signed = True
                if found is None or trial.phases:
                    found = trial
                if trial.phases or trial.refused:
                    break
        if found is None or not (found.phases or found.refused):
            trial = await self._best(address, UNSIGNED.split())
            if found is None or trial.phases:
                found = trial
                found.types = found.types if trial.phases else []
        found.everywhere = self._everywhere
        await self._look_at_setting(found)
        self._found(found)

    # The registers' bytes; none if they are not to be had.
    async def _registers(self, address, function, start, count):
        try:
            line = self._line()
            return bytes(await line.read_registers(address, function, start, count, _TIMEOUT_MS))
        except LineError as error:
            if error.kind == "gone":
                raise
        return b""

    # Reads with each type. Gives what the best one found, which has the most phases, with the
    # names of all that found as many.
    async def _best(self, address, types):
        best = None
        for name in types:
            trial = Found(self._setting, address)
            try:
                await self._measure(name, trial)
            except LineError as error:
                if error.kind == "gone":
                    raise
                trial.trouble = str(error)
            except ValueError as error:
                trial.trouble = str(error)
                trial.refused = True
            finally:
                _forget("modbus.meters", name)
                _forget("modbus", name)
            if best is None or trial.phases > best.phases:
                best = trial
                best.types = [name]
            elif trial.phases == best.phases:
                best.types.append(name)
        return best

    async def _measure(self, name, trial):
        settings = {"type": name, "address": trial.address, "invert": False, "phase": 1}
        meter = open_meter(self._line(), settings)
        left = _SUNSPEC_BASES if name == "sunspec" else 1
        while left:
            try:
                await meter.read(trial)  # pyright: ignore[reportAttributeAccessIssue]
                break
            except LineError as error:
                left -= 1
                if not left or error.kind == "gone":
                    raise
        phases = 0
        for phase in range(3):
            volts = trial.phase_v[phase]
            apparent = abs(trial.phase_ma[phase]) // 10 * volts // 100
            power = trial.phase_w[phase]
            if abs(power) > apparent * _TOLERANCE_PCT // 100 + _TOLERANCE_W:
                text = "L%d has %d W at %d mA and %d V, expected at most their product"
                trial.trouble = text % (phase + 1, power, trial.phase_ma[phase], volts)
                return
            phases += volts >= _LEAST_V
        trial.phases = phases

    # Whether the meter is set so that its powers have a sign.
    async def _look_at_setting(self, found):
        for name, register, least, most in SETTINGS:
            if name in found.types[:1]:
                data = await self._registers(found.address, 3, register, 1)
                value = data[0] << 8 | data[1] if data else least
                if not least <= value <= most:
                    found.setting = register, value, least, most


def _is_likely(baud, address, addresses):
    return address == addresses[0] or (baud, address) in _EX_WORKS


# Whether the registers are the answer of a line of SIGNATURES.
def _is(data, answer):
    if answer[0] == '"':
        return data.find(answer[1:].encode()) >= 0
    if answer[0] == "x":
        return data.find(bytes.fromhex(answer[1:])) >= 0
    least, _, most = answer.partition("-")
    return int(least) <= data[0] << 8 | data[1] <= int(most or least)


def _forget(package, name):
    sys.modules.pop(package + "." + name, None)
    if hasattr(sys.modules.get(package), name):
        delattr(sys.modules[package], name)
