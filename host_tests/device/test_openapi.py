"""docs/openapi.json says what the device answers: held against its routes, and by a fuzzer."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
from amprail_tools import ROOT
from amprail_tools.build import build
from amprail_tools.launch import Firmware
from app.web import Web
from device.owner import Owner

FILE = ROOT / "docs" / "openapi.json"
API = json.loads(FILE.read_text())
SITE = {"name": "My House", "limit_ma": 63000, "supply_ma": 63000, "meter": None}
METHODS = {"get", "put", "post", "delete", "patch"}
# A body may be refused for its length alone.
CONFIG = """\
[checks]
negative_data_rejection.expected-statuses = [400, 401, 403, 404, 405, 409, 411, 413, 429]
"""


def documented():
    for path, operations in API["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                yield method.upper(), re.sub(r"\{\w+\}", "ID", path), operation


def routes():
    lines = Web.routes(None).decode().split("\n")
    return [line.split(" ") for line in lines if line]


def test_every_route_is_documented_with_its_mark_and_nothing_else_is():
    table = {(method, path): mark for method, path, mark, _ in routes()}
    assert {(method, path): each["x-mark"] for method, path, each in documented()} == table
    assert len(table) == len(routes())


def test_what_a_route_says_of_logins_is_what_its_mark_means():
    for method, path, operation in documented():
        mark = operation["x-mark"]
        assert (operation["security"] == []) == (mark == "O"), path
        assert ({} in operation["security"]) == (mark == "V"), path
        assert ("401" in operation["responses"]) >= (mark != "O"), path
        if mark in "UC":
            wanted = ["session"] if method == "GET" else ["session", "csrf"]
            assert [list(each) for each in operation["security"]] == [wanted, ["token"]], path


def test_every_answer_that_the_table_leads_to_is_in_a_module_that_exists():
    for _, path, _, who in routes():
        module = ROOT / "firmware" / "app" / f"{who}.py"
        assert hasattr(Web, who) or module.exists(), path


@pytest.fixture
def firmware(tmp_path, free_port):
    (tmp_path / "site.json").write_text(json.dumps(SITE))
    with Firmware(build(), tmp_path, None, free_port(), log=None) as running:
        running.wait_ready(20)
        yield running


# It comes with the token, so that a wrong cookie beside it is no wrong login, as its check
# `ignored_auth` has it; test_login.py has who gets in.
def test_schemathesis_finds_no_answer_that_is_not_documented(firmware, tmp_path):
    assert Owner(firmware.port).claim().status == 200
    token = (firmware.data_dir / "token").read_text().strip()
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    command = [Path(sys.executable).parent / "schemathesis", f"--config-file={config}", "run"]
    command += [FILE, f"--url=http://127.0.0.1:{firmware.port}", "--phases=coverage,fuzzing"]
    command += [
        "--checks=all",
        "--exclude-checks=ignored_auth",
        "--max-examples=5",
        "--max-time=12",
        "--seed=7",
        "--no-color",
    ]
    command += ["--suppress-health-check=all", f"--header=Authorization: Bearer {token}"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "Tested: 15" in done.stdout
    assert firmware.poll() is None
    status = firmware.status()
    assert status["restarts"] == 0 and status["site"]["name"] == "My House"
    assert not [line for line in firmware.lines if " E " in line]
