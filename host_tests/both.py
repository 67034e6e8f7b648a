# For tests that run on both interpreters.

import asyncio
import os
import sys


def raises(kind, text: str, call, *args):
    """Calls; returns the exception of `kind`, whose message must contain `text`."""
    try:
        result = call(*args)
    except kind as error:
        assert text in str(error), f"{text!r} is not in {str(error)!r}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {result!r}")


def a_folder() -> str:
    """A new, empty folder, which the test removes."""
    try:
        from tempfile import mkdtemp
    except ImportError:  # under MicroPython a test runs in a folder that is made for it
        path = os.getcwd() + "/" + "".join(["%02x" % byte for byte in os.urandom(8)])
        os.mkdir(path)
        return path
    return mkdtemp(prefix="amprail-test-")


def run(coroutine):
    """Runs it in an event loop of its own; returns its result."""
    try:
        return asyncio.run(coroutine)
    finally:
        if sys.implementation.name == "micropython":  # it keeps tasks for the next run
            asyncio.new_event_loop()
