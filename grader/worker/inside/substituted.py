"""Something right in the place of what a submission has wrong: put in after import, wherever its modules name it.

A class is derived from the substitute and the learner's own, so that isinstance, helpers and subclasses go on working.
What is read of it beyond the contract, and what is never called, is noted: then a failure says nothing. Only the grader
knows what is put in; the texts resolve here alone, under a name that no import of a submission reaches.
"""

import contextlib
import copy
import importlib
import sys
import types
from collections.abc import Callable, Mapping, Sequence
from sys import _getframe
from typing import Any, TypeAlias, cast

import numpy as np

from grader.worker.inside.loader import PACKAGE, Finder, compiled

_TOOLBOX, _TEXT = ("tasks.toolbox", "substitutes")  #: the package that the texts take themselves to be in; the one with a list
PUT_IN = f"<{_TOOLBOX}>/"  #: how the files of the texts begin
_OWN = "_put_in_"  #: how the attributes begin that a substitute keeps for itself
Function: TypeAlias = Callable[..., Any]


class Substitution:
    """What is put in for one submission.

    names  : "module.Class", "module.function", "module.Class.method"
    texts  : module of the toolbox -> source; `substitutes` has the list
    beyond : what the learner's code read of it beyond the contract, as keys
    called : what of it was called, as keys
    """

    def __init__(self, finder: Finder, names: list[str], texts: Mapping[str, str]):
        self.finder, self.names, self.texts = finder, names, texts
        self.beyond, self.called = dict[str, None](), dict[str, None]()
        self.contract: set[str] = set()  # names that objects of the contract have
        self._done = False

    def notes(self) -> list[list[str]]:
        return [list(self.beyond)[:20], list(self.called)]

    def put_in(self) -> None:
        """Once, before the first name of the submission is looked up."""
        if self._done or not self.names:
            return
        self._done = True
        listed = _loaded(self.texts)
        self.contract.update(vars(listed).get("CONTRACT", ()))
        for module in dict.fromkeys(name.partition(".")[0] for name in self.names):
            self._import(module, vars(listed).get("GIVEN", {}))
        for owner in dict.fromkeys(".".join(name.split(".")[:2]) for name in self.names):
            module, attribute = owner.split(".")
            loaded = sys.modules[f"{PACKAGE}.{module}"]
            old = getattr(loaded, attribute, None)
            new = self._substitute(owner, listed.SUBSTITUTES, old)
            setattr(loaded, attribute, new)
            if old is not None:
                self._replace(old, new)

    def _import(self, module: str, given: Mapping[str, object]) -> None:
        """One of the learner's modules; if it cannot be imported, an empty one that lies where others look for it."""
        path = f"{PACKAGE}.{module}"
        try:
            importlib.import_module(path)
        except BaseException:  # SystemExit is the learner's here, too
            sys.modules[path] = made = types.ModuleType(path)
            own = {tuple(name.split(".")): value for name, value in given.items()}
            vars(made).update({attribute: value for (of, attribute), value in own.items() if of == module})
            setattr(sys.modules[PACKAGE], module, made)

    def _substitute(self, owner: str, listed: Mapping[str, Any], old: object) -> object:
        """What takes the place of a function or a class."""
        chosen = [name for name in self.names if name == owner or name.startswith(f"{owner}.")]
        right = listed[chosen[0]]
        if not isinstance(right, type):
            return self._noting(owner, right, old)
        whole = chosen == [owner]
        functions = {name: f for name, f in vars(right).items() if isinstance(f, types.FunctionType)}
        methods = {name: f for name, f in functions.items() if whole or f"{owner}.{name}" in chosen}
        return _Derived(self, owner, right, methods, whole).of(old if isinstance(old, type) else object)

    def _noting(self, name: str, function: Function, old: object) -> Function:
        parameters, defaults = _parameters(function), getattr(old, "__defaults__", None) or ()

        def substituted(*arguments: object, **named: object) -> object:
            self.called[name] = None
            return function(**self.bound(name, parameters, (arguments, named), defaults))

        substituted.__name__ = substituted.__qualname__ = function.__name__
        return substituted

    def bound(
        self, name: str, known: list[str], given: tuple[Sequence[object], Mapping[str, object]], defaults: Sequence[object]
    ) -> dict[str, object]:
        """The arguments that the contract has, by name. Others are the learner's own: left out, and noted unless they hand
        on what is the default of the learner's own function anyway.
        """
        arguments, named = given
        own = [*arguments[len(known) :], *(value for key, value in named.items() if key not in known)]
        if not all(any(value is default for default in defaults) for value in own):
            self.beyond[f"an argument of {name}"] = None
        return dict(zip(known, arguments)) | {key: value for key, value in named.items() if key in known}

    def _replace(self, old: object, new: object) -> None:
        """Everywhere in the learner's modules, and below the classes that are derived from the old one."""
        loaded = [module for name, module in list(sys.modules.items()) if name.partition(".")[0] == PACKAGE]
        for module in loaded:
            for attribute in [name for name, value in vars(module).items() if value is old]:
                setattr(module, attribute, new)
        if not (isinstance(old, type) and isinstance(new, type)):
            return
        children: list[type] = type.__subclasses__(old)
        for child in children:
            try:
                if child is not new:
                    child.__bases__ = tuple(new if base is old else base for base in child.__bases__)
            except TypeError:
                pass  # laid out otherwise in memory: it stays as it is, and is not an instance of the new one

    def is_beyond(self, attribute: str) -> bool:
        """Whether an attribute is nothing that the contract has, nor that every object has."""
        return attribute == "__dict__" or not (attribute in self.contract or attribute.startswith(("__", _OWN)))

    def read(self, name: str, attribute: str) -> None:
        """Note what the learner's code, and nobody else, reads of an object beyond the contract."""
        if _getframe(2).f_code.co_filename.startswith(f"{self.finder.folder}/"):
            self.beyond[f"{name}.{attribute}"] = None


class _Derived:
    """Makes the class that is derived from a substitute and the learner's own.

    methods : of the substitute that are put in, under each name that the learner's class has for its own (__call__ = forward)
    whole   : these are all, and what an object keeps is theirs alone
    """

    def __init__(self, put_in: Substitution, owner: str, right: type, methods: Mapping[str, Function], whole: bool):
        self.put_in, self.owner, self.methods, self.whole = put_in, owner, methods, whole
        self.name = owner.partition(".")[2]
        self.plain = [name for name in right.__annotations__ if not name.startswith(_OWN)]
        self.parameters = _parameters(vars(right).get("__init__"))
        self.units = {name: owner if whole else f"{owner}.{name}" for name in [*methods, "__init__"]}

    def of(self, old: type) -> type:
        place = {"__module__": old.__module__, "__qualname__": self.name}
        try:
            return types.new_class(self.name, (self._mixed(old), old), exec_body=lambda body: body.update(place))
        except TypeError:  # one that nothing can be derived from: the substitute stands alone
            return types.new_class(self.name, (self._mixed(object),), exec_body=lambda body: body.update(place))

    def _mixed(self, old: type) -> type:
        """The substitute as a class to derive from, which notes what is done to its objects."""
        put_in, methods, whole, units, owner = self.put_in, self.methods, self.whole, self.units, self.owner
        ours = whole or "__init__" in methods
        base: Any = old
        defaults = getattr(base.__init__, "__defaults__", None) or ()

        def __init__(this: object, *arguments: object, **named: object) -> None:
            if not ours:  # the learner's; what it was called with may be all that another method knows
                object.__setattr__(this, f"{_OWN}arguments", dict(zip(self.parameters, arguments)) | named)
                base.__init__(this, *arguments, **named)
                return
            put_in.called[units["__init__"]] = None
            given = put_in.bound(owner, self.parameters, (arguments, named), defaults)
            own = self._made_by_its_own(base, this, arguments, named)
            if "__init__" in methods:
                methods["__init__"](this, **given)
                for name, array in own.items():
                    value: Any = vars(this).get(name)
                    if (np.shape(value), getattr(value, "dtype", None)) == (array.shape, array.dtype):
                        array[...], vars(this)[name] = value, array
                    elif isinstance(kept := getattr(old, name, None), property) and kept.fset:
                        kept.fset(this, value)  # theirs is of another shape: they find the right one where they keep it

        def __getattribute__(this: object, name: str) -> object:
            if name in methods:
                put_in.called[units[name]] = None
            elif put_in.is_beyond(name) and (whole or not callable(getattr(old, name, None))):
                put_in.read(owner, name)
            return base.__getattribute__(this, name)  # a class that has one of its own keeps it

        theirs = {name: value for kind in reversed(old.__mro__) for name, value in vars(kind).items()}
        same = {name: {name, *(n for n, value in theirs.items() if value is theirs.get(name, self))} for name in methods}
        body: dict[str, object] = {n: _Method(function) for name, function in methods.items() for n in same[name]}
        body |= {name: _plain(name) for name in self.plain if ours}
        body |= {"__setattr__": object.__setattr__} if ours else {}
        return type(self.name, (), body | {"__init__": __init__, "__getattribute__": __getattribute__})

    def _made_by_its_own(self, old: type, this: object, given: tuple[Any, ...], named: dict[str, Any]) -> dict[str, np.ndarray]:
        """The arrays that the learner's own __init__ makes, no two in one memory: their code may know them by other names."""
        noted, made, kind = (self.put_in.beyond, self.put_in.called), dict[str, np.ndarray](), type(this)
        self.put_in.beyond, self.put_in.called, base = {}, {}, cast(Any, old)
        try:
            with contextlib.suppress(TypeError):  # one that is laid out otherwise in memory
                object.__setattr__(this, "__class__", old)  # theirs alone: what they set may be kept elsewhere
            base.__init__(this, *copy.deepcopy(given), **copy.deepcopy(named))
            for name in self.plain:
                if (array := getattr(this, name, None)) is not None:
                    vars(this)[name] = array
                if isinstance(array, np.ndarray) and not any(np.shares_memory(array, other) for other in made.values()):
                    made[name] = array
        except BaseException:
            made.clear()  # out of order: what takes its place needs nothing of it
        object.__setattr__(this, "__class__", kind)
        self.put_in.beyond, self.put_in.called = noted
        return made


class _Method:
    """A method that stays, also where the learner's __init__ puts a function of the same name on the object."""

    def __init__(self, function: Callable[..., Any]):
        self.function = function

    def __get__(self, this: object, kind: type | None = None) -> object:
        return self.function if this is None else types.MethodType(self.function, this)

    def __set__(self, this: object, value: object) -> None:
        """What the learner's own would have been: not used."""


def _plain(name: str) -> property:
    """A plain attribute, also where the learner's class has a property or a slot of that name."""

    def get(this: object) -> object:
        if name in vars(this):
            return vars(this)[name]
        raise AttributeError(name)

    return property(get, lambda this, value: vars(this).update({name: value}))


def _parameters(function: Function | None) -> list[str]:
    """What a function takes, but for the object that it is a method of."""
    if function is None:
        return []
    code = function.__code__
    return [name for name in code.co_varnames[: code.co_argcount + code.co_kwonlyargcount] if name != "self"]


def _loaded(texts: Mapping[str, str]) -> types.ModuleType:
    """The module with the list; while it is loaded, and no longer, its imports find the other texts."""
    made = {name: types.ModuleType(f"{_TOOLBOX}.{name}" if name else _TOOLBOX) for name in ["", *texts]}
    package, modules = made[""], {module.__name__: module for module in made.values()}
    modules["tasks"] = types.ModuleType("tasks")
    hidden = {name: sys.modules[name] for name in modules if name in sys.modules}
    sys.modules.update(modules)
    try:
        for name in sorted(texts, key=lambda name: name == _TEXT):  # the list last: it imports the others
            vars(made[name]).update(__package__=_TOOLBOX)
            exec(compiled(texts[name], f"{PUT_IN}{name}.py"), vars(made[name]))
            setattr(package, name, made[name])
    finally:
        for name in modules:
            del sys.modules[name]
        sys.modules.update(hidden)
    return made[_TEXT]
