"""Private functions that are called in one place are put there before the code is compiled.

Small functions are for the reader. On a device each costs about 90 bytes of RAM, whatever is in it
(MicroPython 1.29, 64 bit: a function object, an entry in a dict, a block of bytecode) and a tenth
of a microsecond a call. What is put in keeps its order, its exceptions and its awaits; only
what is certain to mean the same is: a call that is a statement, an assignment or a return.
"""

import ast
import copy
import functools
import itertools
from collections import Counter

FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
SCOPES = (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.GeneratorExp)
SCOPES += (ast.ListComp, ast.SetComp, ast.DictComp, ast.Yield, ast.YieldFrom)


@functools.cache
def with_inlined(source: str) -> str:
    """The source of a module with its private functions of one call put where that is."""
    tree = ast.parse(source)
    numbers = itertools.count()
    while _inline_one(tree, numbers):
        pass
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def _inline_one(tree, numbers):
    references = Counter()
    for node in ast.walk(tree):
        if isinstance(node, (ast.Attribute, ast.Name)):
            references[node.attr if isinstance(node, ast.Attribute) else node.id] += 1
        elif isinstance(node, (ast.ImportFrom, ast.Import)):
            references.update(alias.asname or alias.name for alias in node.names)
    homes = [tree, *(node for node in tree.body if isinstance(node, ast.ClassDef))]
    functions = {}
    for home in homes:
        for node in home.body:
            if isinstance(node, FUNCTIONS):
                functions.setdefault(node.name, []).append((home, node))
    for name, found in functions.items():
        if len(found) == 1 and references[name] == 1 and name[0] == "_" and name[1] != "_":
            if _put_in(*found[0], homes, numbers):
                found[0][0].body.remove(found[0][1])
                return True
    return False


def _put_in(home, callee, homes, numbers):
    if not _is_plain(callee):
        return False
    for place in homes:
        for caller in place.body:
            if _may_take(caller, callee):
                for body in _bodies(caller):
                    for at, statement in enumerate(body):
                        call = _call(statement, home, place, callee)
                        if call is None or len(call.args) != len(_parameters(home, callee)):
                            continue
                        last = body is caller.body and at == len(body) - 1
                        new = _replacement(statement, call, home, callee, last, next(numbers))
                        if new is None:
                            return False
                        body[at : at + 1] = new
                        return True
    return False


# What is compiled to machine code has types of its own.
def _may_take(caller, callee):
    return isinstance(caller, FUNCTIONS) and caller is not callee and not caller.decorator_list


# No defaults, no second way to pass an argument, nothing with a scope of its own inside, and
# nothing imported: what that brings is to go when the function ends, not when its caller does.
def _is_plain(function):
    a = function.args
    if function.decorator_list or a.defaults or a.kwonlyargs or a.vararg or a.kwarg:
        return False
    inside = [node for child in function.body for node in ast.walk(child)]
    kept = (*SCOPES, ast.Global, ast.Nonlocal, ast.Import, ast.ImportFrom)
    return not any(isinstance(node, kept) for node in inside)


def _bodies(node):
    """Every list of statements of a function, but not of what is defined in it."""
    for field in ("body", "orelse", "finalbody"):
        body = getattr(node, field, None)
        if isinstance(body, list):
            yield body
            for child in body:
                if not isinstance(child, (*FUNCTIONS, ast.ClassDef)):
                    yield from _bodies(child)
    for handler in getattr(node, "handlers", []):
        yield from _bodies(handler)


def _parameters(home, callee):
    names = [argument.arg for argument in callee.args.args]
    return names[1:] if isinstance(home, ast.ClassDef) else names


# The call of `callee` that is all of the statement, or the whole value of it.
def _call(statement, home, place, callee):
    if not isinstance(statement, (ast.Expr, ast.Assign, ast.Return)):
        return None
    value = statement.value
    if isinstance(callee, ast.AsyncFunctionDef):
        if not isinstance(value, ast.Await):
            return None
        value = value.value
    if not isinstance(value, ast.Call) or value.keywords:
        return None
    if any(isinstance(argument, ast.Starred) for argument in value.args):
        return None
    match value.func:
        case ast.Name(id=name):
            found = name == callee.name and not isinstance(home, ast.ClassDef)
        case ast.Attribute(value=ast.Name(id="self"), attr=name):
            found = name == callee.name and place is home and isinstance(home, ast.ClassDef)
        case _:
            found = False
    return value if found else None


def _replacement(statement, call, home, callee, last, number):
    returns = [node for node in ast.walk(callee) if isinstance(node, ast.Return)]
    ends = [callee.body[-1]] if isinstance(callee.body[-1], ast.Return) else []
    body = _renamed(call, home, callee, number)
    if isinstance(statement, ast.Return):
        return body if ends else [*body, ast.Return(value=ast.Constant(value=None))]
    if returns != ends:
        bare = all(node.value is None for node in returns)
        return body if bare and last and isinstance(statement, ast.Expr) else None
    if isinstance(statement, ast.Expr):
        if ends:
            value = body.pop().value
            body += [ast.Expr(value=value)] if value is not None else []
        return body or [ast.Pass()]
    if not ends or ends[0].value is None:
        return None
    statement.value = body.pop().value
    return [*body, statement]


# The body with its arguments in, and its other local variables apart from the caller's.
def _renamed(call, home, callee, number):
    stored = {
        node.id
        for node in ast.walk(callee)
        if isinstance(node, ast.Name) and not isinstance(node.ctx, ast.Load)
    }
    stored |= {node.name for node in ast.walk(callee) if isinstance(node, ast.ExceptHandler)}
    body = copy.deepcopy(callee.body)
    before = []
    new = {name: ast.Name(id=f"_v{number}_{name}") for name in stored if name}
    for name, argument in zip(_parameters(home, callee), call.args, strict=True):
        simple = isinstance(argument, (ast.Name, ast.Constant)) and name not in stored
        if simple:
            new[name] = argument
        else:
            new[name] = ast.Name(id=f"_v{number}_{name}")
            target = ast.Name(id=new[name].id, ctx=ast.Store())
            before.append(ast.Assign(targets=[target], value=argument))
    renamer = _Renamer(new)
    return before + [renamer.visit(statement) for statement in body]


class _Renamer(ast.NodeTransformer):
    def __init__(self, new):
        self.new = new

    def visit_Name(self, node):
        new = self.new.get(node.id)
        if new is None:
            return node
        if isinstance(new, ast.Constant):
            return copy.copy(new)
        return ast.Name(id=new.id, ctx=node.ctx)

    def visit_ExceptHandler(self, node):
        if node.name in self.new:
            node.name = self.new[node.name].id
        return self.generic_visit(node)
