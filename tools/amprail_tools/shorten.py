"""Private names and parameters of device code are given short ones before it is compiled.

MicroPython keeps every name once, for ever, in tables that double when they are full: 340 private
names are 4 KB of text, and with them the tables outgrow a step of 7 KB (MicroPython, py/qstr.c).
What begins with one underscore belongs to its module or class, so all may share the short names.
So does a parameter that no call names: MicroPython keeps those names, too, though not those of
other local variables; they were another 70.
"""

import ast
import builtins
import collections
import io
import itertools
import string
import tokenize

# asyncio's own (`net/wire.py`, `app/health.py`), and a module of MicroPython.
FOREIGN = frozenset(("_io_queue", "_task_queue", "_thread"))


def keywords(sources) -> frozenset:
    """The parameters that calls in these sources name."""
    calls = (n for text in sources for n in ast.walk(ast.parse(text)) if isinstance(n, ast.Call))
    return frozenset(keyword.arg for call in calls for keyword in call.keywords)


def shorten(source: str, named: frozenset = frozenset()) -> str:
    """The source of a module with its private names replaced, the most frequent by the shortest.

    named: parameters that are called by name somewhere, which stay. ValueError if it imports a
    private name: its home would know it under another one.
    """
    source = _with_private_parameters(source, named)
    for node in ast.walk(ast.parse(source)):
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if alias.name[0] == "_" and alias.name not in FOREIGN:
                raise ValueError(f"line {node.lineno}: {alias.name} is private to its module")
    names = list(_private(source))
    count = collections.Counter(name for name, _, _ in names)
    short = dict(zip((name for name, _ in count.most_common()), _short(), strict=False))
    return _replaced(source, names, short)


def _with_private_parameters(source, named):
    tree = ast.parse(source)
    nodes = list(ast.walk(tree))
    parameters = {node.arg for node in nodes if isinstance(node, ast.arg)}
    parameters -= named | _other_names(tree, nodes) | {"self", "cls"}
    places = [
        (node.lineno - 1, node.col_offset)
        for node in nodes
        if (isinstance(node, ast.Name) and node.id in parameters)
        or (isinstance(node, ast.arg) and node.arg in parameters)
    ]
    lines = source.encode().splitlines(keepends=True)
    for line, column in sorted(places, reverse=True):
        lines[line] = lines[line][:column] + b"_p_" + lines[line][column:]
    return b"".join(lines).decode()


def _other_names(tree, nodes):
    """Names that are more than local variables in the module, or stand where no node tells."""
    names = set(dir(builtins))
    for node in nodes:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            names.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            names.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Global, ast.Nonlocal)):
            names.update(node.names)
        elif isinstance(node, ast.ExceptHandler):
            names.add(node.name)
        elif isinstance(node, ast.JoinedStr):
            names.update(n.id for n in ast.walk(node) if isinstance(n, ast.Name))
    for home in [tree, *(node for node in nodes if isinstance(node, ast.ClassDef))]:
        for statement in home.body:
            if not isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
                names.update(n.id for n in ast.walk(statement) if isinstance(n, ast.Name))
    return names


def _private(source):
    """(name, line from 0, column) of every private name. Text in strings is none."""
    for token in tokenize.generate_tokens(io.StringIO(source).readline):
        name = token.string
        if token.type == tokenize.NAME and name[0] == "_" and name.strip("_"):
            if not name.startswith("__") and name not in FOREIGN:
                yield name, token.start[0] - 1, token.start[1]


def _short():
    letters = string.ascii_lowercase + string.ascii_uppercase
    for length in itertools.count(1):
        for text in itertools.product(letters, repeat=length):
            yield "_" + "".join(text)


def _replaced(source, names, short):
    lines = source.splitlines(keepends=True)
    for name, line, column in reversed(names):
        text = lines[line]
        lines[line] = text[:column] + short[name] + text[column + len(name) :]
    return "".join(lines)
