"""What `tools/amprail meters` says to people."""

import json
import re

from amprail_tools import ROOT

NOTHING = """\
No meter answered. What it may be, the likeliest first:
  - A and B are swapped: swap the two wires and try again. Carlo Gavazzi and ABB label them the
    other way round.
  - The meter has no power, its RS485 is off, or set to another protocol (M-Bus, DL/T 645).
  - It has another address: try --all-addresses, best with --baud.
  - Another master (an inverter, a gateway) asks it already: there may be only one on the line.
  - A long line without 120 ohms between A and B at both ends, or a short one with too many."""


class Progress:
    """One line that is renewed on a terminal; elsewhere a line for each setting of the line."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._line = None

    def show(self, done: int, of: int, line: list, address: int) -> None:
        shown = f"{done + 1} of {of}: {setting(line)}, address {address}"
        if self._live:
            self._write(f"\r\x1b[K{shown}")
        elif line != self._line:
            self._write(f"amprail: {shown}\n")
        self._line = line

    def say(self, words: str) -> None:
        self._write(f"\r\x1b[K{words}\n" if self._live else f"amprail: {words}\n")

    def end(self) -> None:
        if self._live:
            self._write("\r\x1b[K")

    def _write(self, words):
        print(words, end="", file=self._stream, flush=True)


def setting(line: list) -> str:
    """A line's setting as people write it: 9600 8N1."""
    return f"{line[0]} 8{line[1]}{line[2]}"


def title(name: str) -> str:
    """What a meter type is called by its file: the first words of it."""
    lines = (ROOT / "lib" / "modbus" / "meters" / f"{name}.py").read_text().splitlines()
    comment = " ".join(line.removeprefix("#").strip() for line in lines[:4])
    return re.split(r"[.:] ", comment + " ", maxsplit=1)[0]


def heading(meter: dict) -> str:
    place = f"{setting(meter['line'])}, address {meter['address']}"
    return f"{_name(meter)}, {place}"


def _name(meter):
    if not meter["types"]:
        return "something that is no known meter"
    try:
        return title(meter["types"][0])
    except OSError:
        return meter["types"][0]


def text(found: list[dict], end: dict) -> str:
    """What is printed for people."""
    parts = [_text_of(meter) for meter in found]
    if not (found or end["error"] or end["interrupted"]):
        parts.append(NOTHING)
    for line in end["noisy"]:
        parts.append(
            f"Something talks here that is not readable at {setting(line)}: another speed or "
            "parity, another\nmaster, A and B swapped, or wires that pick up noise."
        )
    if end["foreign"]:
        parts.append(
            "Answers came from an address that was not asked: another master is on the line, or a "
            "meter takes\nlonger than half a second to answer."
        )
    if end["interrupted"]:
        parts.append("The search was ended early.")
    return "\n\n".join(parts)


def _text_of(meter):
    lines = [heading(meter)]
    for phase in range(3) if meter["phases"] else ():
        amperes = meter["phase_ma"][phase] / 1000
        volts, watts = meter["phase_v"][phase], meter["phase_w"][phase]
        lines.append(f"  L{phase + 1} {volts:5} V {amperes:9.3f} A {watts:7} W")
    lines += [f"  {hint}" for hint in _hints(meter)]
    if meter["phases"]:
        lines.append(f'  in site.json: "meter": {json.dumps(site(meter))}')
    return "\n".join(lines)


def site(meter: dict) -> dict:
    """The meter as site.json has it."""
    baud, parity, stop = meter["line"]
    place = {"address": meter["address"], "baud": baud, "parity": parity, "stop": stop}
    return {"type": meter["types"][0], **place}


def _hints(meter):
    if meter["trouble"]:
        yield f"It cannot be read: {meter['trouble']}"
    elif not meter["signed"]:
        yield "It does not say what it is; the type is taken from its values, which fit: check it."
    if len(meter["types"]) > 1:
        yield f"Looks alike: {', '.join(meter['types'][1:])}."
    if meter["setting"]:
        register, value, least, most = meter["setting"]
        wanted = str(least) if least == most else f"{least} or {most}"
        yield (
            f"Its register {register} is {value}, expected {wanted}: set so it does not tell "
            "feeding in from drawing."
        )
    if meter["everywhere"]:
        yield "It answers at every address: a gateway, or the only device on this line."
    if meter["phases"] == 1:
        yield 'One phase has a voltage. A meter of one phase needs "phase": 1 to 3, the grid\'s.'
    if meter["phases"] and any(watts < 0 for watts in meter["phase_w"]):
        yield 'Power below 0 is fed in. If nothing feeds in here, add "invert": true.'
