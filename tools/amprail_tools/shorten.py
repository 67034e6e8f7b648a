"""Private names of device code are given short ones before it is compiled.

MicroPython keeps every name once, for ever, in tables that double when they are full: 340 private
names are 4 KB of text, and with them the tables outgrow a step of 7 KB (MicroPython, py/qstr.c).
What begins with one underscore belongs to its module or class, so all may share the short names.
"""

import ast
import collections
import io
import itertools
import string
import tokenize

# asyncio's own (`net/wire.py`, `app/health.py`); what microdot looks up by a string.
FOREIGN = frozenset(("_io_queue", "_task_queue", "_vary"))


def shorten(source: str) -> str:
    """The source of a module with its private names replaced, the most frequent by the shortest.

    ValueError if it imports a private name: its home would know it under another one.
    """
    for node in ast.walk(ast.parse(source)):
        for alias in node.names if isinstance(node, ast.ImportFrom) else ():
            if alias.name[0] == "_" and alias.name not in FOREIGN:
                raise ValueError(f"line {node.lineno}: {alias.name} is private to its module")
    names = list(_private(source))
    count = collections.Counter(name for name, _, _ in names)
    short = dict(zip((name for name, _ in count.most_common()), _short(), strict=False))
    return _replaced(source, names, short)


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
