"""Starting and ending the firmware as a process, with a firmware that does little."""

import io
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from amprail_tools import ROOT, Failure, UserError
from amprail_tools.launch import Firmware

APP = """\
import asyncio, sys, time

async def answer(reader, writer):
    while await reader.readline() not in (b"\\r\\n", b""):
        pass
    writer.write(b'HTTP/1.0 200 OK\\r\\n\\r\\n{"setpoints":3,"heap":{"used":1}}')
    await writer.drain()
    await writer.wait_closed()

async def until_stdin_closes():
    await asyncio.start_server(answer, "127.0.0.1", int(sys.argv[4]))
    print("serving")
    await asyncio.StreamReader(sys.stdin.buffer).read(1)
    print("ended by stdin")

def main(code_dir, data_dir, tries):
    kind = data_dir.rsplit("/", 1)[1]
    if kind == "refuses":
        print("site.json: no")
        return 2
    if kind == "silent":
        time.sleep(600)
    if kind == "chatty":
        for number in range(20000):
            print("line", number)
    if kind == "deaf":
        asyncio.create_task(hang())
    asyncio.run(until_stdin_closes())
    return 0

async def hang():
    await asyncio.sleep(0.3)
    time.sleep(600)
"""

PARENT = """\
import sys, time
sys.path.insert(0, sys.argv[1])
from amprail_tools.launch import Firmware
firmware = Firmware(sys.argv[2], sys.argv[3], None, int(sys.argv[4]))
firmware.start()
firmware.wait_ready()
print(firmware.pid, flush=True)
time.sleep(600)
"""


@pytest.fixture
def build_dir(tmp_path) -> Path:
    (tmp_path / "a" / "app").mkdir(parents=True)
    (tmp_path / "a" / "app" / "start.py").write_text(APP)
    shutil.copy(ROOT / "firmware" / "main.py", tmp_path)
    return tmp_path


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture
def firmware(build_dir, port):
    """Makes one of a kind; it is ended with the test."""
    made = []

    def make(kind="plain", log=None):
        data = build_dir / kind
        data.mkdir()
        made.append(Firmware(build_dir, data, None, port, log=log))
        made[-1].start()
        return made[-1]

    yield make
    for each in made:
        each.stop()


def alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"


def test_it_is_ready_when_it_answers(firmware):
    plain = firmware()
    assert 0 < plain.wait_ready() < 20
    assert plain.poll() is None
    assert plain.status()["setpoints"] == 3


def test_closing_its_stdin_ends_it_cleanly_and_soon(firmware):
    plain = firmware()
    plain.wait_ready()
    started = time.monotonic()
    assert plain.stop() == 0
    assert time.monotonic() - started < 1
    assert list(plain.lines) == ["serving", "ended by stdin"]


def test_one_that_does_not_listen_is_killed_within_two_seconds(firmware):
    deaf = firmware("deaf")
    deaf.wait_ready()
    time.sleep(0.5)
    started = time.monotonic()
    assert deaf.stop() == -signal.SIGKILL
    assert time.monotonic() - started < 2


def test_its_exit_code_while_starting_is_told(firmware):
    refusing = firmware("refuses")
    with pytest.raises(Failure, match="exit code 2"):
        refusing.wait_ready()
    assert refusing.stop() == 2
    assert list(refusing.lines) == ["site.json: no"]


def test_one_that_never_answers_is_a_failure(firmware):
    silent = firmware("silent")
    with pytest.raises(Failure, match=r"did not answer within 0\.5 s"):
        silent.wait_ready(timeout_s=0.5)
    assert silent.stop() == -signal.SIGKILL


def test_what_it_writes_goes_to_the_log(firmware):
    log = io.StringIO()
    plain = firmware(log=log)
    plain.wait_ready()
    plain.stop()
    assert log.getvalue() == "serving\nended by stdin\n"


def test_a_log_that_takes_nothing_does_not_hold_it_up(firmware):
    class Stuck:
        def write(self, text):
            time.sleep(600)

    chatty = firmware("chatty", log=Stuck())
    chatty.wait_ready(timeout_s=10)
    assert chatty.stop() == 0


def test_only_the_last_lines_are_kept(firmware):
    chatty = firmware("chatty")
    chatty.wait_ready()
    chatty.stop()
    assert len(chatty.lines) == 200
    assert chatty.lines[-1] == "ended by stdin"


def test_it_has_its_own_process_group_in_our_session(firmware):
    plain = firmware()
    assert os.getpgid(plain.pid) == plain.pid
    assert os.getsid(plain.pid) == os.getsid(0)


def test_the_summary_has_time_cpu_and_the_last_status(firmware):
    plain = firmware()
    plain.wait_ready()
    status = plain.status()
    time.sleep(0.3)
    plain.stop()
    summary = plain.summary(status)
    assert summary["exit"] == 0
    assert summary["setpoints"] == 3
    assert summary["heap"] == {"used": 1}
    assert 0.3 <= summary["seconds"] < 5
    assert 0 <= summary["cpu_user_ms_per_s"] < 1000


def test_it_ends_when_the_command_is_killed(build_dir, port):
    data = build_dir / "plain"
    data.mkdir()
    command = [sys.executable, "-c", PARENT, ROOT / "tools", build_dir, data, port]
    with subprocess.Popen(
        [str(part) for part in command],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as parent:
        pid = int(parent.stdout.readline())
        assert alive(pid)
        parent.kill()
    deadline = time.monotonic() + 2
    while alive(pid) and time.monotonic() < deadline:
        time.sleep(0.02)
    assert not alive(pid)


def test_a_path_too_long_for_micropython_is_named(build_dir, port):
    data = build_dir / ("x" * 150) / ("y" * 150)
    with pytest.raises(UserError, match="yyy: at most 255 bytes"):
        Firmware(build_dir, data, None, port)
