"""Public names of device code share short ones before it is compiled.

MicroPython keeps every name for ever, in tables that double when they are full: at 630 names that
is 7 KB at once (MicroPython, py/qstr.c). Two attributes may have the same one if no class has
both; names of modules each have their own, as a test may import any two. Left alone is what
MicroPython has itself, since objects of its own may have it; what a board's hardware has; what
stands as a word in any text, for it may be looked up by that; what comes from elsewhere; and what
the launcher calls.
"""

import ast
import itertools
import re
import string
import subprocess

# Attributes of machine, network, esp32 and socket that Unix' MicroPython has no names for.
HARDWARE = frozenset(
    """
    active config connect disconnect isconnected ifconfig ipconfig scan status init deinit feed any
    flush txdone value on off freq duty irq mode pull reset reset_cause unique_id sleep hostname
    country phy_mode read readinto readline write sendbreak read_timeout sendto recvfrom bind
    accept listen setsockopt authmode key essid password channel mac stop start load save
    """.split()
)
# Whoever has one of them may name an attribute in a text; ROUTES is a table of functions.
LOOK_UPS = frozenset(("getattr", "setattr", "hasattr", "ROUTES"))
WORD = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")


def short_names(sources: dict[str, str], fixed: set, micropython: list) -> dict[str, str]:
    """The new name of each public one in the sources (by dotted module name) that may have one.

    fixed: names that have to stay, as `looked_up` has them; micropython: the command that knows
    its own names.
    """
    trees = {module: ast.parse(text) for module, text in sources.items()}
    groups = [group for tree in trees.values() for group in _groups(tree, trees)]
    kept = set(fixed) | HARDWARE | _keywords(trees) | _foreign(trees)
    kept |= {part for module in sources for part in module.split(".")}
    names = {name for group in groups for name in group if name[0] != "_"} - kept
    names -= _known(names, micropython)
    return _shared(names, groups)


# What must not have two names that are the same: a class with its bases, and a module.
def _groups(tree, trees):
    classes = {node.name: node for one in trees.values() for node in _classes(one)}
    for node in _classes(tree):
        family, waiting = set(), [node]
        while waiting:
            one = waiting.pop()
            family |= _attributes(one)
            waiting += [classes[base.id] for base in one.bases if _named(base) in classes]
        yield family
    yield globals_of(tree)


def _classes(tree):
    return [node for node in tree.body if isinstance(node, ast.ClassDef)]


def _named(node):
    return node.id if isinstance(node, ast.Name) else None


def _attributes(node):
    found = set()
    for part in ast.walk(node):
        if isinstance(part, ast.Attribute) and _named(part.value) == "self":
            found.add(part.attr)
    for part in node.body:
        found |= set(_bound(part))
    return found


def _bound(node):
    """Names that a statement binds where it stands."""
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return [node.name]
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return [alias.asname or alias.name.split(".")[0] for alias in node.names]
    inner = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
    if any(isinstance(part, inner) for part in ast.walk(node)):
        return [name for part in ast.iter_child_nodes(node) for name in _bound(part)]
    stored = (part for part in ast.walk(node) if isinstance(part, ast.Name))
    return [part.id for part in stored if isinstance(part.ctx, ast.Store)]


def globals_of(tree) -> set:
    """What a module has: its own names and those that it imports, wherever it does."""
    found = {name for node in tree.body for name in _bound(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Global):
            found |= set(node.names)
    return found


def looked_up(sources: dict[str, str]) -> set:
    """What may be looked up as a name: every text that is one, and in a module that looks names up
    every word of its texts."""
    found = set()
    for text in sources.values():
        nodes = list(ast.walk(ast.parse(text)))
        comments = {id(node.value) for node in nodes if isinstance(node, ast.Expr)}
        texts = {_text(node) for node in nodes if id(node) not in comments} - {None}
        if any(isinstance(node, ast.Name) and node.id in LOOK_UPS for node in nodes):
            texts = {word for text in texts for word in WORD.findall(text)}
        found |= {text for text in texts if WORD.fullmatch(text)}
    return found


def _text(node):
    value = node.value if isinstance(node, ast.Constant) else None
    value = value.decode("latin-1") if isinstance(value, bytes) else value
    return value if isinstance(value, str) else None


def _foreign(trees):
    """Names that are imported from code that is not here."""
    names = set()
    for tree in trees.values():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {part for alias in node.names for part in alias.name.split(".")}
            if isinstance(node, ast.ImportFrom) and node.module not in trees:
                names |= {alias.name for alias in node.names}
    return names


def _keywords(trees):
    calls = (n for tree in trees.values() for n in ast.walk(tree) if isinstance(n, ast.Call))
    return {keyword.arg for call in calls for keyword in call.keywords if keyword.arg}


def _known(names, micropython):
    """Those of the names that MicroPython has anyway."""
    lines = [f"{name}=0" for name in sorted(names)]
    program = "import micropython as _m\n" + "\n".join(lines) + "\n_m.qstr_info(1)\n"
    done = subprocess.run(
        [*micropython, "-X", "heapsize=1024K", "-c", program],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=True,
    )
    return set(names) - set(re.findall(r"^Q\((.*)\)$", done.stdout, re.MULTILINE))


# The name with the most neighbours first; each gets the first short one that none of them has.
def _shared(names, groups):
    groups = [group & names for group in groups]
    near = {name: set().union(*(g for g in groups if name in g)) - {name} for name in names}
    short = {}
    for name in sorted(names, key=lambda name: (-len(near[name]), name)):
        taken = {short[other] for other in near[name] if other in short}
        short[name] = next(one for one in _short() if one not in taken)
    return short


def _short():
    for length in itertools.count(1):
        for text in itertools.product(string.ascii_letters, repeat=length):
            yield "".join(text) + "_"


def renamed(source: str, short: dict[str, str]) -> str:
    """The source with the short names, where they are attributes or the module's own; ValueError
    for a class in which two would be the same: then one of them has to be called otherwise."""
    tree = ast.parse(source)
    for node in _classes(tree):
        known = {}
        for name in _attributes(node) & short.keys():
            if known.setdefault(short[name], name) != name:
                text = f"class {node.name}: {name} and {known[short[name]]} share a short name"
                raise ValueError(text)
    return ast.unparse(_Renamer(short, globals_of(tree)).visit(tree)) + "\n"


class Scoped(ast.NodeTransformer):
    """Gives a module's own names new ones, by `_new`; `local`: those that a function has for
    itself where it is."""

    def __init__(self):
        self.local = set()

    def _new(self, name):
        raise NotImplementedError

    def visit_Global(self, node):
        node.names = [self._new(name) for name in node.names]
        return node

    def visit_FunctionDef(self, node):
        node.name = self._new(node.name)
        return self._function(node)

    visit_AsyncFunctionDef = visit_FunctionDef

    def visit_Lambda(self, node):
        return self._function(node)

    def _function(self, node):
        before = self.local
        self.local = before | self._locals(node)
        self.generic_visit(node)
        self.local = before
        return node

    def _locals(self, node):
        return locals_of(node)


class _Renamer(Scoped):
    def __init__(self, short, own):
        super().__init__()
        self.short = short
        self.own = own

    def _new(self, name):
        return self.short.get(name, name) if name in self.own - self.local else name

    def visit_Name(self, node):
        node.id = self._new(node.id)
        return node

    def visit_Attribute(self, node):
        node.attr = self.short.get(node.attr, node.attr)
        return self.generic_visit(node)

    # Whoever imports from elsewhere than this code has no such name there.
    def visit_ImportFrom(self, node):
        for alias in node.names:
            bound = alias.asname or alias.name
            new = self.short.get(alias.name, alias.name)
            kept = bound if bound in self.local else self.short.get(bound, bound)
            alias.name, alias.asname = new, kept if kept != new else None
        return node

    def visit_ClassDef(self, node):
        node.name = self._new(node.name)
        bound = {name for part in node.body for name in _bound(part)}
        for part in node.body:  # what stands in a class are attributes
            if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
                part.name = self.short.get(part.name, part.name)
            elif isinstance(part, (ast.Assign, ast.AnnAssign)):
                for target in ast.walk(part):
                    if isinstance(target, ast.Name) and isinstance(target.ctx, ast.Store):
                        target.id = self.short.get(target.id, target.id)
        node.bases = [self.visit(base) for base in node.bases]
        node.body = [self._part(part, bound) for part in node.body]
        return node

    def _part(self, part, bound):
        if isinstance(part, (ast.FunctionDef, ast.AsyncFunctionDef)):
            return self._function(part)
        if isinstance(part, (ast.Assign, ast.AnnAssign)):
            if isinstance(part.value, ast.Name) and part.value.id in bound:
                part.value.id = self.short.get(part.value.id, part.value.id)
            elif part.value:
                part.value = self.visit(part.value)
            return part
        return self.visit(part)


def locals_of(node):
    found = {arg.arg for arg in ast.walk(node.args) if isinstance(arg, ast.arg)}
    given = set()
    for part in node.body if isinstance(node.body, list) else [node.body]:
        for one in ast.walk(part):
            if isinstance(one, ast.Global):
                given |= set(one.names)
            elif isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store):
                found.add(one.id)
            elif isinstance(one, ast.ExceptHandler) and one.name:
                found.add(one.name)
            elif isinstance(one, (ast.Import, ast.ImportFrom, ast.FunctionDef)):
                found |= set(_bound(one))
    return found - given
