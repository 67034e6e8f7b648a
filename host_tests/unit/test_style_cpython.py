"""The rules of the house that a machine can check: lint, format, types, and who imports what."""

import ast
import re
import subprocess
import sys

from amprail_tools import ROOT
from amprail_tools.environment import make_typings

HARDWARE = r"^\s*(import|from)\s+(machine|network|esp32)\b"
WORLD = r"^\s*(import|from)\s+(time|machine|network|socket|asyncio)\b"
FLOAT = r"\bfloat\(|\bround\(|(?<![\w.])\d+\.\d*|(?<![\w/])/(?!/)"


def check(*arguments: str) -> None:
    """Runs a tool over the checkout; what it says is the message."""
    done = subprocess.run(
        [sys.executable, "-m", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(arguments)}\n{done.stdout}{done.stderr}"


def matches(pattern: str, *folders: str) -> list[str]:
    """Lines of code that match, with their places; comments and text are left out."""
    found = []
    for folder in folders:
        paths = sorted((ROOT / folder).rglob("*.py"))
        assert paths, folder
        for path in paths:
            for number, line in enumerate(code_of(path.read_text()).splitlines(), 1):
                if re.search(pattern, line):
                    found.append(f"{path.relative_to(ROOT)}:{number}: {line.strip()}")
    return found


def code_of(text: str) -> str:
    """The program without what is in comments and quotes, line by line."""
    literal = r'"""(?:.|\n)*?"""|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'|#[^\n]*'
    return re.sub(literal, lambda found: "\n" * found[0].count("\n"), text)


def test_lint():
    check("ruff", "check", "--no-cache", "--output-format", "concise")


def test_format():
    check("ruff", "format", "--no-cache", "--check")


def test_types_of_device_code():
    make_typings()
    check("basedpyright")


def test_a_wrong_type_in_device_code_is_found(tmp_path):
    program = tmp_path / "wrong.py"
    program.write_text("from machine import UART\n\nUART(1, baudrate='fast')\n")
    config = tmp_path / "pyrightconfig.json"
    typings = str(make_typings())
    config.write_text(
        f'{{"include": ["."], "stubPath": "{typings}", "typeshedPath": "{typings}"}}'
    )
    done = subprocess.run(
        [sys.executable, "-m", "basedpyright", "-p", str(config)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert "wrong.py:3" in done.stdout, done.stdout


def test_the_core_knows_neither_clock_nor_socket_nor_hardware():
    assert matches(WORLD, "lib/balance") == []


def test_nothing_that_is_always_loaded_imports_the_test_of_the_wiring():
    pattern = r"^(import|from)\s+balance\.(wiring|steps)\b"
    found = matches(pattern, "lib", "firmware", "boards")
    assert [line.partition(":")[0] for line in found] == ["lib/balance/wiring.py"]


def test_only_a_board_with_wifi_loads_what_that_needs():
    pattern = r"^(import|from)\s+(app\.(wifi|portal)|settings\.(wifi|label)|net\.dns)"
    found = {line.partition(":")[0] for line in matches(pattern, "lib", "firmware", "boards")}
    wifi = {"lib/settings/wifi.py", "firmware/app/portal.py"}
    wifi |= {f"firmware/app/wifi_{part}.py" for part in ("api", "save", "start")}
    assert found == wifi


def test_the_core_has_integers_only():
    assert matches(FLOAT, "lib/balance") == []


def test_the_library_gets_its_hardware_handed_in():
    assert matches(HARDWARE, "lib") == []


def test_device_code_does_not_import_typing():
    assert matches(r"^\s*(import|from)\s+typing\b", "lib", "firmware", "boards") == []


# One more attribute later makes the dict of an object anew, in one piece, and there may be none.
def test_objects_have_all_their_attributes_from_the_constructor_on():
    late = []
    for path in [*(ROOT / "lib").rglob("*.py"), *(ROOT / "firmware").rglob("*.py")]:
        for node in ast.parse(path.read_text()).body:
            if isinstance(node, ast.ClassDef):
                late += [f"{path.name}: {node.name}.{name}" for name in late_attributes(node)]
    assert late == []


def late_attributes(node: ast.ClassDef) -> set:
    """Attributes that no constructor, nor what it calls of its own, sets; of a Wire some are."""
    methods = {part.name: part for part in node.body if hasattr(part, "name")}
    if "__init__" not in methods:
        return set()
    made, reached, waiting = {"until"}, set(), ["__init__"]
    while waiting:
        name = waiting.pop()
        if name in methods and name not in reached:
            reached.add(name)
            made |= own(methods[name], ast.Store)
            waiting += own(methods[name], ast.Load)
    return set().union(*(own(part, ast.Store) for part in methods.values())) - made


def own(node, context) -> set:
    """Attributes of `self` in this context."""
    return {
        part.attr
        for part in ast.walk(node)
        if isinstance(part, ast.Attribute)
        and isinstance(part.ctx, context)
        and isinstance(part.value, ast.Name)
        and part.value.id == "self"
    }


def test_the_checks_find_what_they_look_for():
    bad = "import time\nfrom machine import UART\nx = float(1)\ny = 1.5\nz = a / b\nw = round(2)\n"
    good = '"""1.5 / 2"""\nx = a // b  # 0.5 A\ny = "import time"\nz = "a" "1.5"\n'
    for pattern, count in ((WORLD, 2), (HARDWARE, 1), (FLOAT, 4)):
        lines = code_of(bad).splitlines()
        assert sum(bool(re.search(pattern, line)) for line in lines) == count
        assert not re.search(pattern, code_of(good), re.MULTILINE)
