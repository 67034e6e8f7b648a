# The tables of the settings as JSON, for a page that shows a form: one source for what is checked
# and what is offered. Loaded when somebody asks for it.

import json
import os
import sys

from settings import special_tables, tables

# What a kind asks for besides the value; those that are not here say nothing more.
_ARGUMENTS = {"whole": "low high unit", "text": "size"}

# Where the modules lie that a key may name, and what lies beside them.
_FOLDERS = {"driver": "/chargers", "type": "/modbus/meters"}
_HELPERS = "answer fields finder secrets"


def fields(secrets: tuple):
    """Yields, in pieces, {"site": [field, ...], "charger": [...]}. A field: `key`, `kind`, and
    what goes with it: `low`, `high`, `unit`, `size`, `values`, `null` (may be null), `required`
    or `default` (neither: may be absent), `secret` (those of `secrets`), `fields` of a group."""
    yield '{"site":'
    yield from _table(tables.TABLES, "site", secrets)
    yield ',"charger":'
    yield from _table(tables.TABLES, "charger", secrets)
    yield "}"


def _table(table, name, secrets):
    comma = "["
    for key, default, kind, *arguments in tables.rows(table, name):
        group = kind.lstrip("?") in ("group", "special", "exact")
        about = _about(key, default, "group" if group else kind.lstrip("?"), arguments)
        if kind[0] == "?":
            about["null"] = True
        if key in secrets:
            about["secret"] = True
        yield comma + json.dumps(about)[:-1]
        if kind == "module":
            yield from _modules(key)
        if group:
            inner = special_tables.TABLES if kind == "special" else table
            yield ',"fields":'
            yield from _table(inner, arguments[0], secrets)
        yield "}"
        comma = ","
    yield "]"


def _about(key, default, kind, arguments):
    about: dict = {"key": key, "kind": kind}
    if default == "!":
        about["required"] = True
    elif default != "-":
        about["default"] = json.loads(default)
    if kind == "one_of":
        about["values"] = [json.loads(one) for one in arguments]
    for word, argument in zip(_ARGUMENTS.get(kind, "").split(), arguments):
        about[word] = argument if word == "unit" else int(argument)
    return about


# One by one, since there are forty meters.
def _modules(key):
    yield ',"values":['
    files = ["own."] if key == "type" else []
    for folder in sys.path:
        try:
            files += os.listdir(folder + _FOLDERS[key])
            break
        except OSError:
            continue
    files.sort()
    comma = ""
    for file in files:
        name = file.partition(".")[0]
        if name[0] != "_" and name not in _HELPERS.split():
            yield '%s"%s"' % (comma, name)
            comma = ","
    yield "]"
