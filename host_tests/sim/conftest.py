"""A thread with an event loop for what lives in one."""

import pytest
from amprail_tools.sim.loop_thread import LoopThread


@pytest.fixture
def thread():
    thread = LoopThread("test")
    yield thread
    thread.stop()
