"""`tools/amprail demo`: the whole firmware on the simulated site, as a user runs it."""

import json
import re
import signal
import socket
import subprocess
import sys
import time

import pytest
from amprail_tools import ROOT

DEMO = [sys.executable, str(ROOT / "tools" / "amprail"), "demo"]


@pytest.fixture
def port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def begin(port, tmp_path):
    """Starts the demo; its temporary files are in tmp_path."""
    running = []

    def begin_demo(*arguments):
        command = [*DEMO, "--port", str(port), *map(str, arguments)]
        pipe = subprocess.PIPE
        environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path)}
        running.append(
            subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=environment)
        )
        return running[-1]

    yield begin_demo
    for process in running:
        if process.poll() is None:
            process.kill()
        process.communicate()


def refuses(port):
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", port), 1)


def test_it_ends_by_itself_with_one_line_of_what_was_true(begin, port, tmp_path):
    demo = begin("--chargers", 3, "--seconds", 4, "--seed", 7)
    result, told = demo.communicate(timeout=40)
    assert demo.returncode == 0, told
    assert result.count("\n") == 1
    summary = json.loads(result)
    assert summary["seconds"] == pytest.approx(4, abs=1)
    assert summary["seed"] == 7
    assert summary["seconds_above_limit_beyond_reaction"] == 0
    assert summary["readings"]["ok"] > 8
    assert summary["setpoints_received"] >= 3  # all are told to pause at first
    assert summary["ampere_hours_allowed"] > 0
    assert {"peak_ma", "ampere_hours_delivered", "share", "heap", "loop"} <= set(summary)
    assert f"http://127.0.0.1:{port}" in told
    assert re.search(r"^ +1\.\d s  a car plugs in at charger #\d: ", told, re.MULTILINE)
    assert list(tmp_path.iterdir()) == []
    refuses(port)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_within_2_s_and_nothing_is_left(begin, port, tmp_path, number):
    demo = begin("--chargers", 2)
    while "ready" not in demo.stderr.readline():
        assert demo.poll() is None
    sent = time.monotonic()
    demo.send_signal(number)
    result, told = demo.communicate(timeout=20)
    assert time.monotonic() - sent < 2
    assert demo.returncode == 0, told
    assert "peak_ma" in json.loads(result)
    assert list(tmp_path.iterdir()) == []
    refuses(port)


@pytest.mark.parametrize(
    "wrong",
    [("--chargers", "65"), ("--chargers", "0"), ("--seed", "x"), ("--latency-ms", "-1")],
)
def test_a_wrong_number_is_one_clear_line(begin, wrong):
    demo = begin(*wrong)
    result, told = demo.communicate(timeout=20)
    assert demo.returncode == 2
    assert result == ""
    assert told.count("\n") == 1
    assert wrong[0] in told
    assert wrong[1] in told


def test_a_port_in_use_is_one_clear_line(begin, port):
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        demo = begin()
        _, told = demo.communicate(timeout=20)
    assert demo.returncode == 2
    assert told.count("\n") == 1
    assert str(port) in told
