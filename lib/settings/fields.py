# The tables of the settings as JSON, for a page that shows a form: one source for what is checked
# and what is offered. Loaded when somebody asks for it.

import json

from settings.schema import KINDS
from settings.schema import rows as table_of

# As in KINDS, after what stands for a default.
_NAMES = "whole or_null one_of flag text module url phases requests path states three registers"
_NAMES = (_NAMES + " group group").split()
_REQUIRED, _OPTIONAL = KINDS[:2]

# What a kind asks for besides the value; those that are not here say nothing more.
_ARGUMENTS = {"whole": ("low", "high", "unit"), "text": ("size",)}


def fields(secrets: tuple):
    """Yields, in pieces, {"site": [field, ...], "charger": [...]}. A field: `key`, `kind`, and
    what goes with it: `low`, `high`, `unit`, `size`, `values`, `null` (may be null), `required`
    or `default` (neither: may be absent), `secret` (those of `secrets`), `fields` of a group."""
    yield '{"site":'
    yield from _table(table_of(True), secrets)
    yield ',"charger":'
    yield from _table(table_of(False), secrets)
    yield "}"


def _table(rows, secrets):
    comma = "["
    for key, default, kind, *arguments in rows:
        yield comma + json.dumps(_about(key, default, kind, arguments, secrets))[:-1]
        if _name(kind) == "or_null":
            kind, *arguments = arguments
        if _name(kind) == "group":
            yield ',"fields":'
            yield from _table(arguments[0], secrets)
        yield "}"
        comma = ","
    yield "]"


def _about(key, default, kind, arguments, secrets):
    about = {"key": key}
    if default is _REQUIRED:
        about["required"] = True
    elif default is not _OPTIONAL:
        about["default"] = default
    if key in secrets:
        about["secret"] = True
    if _name(kind) == "or_null":
        about["null"] = True
        kind, *arguments = arguments
    name = about["kind"] = _name(kind)
    if name == "one_of":
        about["values"] = arguments
    for word, argument in zip(_ARGUMENTS.get(name, ()), arguments):
        about[word] = argument
    return about


def _name(kind):
    return _NAMES[KINDS.index(kind) - 2]
