"""Private names and parameters of device code are given short ones before it is compiled.

MicroPython keeps every name once, for ever, in tables that double when they are full: 340 private
names are 4 KB of text, and with them the tables outgrow a step of 7 KB (MicroPython, py/qstr.c).
What begins with one underscore belongs to its module or class, so all may share the short names.
So does a parameter that no call names: MicroPython keeps those names, too, though not those of
other local variables; they were another 70.
"""

import ast
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
    return ast.unparse(ast.fix_missing_locations(_Parameters(tree, named).visit(tree))) + "\n"


class _Parameters(ast.NodeTransformer):
    """Calls the parameters of every function `_p0`, `_p1` and so on; in one within another it goes
    on counting, as that may use both. One that is another name too stays."""

    def __init__(self, tree, named):
        kept = {node.name for node in ast.walk(tree) if isinstance(node, ast.ExceptHandler)}
        self.kept = named | {"self", "cls"} | kept
        self.new = {}
        self.count = 0

    def visit_Name(self, node):
        node.id = self.new.get(node.id, node.id)
        return node

    def visit_FunctionDef(self, node):
        node.decorator_list = [self.visit(one) for one in node.decorator_list]
        return self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        return self._function(node)

    def _function(self, node):
        args = node.args
        args.defaults = [self.visit(one) for one in args.defaults]
        args.kw_defaults = [self.visit(one) if one else None for one in args.kw_defaults]
        before, count = self.new, self.count
        self.new = {name: new for name, new in before.items() if name not in _stored(node)}
        for one in ast.walk(args):
            if isinstance(one, ast.arg) and one.arg not in self.kept:
                self.new[one.arg] = f"_p{self.count}"
                one.arg = f"_p{self.count}"
                self.count += 1
        if isinstance(node, ast.Lambda):
            node.body = self.visit(node.body)
        else:
            node.body = [self.visit(one) for one in node.body]
        self.new, self.count = before, count
        return node


# What a function has of its own, which hides what one around it has under that name.
def _stored(function):
    names = {node.arg for node in ast.walk(function.args) if isinstance(node, ast.arg)}
    shared = set()
    waiting = list(function.body) if isinstance(function.body, list) else [function.body]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            names.add(node.id)
        elif isinstance(node, ast.Nonlocal):
            shared.update(node.names)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return names - shared


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
