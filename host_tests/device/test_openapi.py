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
from app.api.table import ROUTES
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

# What is said in words only: one setting bounds another one, texts have bytes.
[[operations]]
include-path-regex = "^/api/(site|chargers|find)"
checks.positive_data_acceptance.expected-statuses = ["2xx", 400, 401, 403, 404, 409, 413]
"""

# Chargers that the fuzzer adds and networks that it searches are on this computer.
HERE = {
    "url": {"type": "string", "pattern": "^http://127[.]0[.]0[.]1:9$"},
    "subnet": {"type": "string", "pattern": "^127[.]0[.]0[.]1-[1-3]$"},
}
HEAP_KB = 192


def documented():
    for path, operations in API["paths"].items():
        for method, operation in operations.items():
            if method in METHODS:
                yield method.upper(), re.sub(r"\{\w+\}", "ID", path), operation


def routes():
    """Method, path, mark and the file with who answers, of both tables; None: the table's own."""
    for line in Web.routes(None).decode().strip().split("\n"):
        method, path, mark, who, *_ = line.split(" ")
        yield method, path, mark, None if hasattr(Web, who) else f"{who}.py"
    for line in ROUTES.strip().split("\n"):
        method, path, mark, _, module, _ = line.split(" ")
        yield method, path.replace("*", "ID"), mark, f"api/{module}.py"


def test_every_route_is_documented_with_its_mark_and_nothing_else_is():
    table = {(method, path): mark for method, path, mark, _ in routes()}
    assert {(method, path): each["x-mark"] for method, path, each in documented()} == table
    assert len(table) == len(list(routes()))


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
    for _, path, _, file in routes():
        assert file is None or (ROOT / "firmware" / "app" / file).exists(), path


def only_here(schema):
    """The same, with HERE in the place of what it says of these properties."""
    if isinstance(schema, list):
        return [only_here(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: HERE[key] if key in HERE and isinstance(value, dict) else only_here(value)
        for key, value in schema.items()
        if key != "example"
    }


@pytest.fixture
def firmware(tmp_path, free_port):
    (tmp_path / "site.json").write_text(json.dumps(SITE))
    with Firmware(build(), tmp_path, None, free_port(), HEAP_KB, log=None) as running:
        running.wait_ready(20)
        yield running


# It comes with the token, so that a wrong cookie beside it is no wrong login, as its check
# `ignored_auth` has it; test_login.py has who gets in.
def test_schemathesis_finds_no_answer_that_is_not_documented(firmware, tmp_path):
    assert Owner(firmware.port).claim().status == 200
    token = (firmware.data_dir / "token").read_text().strip()
    config = tmp_path / "schemathesis.toml"
    config.write_text(CONFIG)
    schema = tmp_path / "openapi.json"
    schema.write_text(json.dumps(only_here(API)))
    command = [Path(sys.executable).parent / "schemathesis", f"--config-file={config}", "run"]
    command += [schema, f"--url=http://127.0.0.1:{firmware.port}", "--phases=coverage,fuzzing"]
    command += [
        "--checks=all",
        "--exclude-checks=ignored_auth",
        "--max-examples=2",
        "--seed=7",
        "--no-color",
    ]
    command += ["--suppress-health-check=all", f"--header=Authorization: Bearer {token}"]
    done = subprocess.run(
        command, cwd=tmp_path, capture_output=True, text=True, timeout=110, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert f"Tested: {len(list(routes()))}" in done.stdout
    assert firmware.poll() is None
    status = firmware.status()
    assert status["restarts"] == 0
    assert not [line for line in firmware.lines if " E " in line]
