"""What a device has no use for is left out of code before it is compiled.

On a device every function costs RAM, called or not: the builders of PDUs that are used are a tenth
of umodbus' two modules. Definitions are replaced by empty lines, so that a compiler's error names
the line of the release.
"""

import ast

# Kept of umodbus: what `modbus/rtu.py` imports, and the constants that it uses.
UMODBUS_FUNCTIONS = frozenset(("read_holding_registers", "read_input_registers"))
UMODBUS_CONSTANTS = frozenset(("READ_HOLDING_REGISTERS", "READ_INPUT_REGISTER"))


def only(source: str, names: frozenset) -> str:
    """The source with no definitions at its top level but these; imports stay, except those of
    `typing`: annotations are not evaluated on a device. ValueError if one of them is not there,
    for then the release is not the one that was looked at."""
    tree = ast.parse(source)
    top = dict(_definitions(tree))
    missing = names - top.keys()
    if missing:
        raise ValueError(f"nothing is called {', '.join(sorted(missing))}")
    typing = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "typing"]
    lines = source.splitlines(keepends=True)
    for node in typing + [top[name] for name in top if name not in names]:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        _blank(lines, first, node.end_lineno)
    return "".join(lines)


def for_device(source: str) -> str:
    """The source with only MicroPython's side of each `if hasattr(asyncio, "core")` at its top."""
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.If) and ast.unparse(node.test) == "hasattr(asyncio, 'core')":
            _blank(lines, node.body[-1].end_lineno + 1, node.end_lineno)
    return "".join(lines)


def _blank(lines, first, last):
    lines[first - 1 : last] = ["\n"] * (last - first + 1)


def _definitions(tree):
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            yield node.name, node
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id, node
