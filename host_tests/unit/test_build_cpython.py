"""What the build does to source before it is compiled, and what must survive it."""

import ast

import pytest
from amprail_tools.build import _device_files
from amprail_tools.constants import inlined
from amprail_tools.inline import with_inlined
from amprail_tools.shorten import keywords, shorten
from amprail_tools.trim import for_device, only


def run(source, **names):
    exec(compile(source, "test", "exec"), names)
    return names


SOURCE = """\
import core
_SECRET = 3


class Thing:
    def __init__(self):
        self._value = _SECRET
        self.open = "_value stays in a string"

    def _private(self):
        return self._value + core._io_queue


def result():
    return Thing()._private()
"""


def test_private_names_get_short_ones_and_the_rest_stays():
    short = shorten(SOURCE)
    for name in ("_SECRET", "_private"):
        assert name not in short
    for kept in ("_io_queue", "__init__", '"_value stays in a string"', "class Thing"):
        assert kept.replace('"', "'") in short


def test_a_shortened_module_does_the_same():
    class core:
        _io_queue = 4

    body = shorten(SOURCE).replace("import core\n", "\n")
    assert run(body, core=core)["result"]() == 7


def test_two_private_names_never_become_one():
    many = "".join(f"_name_{number} = {number}\n" for number in range(200))
    module = run(shorten(many))
    assert sorted(v for k, v in module.items() if k != "__builtins__") == list(range(200))


def test_importing_a_private_name_fails_the_build():
    with pytest.raises(ValueError, match="_secret is private"):
        shorten("from modbus.rtu import _secret\n")


HOME = "from micropython import const\n\nKNOWN = const(1)\n\n\ndef f():\n    return KNOWN\n"


def test_shared_constants_are_put_in_and_leave_their_home_private():
    user = "from a.rows import (\n    KNOWN,\n    f,\n)\n\nx = (KNOWN | 4, f.KNOWN)\n"
    sources = inlined({"a.rows": HOME, "a.user": user})
    assert "_KNOWN = const(1)" in sources["a.rows"]
    assert "from a.rows import f\n" in sources["a.user"]
    assert "x = (1 | 4, f.KNOWN)" in sources["a.user"]
    assert sources["a.user"].count("\n") == user.count("\n")


def test_the_same_name_of_another_module_is_another_constant():
    other = "from b.rows import KNOWN\n\nx = KNOWN\n"
    assert inlined({"a.rows": HOME, "a.user": other})["a.user"] == other


# Private names get short ones by module: those of a base in another module could become the same
# as those of its heirs, and override them.
def test_no_class_inherits_private_names_from_another_module():
    trees = [ast.parse(path.read_text()) for path in _device_files()]
    classes = {n.name: n for tree in trees for n in tree.body if isinstance(n, ast.ClassDef)}
    for tree in trees:
        own = {n.name for n in tree.body if isinstance(n, ast.ClassDef)}
        for heir in (n for n in tree.body if isinstance(n, ast.ClassDef)):
            for base in heir.bases:
                if base.id in classes and base.id not in own:
                    assert not _private_names(classes[base.id]), f"{heir.name}({base.id})"


def _private_names(node):
    attributes = {n.attr for n in ast.walk(node) if isinstance(n, ast.Attribute)}
    methods = {n.name for n in ast.walk(node) if isinstance(n, ast.FunctionDef)}
    return {name for name in attributes | methods if name[0] == "_" and name[1] != "_"}


def test_only_one_side_of_a_choice_is_left():
    source = "import asyncio\nif hasattr(asyncio, 'core'):\n    a = 1\nelse:\n    a = 2\nb = 3\n"
    left = for_device(source)
    assert "a = 2" not in left and "a = 1" in left and "b = 3" in left
    assert left.count("\n") == source.count("\n")
    ast.parse(left)


def test_leaving_out_what_is_not_there_fails_the_build():
    source = "import x\n\n\ndef f():\n    pass\n\n\nclass C:\n    def g(self):\n        pass\n"
    with pytest.raises(ValueError, match="nothing is called g"):
        only(source, frozenset(("f", "g")))
    left = only(source, frozenset(("f",)))
    assert "class C" not in left and "def f" in left
    assert left.count("\n") == source.count("\n")


# What the build renames cannot be reached by a string.
def test_no_device_code_looks_up_an_attribute_by_a_private_name():
    for path in _device_files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                private = node.value.startswith("_") and node.value.strip("_").isidentifier()
                assert not private or node.value.startswith("__"), f"{path}: {node.value}"


SMALL = """\
class Thing:
    def __init__(self):
        self.said = []

    def told(self, values):
        best = 10
        for value in values:
            self._note(value, best)
        total = self._sum(values)
        return best, total, self.said

    def _note(self, best, other):
        if best > 2:
            for best in (best, other):
                self.said.append(best)

    def _sum(self, values):
        total = 0
        for best in values:
            total += best
        return total

    def early(self, value):
        if value:
            self._refuse(value)
        return "went on"

    def _refuse(self, value):
        if value > 1:
            return
        self.said.append(value)

    def twice(self):
        return self._both() + self._both()

    def _both(self):
        return 3
"""


def test_what_is_put_in_place_does_the_same():
    inlined_source = with_inlined(SMALL)
    assert "def _note" not in inlined_source and "def _sum" not in inlined_source
    for source in (SMALL, inlined_source):
        thing = run(source)["Thing"]()
        assert thing.told([1, 3, 5]) == (10, 9, [3, 10, 5, 10])
        assert thing.early(5) == thing.early(1) == "went on" and thing.said[-1] == 1
        assert thing.twice() == 6


def test_what_returns_early_or_is_called_twice_stays_a_function():
    inlined_source = with_inlined(SMALL)
    assert "def _refuse" in inlined_source and "def _both" in inlined_source


def test_what_imports_something_stays_a_function_that_lets_it_go():
    source = "def f():\n    return _g()\n\n\ndef _g():\n    from os import sep\n\n    return sep\n"
    assert "def _g" in with_inlined(source)


def test_what_is_compiled_to_machine_code_takes_nothing_in():
    source = SMALL.replace("    def told", "    @machine\n    def told")
    assert "def _note" in with_inlined(source)


def test_parameters_get_short_names_unless_a_call_names_them():
    source = "def f(first, second):\n    return first - second\n\n\nx = f(5, second=2)\n"
    short = shorten(source, keywords([source]))
    assert "first" not in short and "second=2" in short
    assert run(short)["x"] == 3


def test_a_parameter_hides_what_is_called_so_elsewhere():
    source = "limit = 4\n\n\ndef f(limit, type):\n    return limit, type\n\n\nx = type(limit)\n"
    module = run(shorten(source))
    assert module["x"] is int and module["f"](1, 2) == (1, 2)


def test_functions_share_the_short_names_of_parameters():
    source = "def f(one, two):\n    return one\n\n\ndef g(three, four):\n    return four\n"
    assert shorten(source).count("(_a, _b)") == 2


NESTED = """\
def outer(first, second):
    def middle(third):
        def inner(first):
            return first, second, third
        return inner(1), first
    second += 1
    return middle(3), [first for first in (7, 8)], (lambda third: third + second)(5)
"""


def test_parameters_of_functions_within_functions_stay_apart():
    expected = (((1, 21, 3), 10), [7, 8], 26)
    assert run(NESTED)["outer"](10, 20) == expected
    assert run(shorten(NESTED))["outer"](10, 20) == expected
