"""Modules that become one do what they did apart."""

import ast
import builtins
import types

import pytest
from amprail_tools.join import joined, opened

SOURCES = {
    "app.log": """\
_lines = []
_count = 0


def error(text):
    global _count
    _count += 1
    _lines.append(text)


def lines():
    return _lines, _count
""",
    "net.wire": """\
import errno
from app import log


class Wire:
    KIND = 1

    def __init__(self):
        self.kind = KIND = Wire.KIND

    def say(self, log):
        return log, errno.EIO


def field(text):
    log.error(text)
    return text.upper()
""",
    "net.guard": """\
import errno
from app import log as told
from net.wire import Wire, field


class Guard(Wire):
    def say(self, field):
        return field, [field for field in (1, 2)]


def ask(text):
    from app import log

    log.error(text)
    return field(text), (lambda field: field + 1)(2)
""",
    "app.start": """\
from net.guard import Guard, ask


def main():
    return Guard().say(5), ask("x"), Guard().kind
""",
    "app.build": """\
from app import log, other
from net.wire import Wire as Base
from net.guard import ask


class Own(Base):
    pass


def build(ask=None):
    from app.start import main

    log.error("built")
    return Own().kind, main(), ask, other.VALUE
""",
    "app.other": "VALUE = 7\n",
}


def loaded(sources):
    """The modules, by name, where they are imported from each other."""
    modules = {}
    for name in ("app.other", "app.log", "net.wire", "net.guard", "app.start", "app.build"):
        if name not in sources:
            continue
        module = types.ModuleType(name)

        def found(wanted, globals=None, locals=None, names=(), level=0):
            if wanted in ("errno",):
                return __import__(wanted)
            if wanted in modules and wanted != "app":
                return modules[wanted]
            inner = {one: modules[f"{wanted}.{one}"] for one in names}
            return types.SimpleNamespace(**inner)

        module.__builtins__ = {**vars(builtins), "__import__": found}
        exec(compile(sources[name], name, "exec"), module.__dict__)
        modules[name] = module
    return modules


def test_joined_modules_do_what_they_did_apart():
    apart = loaded(SOURCES)
    whole = loaded(joined(SOURCES, frozenset(("main",))))
    assert set(whole) == {"app.start", "app.build", "app.other"}
    assert whole["app.start"].main() == apart["app.start"].main()
    assert (
        whole["app.build"].build()
        == apart["app.build"].build()
        == (1, apart["app.start"].main(), None, 7)
    )


def test_what_nobody_outside_uses_is_private():
    names = {
        node.name for node in ast.parse(joined(SOURCES)["app.start"]).body if hasattr(node, "name")
    }
    assert "net_wire_Wire" in names and "_net_guard_Guard" in names


def test_a_module_that_is_used_as_an_object_fails_the_build():
    sources = {**SOURCES, "app.build": "from app import log\n\nx = log\n"}
    with pytest.raises(ValueError, match=r"app\.log: used as an object"):
        joined(sources)


def test_a_name_that_is_not_there_fails_the_build():
    sources = {**SOURCES, "app.build": "from net.wire import nothing\n"}
    with pytest.raises(ValueError, match=r"net\.wire: has no nothing"):
        joined(sources)


def test_a_name_that_changes_cannot_be_used_outside():
    sources = {**SOURCES, "app.build": "from app import log\n\nx = log._count\n"}
    with pytest.raises(ValueError, match=r"app\.log: _count is assigned to"):
        joined(sources)


def test_private_names_are_opened_but_not_constants():
    text = opened("_A = const(1)\n\n\ndef _b(_c):\n    return _c._d, _A, _io_queue\n")
    assert text == "_A = const(1)\n\ndef own_b(own_c):\n    return (own_c.own_d, _A, _io_queue)\n"
