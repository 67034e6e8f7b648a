"""Constants that modules share are put into the code before it is compiled.

MicroPython's compiler folds `_NAME = const(1)` within a module. A name without the underscore,
which others import, stays in memory with an entry in every module that imports it, and is looked
up each time it is used. Here `from balance.rows import KNOWN` becomes the number itself.
"""

import ast
import io
import tokenize


def inlined(sources: dict[str, str]) -> dict[str, str]:
    """The sources by dotted module name, with the shared integer constants put in."""
    known = shared(sources)
    return {module: put_in(module, source, known) for module, source in sources.items()}


def shared(sources: dict[str, str]) -> dict[tuple[str, str], int]:
    """The shared constants by module and name."""
    return {
        (module, name): value
        for module, source in sources.items()
        for name, value in _constants(source)
    }


def _constants(source):
    """(name, value) of each public `NAME = const(<integer>)` at the top of a module."""
    for node in ast.parse(source).body:
        match node:
            case ast.Assign(
                targets=[ast.Name(id=name)],
                value=ast.Call(func=ast.Name(id="const"), args=[ast.Constant(value=int(value))]),
            ) if name[0] != "_":
                yield name, value


def put_in(module: str, source: str, known: dict) -> str:
    """The source of one module with the constants put in that `shared` has found."""
    own = {name: f"_{name}" for home, name in known if home == module}
    lines = source.splitlines(keepends=True)
    values = {}
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.ImportFrom):
            values.update(_taken_out(node, lines, known))
    return _renamed("".join(lines), {**own, **values})


def _taken_out(node, lines, known):
    """Names that an import brings and that are constants; the import goes on without them."""
    values = {}
    rest = []
    for alias in node.names:
        value = known.get((node.module, alias.name))
        if value is None or alias.asname not in (None, alias.name):
            rest.append(alias.name + (f" as {alias.asname}" if alias.asname else ""))
        else:
            values[alias.name] = str(value)
    if values:
        text = f"from {node.module} import {', '.join(rest)}\n" if rest else "\n"
        text = " " * node.col_offset + text
        lines[node.lineno - 1 : node.end_lineno] = [
            text,
            *["\n"] * (node.end_lineno - node.lineno),
        ]
    return values


def _renamed(source, names):
    lines = source.splitlines(keepends=True)
    found = []
    before = ""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        if token.type == tokenize.NAME and token.string in names and before != ".":
            found.append((token.string, token.start[0] - 1, token.start[1]))
        before = token.string
    for name, line, column in reversed(found):
        text = lines[line]
        lines[line] = text[:column] + names[name] + text[column + len(name) :]
    return "".join(lines)
