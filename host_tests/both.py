# For tests that run on both interpreters.

import asyncio


def raises(kind, text: str, call, *args):
    """Calls; returns the exception of `kind`, whose message must contain `text`."""
    try:
        result = call(*args)
    except kind as error:
        assert text in str(error), f"{text!r} is not in {str(error)!r}"
        return error
    raise AssertionError(f"no {kind.__name__}, but {result!r}")


def run(coroutine):
    """Runs it in an event loop of its own; returns its result."""
    try:
        return asyncio.run(coroutine)
    finally:
        asyncio.new_event_loop()  # MicroPython keeps tasks for the next run
