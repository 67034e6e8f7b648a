"""The command: what it says and how it ends when it cannot start, and its manners."""

import json
import os
import pty
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.latency import free_port

AMPRAIL = [sys.executable, str(ROOT / "tools" / "amprail")]
SITE = {"limit_ma": 63000, "supply_ma": 63000, "meter": {"type": "eastron_sdm630"}}


def amprail(*arguments, **options) -> subprocess.CompletedProcess:
    command = [*AMPRAIL, *map(str, arguments)]
    return subprocess.run(
        command, capture_output=True, text=True, timeout=60, check=False, **options
    )


def refused(*arguments, **options) -> str:
    """The one line with which it refuses to start."""
    done = amprail(*arguments, **options)
    assert done.returncode == 2, done.stderr
    assert done.stdout == ""
    lines = done.stderr.splitlines()
    assert len(lines) == 1, done.stderr
    assert lines[0].startswith("amprail"), done.stderr
    return lines[0]


@pytest.fixture
def data(tmp_path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "chargers.jsonl").write_text("")
    write_site(folder, meter=None)
    return folder


def write_site(folder: Path, **changes) -> None:
    (folder / "site.json").write_text(json.dumps({**SITE, **changes}))


@pytest.fixture
def port() -> int:
    return free_port()


def test_a_device_without_a_password_is_not_opened_to_the_network(data):
    assert "has no password yet" in refused("run", "--data", data, "--listen", "0.0.0.0")
    for address in ("everywhere", "1.2.3", "::", "1.2.3.4:80"):
        assert "is not an IPv4 address" in refused("run", "--data", data, "--listen", address)
    (data / "claim").write_text("abcd1234efgh5678")
    line = refused("run", "--data", data, "--listen", "203.0.113.7")
    assert "not an address of this computer" in line


@pytest.mark.parametrize("command", [[], ["demo"], ["run"], ["meters"], ["test"], ["build"]])
def test_help_explains_on_every_level(command):
    done = amprail(*command, "--help")
    assert done.returncode == 0
    assert done.stdout.startswith(" ".join(["usage: amprail", *command]))
    assert len(done.stdout) > 250


def test_a_missing_or_wrong_command_names_the_known_ones():
    assert "COMMAND" in refused()
    assert "choose from 'demo', 'run', " in refused("flsh")


@pytest.mark.parametrize("command", ["demo", "run", "build"])
def test_a_wrong_flag_is_named(command, data):
    needed = ["--data", data] if command == "run" else []
    assert "--bogus" in refused(command, *needed, "--bogus")


def test_flags_are_not_guessed_from_their_beginning(data):
    assert "--dat" in refused("run", "--dat", data)


@pytest.mark.parametrize(
    ("flag", "value"),
    [
        ("--port", "0"),
        ("--port", "65536"),
        ("--port", "http"),
        ("--seconds", "0"),
        ("--seconds", "-5"),
        ("--seconds", "nan"),
        ("--seconds", "soon"),
        ("--heap", "10"),
        ("--heap", "160K"),
        ("--micropython", "/dev/null"),
        ("--micropython", "missing"),
    ],
)
def test_a_wrong_value_is_named_with_its_flag(data, flag, value):
    line = refused("run", "--data", data, flag, value)
    assert f"argument {flag}" in line
    assert repr(value) in line


def test_run_needs_data():
    assert "--data" in refused("run")


def test_a_data_folder_that_is_not_there(tmp_path):
    assert "no such folder" in refused("run", "--data", tmp_path / "nowhere")


def test_a_data_folder_without_a_site_file_is_for_the_page_to_fill(data, port):
    (data / "site.json").unlink()
    done = amprail("run", "--data", data, "--port", str(port), "--seconds", "1")
    assert done.returncode == 0, done.stderr
    assert "no site.json: nothing is raised" in done.stderr
    assert json.loads(done.stdout)["budget_ma"] == [0, 0, 0]


@pytest.mark.parametrize(
    ("content", "named"),
    [
        (b"", "site.json"),
        (b"[]", "site.json"),
        (b"{", "site.json"),
        (b'{"limit_ma": "\xff"}', "site.json"),
        (b'{"supply_ma": 63000, "meter": null}', "limit_ma"),
        (b'{"limit_ma": 63, "supply_ma": 63000, "meter": null}', "limit_ma"),
        (b'{"limit_ma": 63000, "supply_ma": 1e99, "meter": null}', "supply_ma"),
        (b'{"limit_ma": 63000, "supply_ma": 63000, "meter": {"parity": "X"}}', "parity"),
        (b"[" * 100_000, "site.json"),
    ],
)
def test_a_wrong_site_file_is_named_with_its_key(data, content, named):
    (data / "site.json").write_bytes(content)
    assert named in refused("run", "--data", data)


def test_the_line_about_a_wrong_value_has_key_value_and_range(data):
    write_site(data, meter=None, limit_ma=15999)
    line = refused("run", "--data", data)
    assert all(word in line for word in ("site.json", "limit_ma", "15999", "16000", "524000"))


def test_a_meter_needs_a_serial_device(data):
    write_site(data)
    assert "--serial" in refused("run", "--data", data)


def test_a_serial_device_that_is_not_there(data):
    write_site(data)
    assert "/dev/ttyUSB99: no such device" in refused(
        "run", "--data", data, "--serial", "/dev/ttyUSB99"
    )


@pytest.mark.parametrize(
    ("meter", "sentence"),
    [
        (
            {"type": "dzg_dvh4013"},
            "meter type 'dzg_dvh4013': it measures no power of each phase, so nobody can tell",
        ),
        (
            {"type": "eastron_sdm72dm"},
            "meter type 'eastron_sdm72dm': it measures no currents: expected one that does, or",
        ),
        ({"type": "eastron_sdm999"}, "meter type 'eastron_sdm999': is not known"),
        (
            {"type": "own", "map": {"function": 3, "current": {"registers": [1, 3, 5]}}},
            "site.json: meter.map.current.type: is missing and has no default",
        ),
    ],
)
def test_a_meter_that_cannot_be_used_is_refused_in_one_sentence(data, port, meter, sentence):
    write_site(data, meter=meter)
    master, slave = pty.openpty()
    try:
        name = os.ttyname(slave)
        done = amprail("run", "--data", data, "--serial", name, "--port", port, "--seconds", 1)
    finally:
        os.close(master)
        os.close(slave)
    assert done.returncode == 2, done.stderr
    said = [line for line in done.stderr.splitlines() if "meter" in line]
    assert len(said) == 1 and sentence in said[0], done.stderr


@pytest.mark.parametrize("name", ["/dev/null", "/dev", "chargers.jsonl"])
def test_a_serial_device_that_is_not_a_tty(data, port, name):
    write_site(data)
    line = refused("run", "--data", data, "--serial", data / name, "--port", port)
    assert "not a tty" in line


def test_a_port_in_use(data):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert f"--port {port}: in use" in refused("run", "--data", data, "--port", port)


def test_a_pty_is_a_serial_device(data, port):
    write_site(data)
    master, slave = pty.openpty()
    with subprocess.Popen(
        [*AMPRAIL, "run", "--data", data, "--serial", os.ttyname(slave), "--port", str(port)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert any("ready" in line for line in process.stderr)
        process.terminate()
        process.communicate(timeout=10)
        assert process.returncode == 0
    os.close(master)
    os.close(slave)


def test_a_relative_data_folder_is_found(data, port):
    run = ("run", "--data", data.name, "--port", port, "--seconds", "0.5")
    done = amprail(*run, cwd=data.parent)
    assert done.returncode == 0, done.stderr


def test_it_can_be_called_by_a_link_from_anywhere(tmp_path):
    link = tmp_path / "amprail"
    link.symlink_to(ROOT / "tools" / "amprail")
    done = subprocess.run([link, "--help"], cwd=tmp_path, capture_output=True, check=False)
    assert done.returncode == 0


def test_an_old_python_is_named_in_one_line():
    head, _, _ = (ROOT / "tools" / "amprail").read_text().partition("sys.path.insert")
    program = head.replace("sys.version_info", "(3, 9, 2)")
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert "needs Python 3.11 or newer, this is Python 3.9" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_pytests_own_complaints_are_the_users_errors():
    done = amprail("test", "--bogus-option")
    assert done.returncode == 2
    assert "--bogus-option" in done.stderr


def test_the_tools_are_there_at_once_the_second_time():
    started = time.monotonic()
    assert amprail("build").returncode == 0
    assert time.monotonic() - started < 5
