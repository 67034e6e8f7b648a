"""What a device has no use for is left out of third-party code before it is compiled.

On a device every function costs RAM, called or not: the builders of PDUs that are used are a tenth
of umodbus' two modules, and microdot brings its own server, decorators and file sending. So does
every attribute, as the dict of a request is the largest block of memory that an answer needs: 464
bytes with all of them, of which a small heap in use may have none in one piece, and 272 without.
Definitions are replaced by empty lines, so that a compiler's error names the line of the release.
"""

import ast

# `app/web.py` adds the routes and has a plain comparison for URLPattern's regular expressions,
# `net/guard.py` is the server and takes queries off; answers are made by `Response`.
MICRODOT = frozenset(
    """
    urlencode urldecode abort redirect send_file MultiDict URLPattern AsyncBytesIO
    NoCaseDict.update NoCaseDict.__delitem__
    Request._parse_urlencoded Request.args Request.query_string Request.stream Request.files
    Request.form Request.after_request Request.app Request.client_addr Request.scheme Request.url
    Request.http_version Request.body_used Request.sock Request._stream Request._form
    Request._files
    Response.set_cookie Response.delete_cookie Response.redirect Response.send_file
    Response.types_map Response.default_send_file_max_age HTTPException.__repr__
    Microdot.route Microdot.get Microdot.post Microdot.put Microdot.patch Microdot.delete
    Microdot.query Microdot.before_request Microdot.after_request Microdot.after_error_request
    Microdot.errorhandler Microdot.mount Microdot.abort Microdot.start_server Microdot.run
    Microdot.shutdown
    """.split()
)

# What MicroPython has no module for, and falls back from.
LACKING = frozenset(("orjson", "inspect", "traceback"))

# Kept of umodbus: what `modbus/rtu.py` imports, and the constants that it uses.
UMODBUS_FUNCTIONS = frozenset(("read_holding_registers", "read_input_registers"))
UMODBUS_CONSTANTS = frozenset(("READ_HOLDING_REGISTERS", "READ_INPUT_REGISTER"))


def without(source: str, names: frozenset) -> str:
    """The source without these definitions ("function", "Class.method", "name", "Class.attribute"
    that `__init__` sets); ValueError if one of them is not there, for then the release is not the
    one that was looked at."""
    found = {name: node for name, node in _definitions(ast.parse(source)) if name in names}
    missing = names - found.keys()
    if missing:
        raise ValueError(f"nothing is called {', '.join(sorted(missing))}")
    return _blanked(source, found.values())


def only(source: str, names: frozenset) -> str:
    """The source with no definitions at its top level but these; imports stay, except those of
    `typing`: annotations are not evaluated on a device."""
    tree = ast.parse(source)
    top = {name: node for name, node in _definitions(tree) if "." not in name}
    missing = names - top.keys()
    if missing:
        raise ValueError(f"nothing is called {', '.join(sorted(missing))}")
    typing = [n for n in tree.body if isinstance(n, ast.ImportFrom) and n.module == "typing"]
    return _blanked(source, typing + [top[name] for name in top if name not in names])


def for_device(source: str) -> str:
    """The source with only MicroPython's side of each choice at its top level.

    The choices are `if hasattr(asyncio, "core")` and imports in a `try`.
    """
    lines = source.splitlines(keepends=True)
    for node in ast.parse(source).body:
        if isinstance(node, ast.Try):
            _choose_import(node, lines)
        elif isinstance(node, ast.If) and ast.unparse(node.test) == "hasattr(asyncio, 'core')":
            _blank(lines, node.body[-1].end_lineno + 1, node.end_lineno)
    return "".join(lines)


def _choose_import(node, lines):
    handler = node.handlers[0]
    if _imports(node.body) & LACKING:
        _blank(lines, node.lineno, node.body[-1].end_lineno)
        lines[handler.lineno - 1] = "if True:\n"
    else:
        lines[node.lineno - 1] = "if True:\n"
        _blank(lines, handler.lineno, node.end_lineno)


def _imports(nodes):
    return {name for node in nodes for child in ast.walk(node) for name in _imported(child)}


def _imported(node):
    if isinstance(node, ast.ImportFrom):
        return [node.module]
    return [alias.name for alias in node.names] if isinstance(node, ast.Import) else []


def _blank(lines, first, last):
    lines[first - 1 : last] = ["\n"] * (last - first + 1)


def _definitions(tree):
    for node in tree.body:
        yield from _named(node, "")
        if isinstance(node, ast.ClassDef):
            for member in node.body:
                yield from _named(member, node.name + ".")
                yield from _attributes(member, node.name + ".")


def _named(node, prefix):
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        yield prefix + node.name, node
    elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
        yield prefix + node.targets[0].id, node


def _attributes(node, prefix):
    for statement in node.body if getattr(node, "name", "") == "__init__" else ():
        match statement:
            case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)]):
                yield prefix + name, statement


def _blanked(source, nodes):
    lines = source.splitlines(keepends=True)
    for node in nodes:
        decorators = getattr(node, "decorator_list", [])
        first = min([node.lineno, *(decorator.lineno for decorator in decorators)])
        _blank(lines, first, node.end_lineno)
    return "".join(lines)
