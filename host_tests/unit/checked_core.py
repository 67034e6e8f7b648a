# The deciding core with a check around every sum, product and whatever else its sources compute.
# It runs on CPython; a device without it would put a larger integer on its heap.

import ast
import importlib
import sys
import types
from pathlib import Path

from balance import ticks

importlib.import_module("micropython")  # gives CPython ptr8() and the like

HERE = Path(ticks.__file__).parent
MODULES = (
    "ticks",
    "rows",
    "house",
    "grid",
    "sessions",
    "bookings",
    "ledger",
    "shares",
    "allocator",
    "lines",
    "reasons",
    "steps",
    "wiring",
)
MODULES += ("cycle",)
LIMIT = 1 << 30


# Where something was computed so far, and where there is something to compute.
reached = set()
places = set()


class TooLarge(Exception):
    """An integer that an ESP32 would put on its heap."""


def checked(value, where):
    """`value`, if it is a small integer or none at all."""
    reached.add(where)
    if isinstance(value, int) and not -LIMIT <= value < LIMIT:
        raise TooLarge("{} at {}".format(value, where))
    return value


class _Checks(ast.NodeTransformer):
    def __init__(self, name):
        self._name = name

    def _wrapped(self, node, value):
        where = "{}.py:{}".format(self._name, node.lineno)
        places.add(where)
        called = ast.Call(ast.Name("checked", ast.Load()), [value, ast.Constant(where)], [])
        return ast.copy_location(called, node)

    def visit_BinOp(self, node):
        return self._wrapped(node, self.generic_visit(node))

    visit_UnaryOp = visit_BinOp

    # x[i] += y becomes x[i] = checked(x[i] + y): no index here does anything but compute.
    def visit_AugAssign(self, node):
        self.generic_visit(node)
        source = ast.parse(ast.unparse(node.target), mode="eval").body
        whole = ast.copy_location(ast.BinOp(source, node.op, node.value), node)
        assigned = ast.Assign([node.target], self._wrapped(node, whole))
        return ast.copy_location(assigned, node)

    def visit_ImportFrom(self, node):
        if node.module.startswith("balance."):
            node.module = _name(node.module[8:])
        return node


def _name(module):
    return "checked_balance." + module


def load():
    """The module `cycle` of the core, checked, and what it imports."""
    sys.modules["checked_balance"] = types.ModuleType("checked_balance")
    for name in MODULES:
        path = HERE / (name + ".py")
        tree = ast.fix_missing_locations(_Checks(name).visit(ast.parse(path.read_text())))
        module = types.ModuleType(_name(name))
        module.__package__ = "checked_balance"
        module.checked = checked
        sys.modules[module.__name__] = module
        exec(compile(tree, str(path), "exec"), module.__dict__)
    return sys.modules[_name("cycle")]
