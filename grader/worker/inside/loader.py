"""Imports inside a worker: the learner's modules from memory, stand-ins for plotting, and a sentence for the rest.

`from .rows import shares`, `from rows import shares` and `from student.rows import shares` give the same module
object, whatever the folder is called. The canonical package is `student`; its `__init__.py` is not run.
"""

import builtins
import importlib
import linecache
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from importlib._abc import Loader  # importlib.abc imports a tenth of what NumPy does, and this from here
from importlib.machinery import ModuleSpec
from types import CodeType, ModuleType

from grader.worker.inside.stubs import STAND_INS, stand_in

PACKAGE = "student"

#: Frameworks that would do the course's work; named in a sentence of their own.
_FRAMEWORKS = (
    "torch torchvision tensorflow keras jax jaxlib flax autograd aesara theano pytensor mxnet paddle tinygrad micrograd "
    "chainer lasagne sklearn scipy statsmodels xgboost lightgbm catboost cupy numba"
)
OUTSIDE_THE_RULES = frozenset(_FRAMEWORKS.split())
#: The course itself.
OUT_OF_REACH = frozenset({"reference", "grader", "tasks", "tests", "benchmarks"})


@lru_cache(maxsize=256)
def compiled(source: str, path: str) -> CodeType:
    """Code of a module; kept, because the course's worker loads the same modules again and again."""
    # dont_inherit: the learner's code must not get this file's __future__ imports.
    return compile(source, path, "exec", dont_inherit=True)


class _Module(Loader):
    """Loads one of the learner's modules, or a package of theirs, from text."""

    def __init__(self, finder: "Finder", name: str, module: str):
        self.finder, self.name, self.module = finder, name, module

    def exec_module(self, module: ModuleType) -> None:
        source = self.finder.modules.get(self.module)
        if source is None:
            return  # a package without __init__.py, or `student` itself
        path = self.finder.path_of(self.module)
        linecache.cache[path] = (len(source), None, source.splitlines(True), path)
        module.__file__ = path
        exec(compiled(source, path), module.__dict__)

    def get_source(self, name: str) -> str:
        return self.finder.modules.get(self.module, "")


class _Alias(Loader):
    """Gives `layers` the module object of `student.layers`."""

    def __init__(self, target: str):
        self.target = target

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(self.target)
        self.spec = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        module.__spec__ = self.spec  # the import system has just put the alias's own there


class _StandIn(Loader):
    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return stand_in(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        pass


class Finder:
    """Answers every import of a name that is neither the standard library's nor NumPy's.

    modules   : "layers" or "helpers.tools" -> source text
    problems  : module -> why its file could not be read
    folder    : path that tracebacks and __file__ show; nothing is read there
    confined  : refuse everything else (False in a debugger's process, which has packages of its own)
    """

    def __init__(self, modules: dict[str, str], problems: dict[str, str], folder: str = "<student>", *, confined: bool = True):
        self.modules, self.problems, self.folder, self.confined = modules, problems, folder, confined
        self.packages = {name.rpartition(".")[0] for name in modules} - {""}
        self.packages |= {package.rpartition(".")[0] for package in self.packages} - {""}
        self.files = {self.path_of(name): name for name in modules}
        self.top = {name.partition(".")[0] for name in [*modules, *problems]} - {"__init__"}
        self.top -= set(sys.stdlib_module_names) | {"numpy", PACKAGE}
        self._claimed = {PACKAGE, *self.top, *(STAND_INS if confined else ())}
        self._given: set[str] = set()  # names answered so far
        self._own: dict[str, ModuleType] = {}

    def path_of(self, module: str) -> str:
        return f"{self.folder}/{module.replace('.', '/')}.py"

    def find_spec(self, fullname: str, path: object = None, target: object = None) -> ModuleSpec | None:
        top, _, rest = fullname.partition(".")
        if self._claims(fullname):
            self._given.add(fullname)
        if top == PACKAGE:
            return self._own_spec(fullname, rest)
        if top in self.top:
            return ModuleSpec(fullname, _Alias(f"{PACKAGE}.{fullname}"))
        if top in sys.stdlib_module_names or top == "numpy" or not self.confined:
            return None
        if top in STAND_INS:
            return ModuleSpec(fullname, _StandIn(), is_package=True)
        raise ModuleNotFoundError(_refusal(top), name=fullname)

    def _own_spec(self, fullname: str, module: str) -> ModuleSpec:
        if module in self.problems:
            raise ImportError(self.problems[module], name=fullname)
        is_package = module == "" or module in self.packages
        if not is_package and module not in self.modules:
            raise ModuleNotFoundError(f"there is no {module.replace('.', '/')}.py in this submission", name=fullname)
        source = module if not is_package else f"{module}.__init__" if module else ""
        spec = ModuleSpec(fullname, _Module(self, fullname, source), is_package=is_package)
        if is_package:
            spec.submodule_search_locations = []
        return spec

    @contextmanager
    def active(self) -> Iterator[None]:
        """Make the learner's imports work, and put everything back afterwards."""
        if self in sys.meta_path:
            yield
            return
        if not self._given:
            self._given = {name for name in sys.modules if self._claims(name)} | {PACKAGE}
        hidden = self._take_out()
        sys.modules.update(self._own)
        sys.meta_path.insert(0, self)
        try:
            yield
        finally:
            sys.meta_path.remove(self)
            self._own = self._take_out()
            sys.modules.update(hidden)

    def _take_out(self) -> dict[str, ModuleType]:
        return {name: sys.modules.pop(name) for name in self._given if name in sys.modules}

    def forget(self) -> None:
        """Drop what was loaded, so that another submission can take its place in this process."""
        self._own.clear()
        for path in self.files:
            linecache.cache.pop(path, None)

    def _claims(self, name: str) -> bool:
        return name.partition(".")[0] in self._claimed


def _refusal(name: str) -> str:
    if name in OUTSIDE_THE_RULES:
        return f"{name} is outside the course's rules: everything here is written with NumPy and the standard library"
    if name in OUT_OF_REACH:
        return f"{name} belongs to the course and is out of reach of a submission"
    if name in vars(builtins):
        return f"no module named {name!r} (it is built in, and needs no import)"
    return f"no module named {name!r}: a submission has NumPy, the standard library and its own files"
