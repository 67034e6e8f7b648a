"""The command line of `tools/amprail`."""

import argparse
import importlib

from amprail_tools import Failure, UserError, say

DESCRIPTION = """\
Amprail shares a house's current among up to 64 EV chargers. This command runs its firmware on this
computer and tests it. It needs Python 3.11 and pip's package index; what else it needs it installs
into .venv in the checkout when first used."""

EPILOG = """\
Progress and logs go to stderr; the result of demo and run is one line of JSON on stdout.
Exit code: 0 clean, 2 your error (one line says which), 1 failure."""

# name -> (module, what `--help` says of it)
COMMANDS = {
    "demo": ("demo", "the firmware on a simulated site: house, meter, chargers and cars"),
    "run": ("run", "the firmware on a real site, on this computer"),
    "chargers": ("chargers", "find chargers on the network"),
    "test": ("testing", "every test"),
    "meters": ("meters", "find the meters on a serial line"),
    "sim": ("simulate", "the deciding core with a house and cars in virtual time"),
    "bench": ("bench", "speed and memory of the deciding core"),
    "keys": ("keys", "make the key that signs your devices' updates"),
    "power": ("power", "cut the power of a device's flash at every step"),
    "sign": ("sign", "build a signed update"),
    "ota": ("ota", "update a device over the network"),
    "build": ("build", "compile the device code to build/ and show its size"),
    "flash": ("flash", "MicroPython and Amprail onto a board, and its label"),
    "deploy": ("deploy", "the code of this checkout onto a board that runs it, for developers"),
}


class Parser(argparse.ArgumentParser):
    """Errors are one line and exit code 2."""

    def __init__(self, **options):
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def error(self, message: str):
        self.exit(2, f"{self.prog}: {message} ({self.prog} --help explains)\n")


def main(arguments: list[str]) -> int:
    """Runs the command; returns its exit code."""
    try:
        return _run(arguments)
    except UserError as error:
        say(str(error))
        return 2
    except Failure as error:
        say(str(error))
        return 1
    except KeyboardInterrupt:
        say("interrupted")
        return 1


def _run(arguments: list[str]) -> int:
    parsed = _parse(arguments)
    module = importlib.import_module("amprail_tools." + COMMANDS[parsed.command][0])
    if hasattr(module, "check"):
        module.check(parsed)
    from amprail_tools import environment

    environment.enter(arguments)
    return module.main(parsed)


def _parse(arguments: list[str]) -> argparse.Namespace:
    # argparse cannot hand on options that it does not know: pytest gets its own untouched
    if arguments[:1] == ["test"] and arguments[1:] not in (["-h"], ["--help"]):
        return argparse.Namespace(command="test", pytest_arguments=arguments[1:])
    parser = _parser(arguments)
    return parser.parse_args(arguments)


def _parser(arguments: list[str]) -> Parser:
    parser = Parser(prog="amprail", description=DESCRIPTION, epilog=EPILOG)
    commands = parser.add_subparsers(
        dest="command", metavar="COMMAND", required=True, title="commands"
    )
    for name, (module, text) in COMMANDS.items():
        command = commands.add_parser(name, help=text)
        if name in arguments:
            part = importlib.import_module("amprail_tools." + module)
            command.description = part.__doc__
            part.add_arguments(command)
    return parser
