"""The modules that a device always has in memory become one before they are compiled.

Each module costs about 250 bytes of RAM besides its code (MicroPython 1.28, 64 bit: three names,
an object, two tables), and each name that it imports another 30: 10 KB for thirty modules. Only
what is loaded for a while and let go again has to be a module of its own. In one module all names
of modules are globals side by side, so they are called by their homes: `net.wire.Wire` becomes
`net_wire_Wire`. What nobody outside uses gets an underscore, as it is private now.
"""

import ast
import re

from amprail_tools.rename import Scoped, globals_of, locals_of
from amprail_tools.shorten import FOREIGN

# What the launcher imports becomes all of them. In no order: what one needs at once comes first.
HOME = "app.start"
ALWAYS = frozenset(
    """
    clock app.log app.start app.changes app.chargers app.control app.delivery app.health
    app.history app.messenger app.metering app.snapshot app.web
    balance.allocator balance.bookings balance.cycle balance.grid
    balance.house balance.ledger balance.reasons balance.rows balance.sessions balance.shares
    balance.ticks chargers.answer chargers.fields modbus.decode modbus.rtu net.access net.exchange
    net.guard net.http_client net.wire umodbus.const umodbus.functions
    """.split()
)

# What is private, but not what `inline.py` calls a function's variables: those are in no table.
PRIVATE = re.compile(r"_(?!_|v\d+_)[A-Za-z0-9]")


def joined(sources: dict[str, str], kept: frozenset = frozenset()) -> dict[str, str]:
    """The sources by dotted module name with those of `ALWAYS` as one, `HOME`. kept: names of
    `HOME` that stay, as its users are not among the sources. ValueError for what cannot be joined:
    a module that is used as an object, or a name that is assigned to after it was imported."""
    trees = {module: ast.parse(text) for module, text in sources.items()}
    inside = _in_order([module for module in trees if module in ALWAYS], trees)
    names = _Names({module: trees[module] for module in inside}, kept)
    outside = [module for module in trees if module not in ALWAYS]
    rest = {module: names.moved(trees[module], None) for module in outside}
    parts = {module: names.moved(trees[module], module) for module in inside}
    body = [node for module in inside for node in parts[module].body]
    whole = ast.Module(body=list(_once(body)), type_ignores=[])
    rest[HOME] = _Private(names.made - names.used).visit(whole)
    return {module: _text(tree) for module, tree in rest.items()}


def _text(tree):
    return ast.unparse(ast.fix_missing_locations(tree)) + "\n"


def opened(source: str) -> str:
    """The source of a module with its private names as public ones, for those share short names
    (`rename.py`); but constants that the compiler puts in have to be private."""
    tree = ast.parse(source)
    constants = {
        node.targets[0].id
        for node in tree.body
        if isinstance(node, ast.Assign) and ast.unparse(node.value).startswith("const(")
    }
    return _text(_Opened(constants | FOREIGN).visit(tree))


# A module comes after those that it imports at its top.
def _in_order(inside, trees):
    done = []

    def add(module):
        for node in trees[module].body:
            for home in _homes(node):
                if home in inside and home not in done and home != module:
                    add(home)
        if module not in done:
            done.append(module)

    for module in inside:
        add(module)
    return done


def _homes(node):
    if not isinstance(node, ast.ImportFrom):
        return []
    return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]


# An import that several modules have is there once.
def _once(body):
    seen = set()
    for node in body:
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            node.names = [alias for alias in node.names if _bound(node, alias) not in seen]
            seen |= {_bound(node, alias) for alias in node.names}
            if not node.names:
                continue
        if not isinstance(node, ast.Pass):
            yield node


def _bound(node, alias):
    return getattr(node, "module", None), alias.name, alias.asname


class _Names:
    """What the globals of the modules inside are called; `used`: those that are used outside."""

    def __init__(self, trees, kept):
        self.own = {module: globals_of(tree) for module, tree in trees.items()}
        self.changing = {module: _changing(tree) for module, tree in trees.items()}
        self.kept = kept
        self.used = set(kept)
        self.made = set()

    def moved(self, tree, module):
        """The tree with everything inside under its new name."""
        names, modules = {}, {}
        for node in ast.walk(tree):
            for alias in node.names if isinstance(node, ast.ImportFrom) else ():
                bound, inner = alias.asname or alias.name, f"{node.module}.{alias.name}"
                if node.module in ALWAYS:
                    names[bound] = self.new(node.module, alias.name)
                elif inner in ALWAYS:
                    modules[bound] = inner
        if module:
            own = self.own[module] - names.keys() - modules.keys() - _foreign(tree)
            names.update({name: self.new(module, name) for name in own})
        mover = _Mover(self, names, modules, module is None)
        return mover.visit(tree)

    def new(self, module, name):
        if name not in self.own[module]:
            raise ValueError(f"{module}: has no {name}")
        if module == HOME and name in self.kept:
            return name
        new = f"{module.replace('.', '_')}_{name}"
        self.made.add(new)
        return new


# What a function assigns to. Whoever imported it would keep the old value.
def _changing(tree):
    nodes = [node for node in ast.walk(tree) if isinstance(node, ast.Global)]
    return {name for node in nodes for name in node.names}


# What a module imports from elsewhere keeps its name: it is the same thing for all.
def _foreign(tree):
    imports = (node for node in ast.walk(tree) if isinstance(node, (ast.Import, ast.ImportFrom)))
    return {(alias.asname or alias.name).split(".")[0] for node in imports for alias in node.names}


class _Mover(Scoped):
    def __init__(self, home, names, modules, outside):
        super().__init__()
        self.home = home
        self.names = names
        self.modules = modules
        self.outside = outside

    def _new(self, name):
        return name if name in self.local else self.names.get(name, name)

    def visit_Name(self, node):
        if node.id in self.modules and node.id not in self.local:
            raise ValueError(f"{self.modules[node.id]}: used as an object")
        node.id = self._new(node.id)
        return node

    def visit_Attribute(self, node):
        base = node.value
        if isinstance(base, ast.Name) and base.id in self.modules and base.id not in self.local:
            new = self.home.new(self.modules[base.id], node.attr)
            if self.outside and node.attr in self.home.changing[self.modules[base.id]]:
                raise ValueError(f"{self.modules[base.id]}: {node.attr} is assigned to")
            return ast.Name(id=new, ctx=node.ctx)
        return self.generic_visit(node)

    # Outside, one import brings what this one did; what of a module is used, `_of` says.
    def visit_ImportFrom(self, node):
        inner = self._inner(node)
        rest = [alias for alias in node.names if alias not in inner]
        new = [ast.ImportFrom(module=node.module, names=rest, level=0)] if rest else []
        wanted = []
        for alias in inner if self.outside else ():
            bound = alias.asname or alias.name
            wanted += [self.names[bound]] if bound in self.names else self._of(bound)
        self.home.used.update(wanted)
        if wanted:
            names = [ast.alias(name=name) for name in wanted]
            new.append(ast.ImportFrom(module=HOME, names=names, level=0))
        return new or ast.Pass()

    def _inner(self, node):
        return [
            a for a in node.names if node.module in ALWAYS or f"{node.module}.{a.name}" in ALWAYS
        ]

    # What is imported in a function from inside is none of its variables any more.
    def _imported(self, function):
        nodes = (node for node in ast.walk(function) if isinstance(node, ast.ImportFrom))
        return {alias.asname or alias.name for node in nodes for alias in self._inner(node)}

    def _of(self, bound):
        module = self.modules[bound]
        used = {
            node.attr
            for node in ast.walk(self.tree)
            if isinstance(node, ast.Attribute)
            and isinstance(node.value, ast.Name)
            and node.value.id == bound
        }
        return [self.home.new(module, name) for name in sorted(used)]

    def visit_Module(self, node):
        self.tree = ast.parse(ast.unparse(node))
        return self.generic_visit(node)

    def visit_ClassDef(self, node):
        node.name = self._new(node.name)
        node.bases = [self.visit(base) for base in node.bases]
        node.body = [self._part(part) for part in node.body]
        return node

    # Names that a class binds are its attributes.
    def _part(self, part):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._function(part)
        if isinstance(part, (ast.Assign, ast.AnnAssign)):
            part.value = self.visit(part.value) if part.value else None
            return part
        return self.visit(part)

    def _locals(self, node):
        return locals_of(node) - self._imported(node)


class _Private(ast.NodeTransformer):
    """Gives some globals an underscore; as they were made above, nothing else is called so."""

    def __init__(self, names):
        self.names = names

    def _new(self, name):
        return "_" + name if name in self.names else name

    def visit_Name(self, node):
        node.id = self._new(node.id)
        return node

    def visit_Global(self, node):
        node.names = [self._new(name) for name in node.names]
        return node

    def visit_FunctionDef(self, node):
        node.name = self._new(node.name)
        return self.generic_visit(node)

    visit_AsyncFunctionDef = visit_FunctionDef
    visit_ClassDef = visit_FunctionDef


class _Opened(_Private):
    def _new(self, name):
        return "own" + name if PRIVATE.match(name) and name not in self.names else name

    def visit_Attribute(self, node):
        node.attr = self._new(node.attr)
        return self.generic_visit(node)

    def visit_arg(self, node):
        node.arg = self._new(node.arg)
        return node
