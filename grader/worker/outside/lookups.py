"""Names, attributes and arguments that are not there: what is there in their place."""

import ast
import builtins
import difflib
import re
from collections.abc import Iterable, Sequence

import numpy as np

from grader.submission import file_of
from grader.worker.outside.expressions import Defined, NamedValue, Place, Rule, attributes, definitions, names_in, parsed
from grader.worker.outside.kinds import nothing

_LONGEST, _MOST = 80, 500
_ALIKE = 0.75  #: least likeness of two names that are taken for one, as difflib measures it
#: Keywords of NumPy's functions that learners meet, and what other libraries call the same.
_KEYWORDS = ("axis", "keepdims", "dtype", "out", "where", "initial", "size", "loc", "scale", "shape", "order", "copy")
_ELSEWHERE = {"dim": "axis", "dims": "axis"}
_PLAIN = ("list", "tuple", "dict", "float", "int", "str")


def near(name: str, candidates: Iterable[str], *, initials: bool = False) -> str:
    """The one candidate that may have been meant; "" if there is none, or more than one.

    initials : a name of one or two letters may stand for a longer one that begins with them ("W" and "weights")
    """
    others = [other for other in dict.fromkeys(candidates) if other != name and len(other) <= _LONGEST][:_MOST]
    same = [other for other in others if _bare(other) == _bare(name)]
    if not same:
        same = difflib.get_close_matches(name, others, 1, _ALIKE) if len(name) <= _LONGEST else []
    if not same and initials:
        pairs = ((sorted((name, other), key=len), other) for other in others)
        same = [other for (short, long), other in pairs if len(short) <= 2 and _bare(long).startswith(_bare(short))]
    return same[0] if len(same) == 1 else ""


def _bare(name: str) -> str:
    return name.replace("_", "").lower()


def _meant(name: str, asked: str = "") -> str:
    """A question about the learner's own line; where the grader asked, whose name is given, what would answer it."""
    if not name:
        return ""
    return f" If {name} is what is asked for, call it {asked}." if asked else f" Did you mean {name}?"


# -- attributes and names ----------------------------------------------------------------------------------------------


def _attribute(match: re.Match[str], place: Place) -> str:
    kind, name = (match[1] or match[2]).rpartition(".")[2], match[3]
    node = place.node
    if kind == "NoneType":
        return nothing(node.value, place) if isinstance(node, ast.Attribute) else ""
    if kind == "ndarray":
        guess = near(name, dir(np.ndarray))
        return f"An array has no {name}.{_meant(guess)}" if guess else ""
    if kind in _PLAIN:
        if not isinstance(node, ast.Attribute):
            return ""
        array, held = hasattr(np.ndarray, name) and kind in ("list", "tuple"), place.value(node.value) or NamedValue(kind)
        return f"{place.words(node.value)} is {held.phrase}" + (": np.array(...) makes an array of it." if array else ".")
    found = place.definition(kind)
    return _of_a_class(found, kind, name, place) if found and isinstance(found.node, ast.ClassDef) else ""


def _of_a_class(found: Defined, kind: str, name: str, place: Place) -> str:
    setting = place.sets_attribute(found.node, name)
    if setting:
        method, node = setting[0]
        where = f"{file_of(found.module)}, line {node.lineno}"
        return f"{kind}.{method} sets self.{name} ({where}), and that line had not run before."
    holds = [f"{other} {held.phrase}" if held.kind == "ndarray" else other for other, held in place.holds.items()]
    guess = near(name, [*place.holds, *(other for other in attributes(found.node) if other not in place.holds)], initials=True)
    listed = f"; it has {', '.join(holds)}" if holds else ""
    if not guess and not holds:
        return f"No line of class {kind} sets self.{name}."
    return f"This {kind} has no {name}{listed}.{_meant(guess, '' if place.path else name)}"


def _of_a_module(match: re.Match[str], place: Place) -> str:
    module, name = match[1].removeprefix("student."), match[2]
    names = dir(np) if module == "numpy" else top_names(place.submission.modules.get(module, ""))
    guess = near(name, names)
    short = "np" if module == "numpy" else module
    return f"There is no {short}.{name}. Did you mean {short}.{guess}?" if guess else ""


def top_names(text: str) -> list[str]:
    """What a module gives a name: functions, classes, constants, imports."""
    found: list[str] = []
    for node in getattr(parsed(text), "body", ()):
        match node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                found.append(name)
            case ast.Assign(targets=targets):
                found += [target.id for target in targets if isinstance(target, ast.Name)]
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                found += [alias.asname or alias.name for alias in aliases]
    return found


def _name(match: re.Match[str], place: Place) -> str:
    name = match[1]
    if name in ("np", "numpy", "math"):
        line = "import numpy as np" if name == "np" else f"import {name}"
        return f"{file_of(place.module) if place.module else 'The file'} lacks the line `{line}` at its top."
    if name == "self" and place.owner is not None and place.function is not None:
        return f"{place.owner.name}.{place.function.name} has no self: a method's first parameter is the object itself."
    if place.owner is not None and name in attributes(place.owner):
        return f"In a method of {place.owner.name}, {name} is self.{name}."
    here = top_names(place.submission.modules.get(place.module, ""))
    guess = near(name, [*names_in(place.function), *here, *dir(builtins)])
    return f"There is no {name} here. Did you mean {guess}?" if guess else _elsewhere(name, place)


def _elsewhere(name: str, place: Place) -> str:
    holding = {module: text for module, text in place.submission.modules.items() if name in top_names(text)}
    if holding and place.module not in holding:  # where it is made, and not where it is imported as well
        made = [module for module, text in holding.items() if f" import {name}" not in text]
        return f"{name} is in {file_of([*made, *holding][0])}: an import brings it here."
    own = near(name, attributes(place.owner)) if place.owner is not None else ""
    return f"There is no {name} here. Did you mean self.{own}?" if own else ""


def _unbound(match: re.Match[str], place: Place) -> str:
    name = match[1]
    nodes = ast.walk(place.function) if place.function else ()
    lines = [n.lineno for n in nodes if isinstance(n, ast.Name) and n.id == name and isinstance(n.ctx, ast.Store)]
    if not lines:
        return ""
    own = "A name that a function gives a value anywhere is the function's own."
    return f"{name} gets its value in line {min(lines)} of the same function, and that line had not run. {own}"


# -- arguments ---------------------------------------------------------------------------------------------------------


def _called(qualified: str, place: Place) -> tuple[Defined, str] | None:
    """A function of the submission and how a call of it is written, or None."""
    found = place.definition(qualified)
    if found is None or isinstance(found.node, ast.ClassDef):
        return None
    given = found.parameters[1:] if _is_method(found) else found.parameters
    name = found.owner.name if found.owner and found.node.name == "__init__" else qualified
    return found, f"{name}({', '.join(given)})"


def _is_method(found: Defined) -> bool:
    """Whether the object comes first: in a class, and not declared static."""
    decorators = [getattr(decorator, "id", "") for decorator in found.node.decorator_list]
    return found.owner is not None and "staticmethod" not in decorators


def _keyword(match: re.Match[str], place: Place) -> str:
    qualified, name = match[1], match[2]
    called = _called(qualified, place)
    if called is not None:
        found, written = called
        guess = near(name, found.parameters, initials=True)
        return f"{written} in {found.place}, has no parameter {name}.{_meant(guess)}"
    guess = _ELSEWHERE.get(name) or near(name, _KEYWORDS)
    call = place.node if guess else None
    return f"{place.words(call.func)} has no keyword {name}.{_meant(guess)}" if isinstance(call, ast.Call) else ""


def _missing(match: re.Match[str], place: Place) -> str:
    if (called := _called(match[1], place)) is None:
        return ""
    found, written = called
    classes = [name for name, other in definitions(place.submission) if isinstance(other.node, ast.ClassDef)]
    match place.node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id=name))) if name in classes and found.owner is not None:
            return f"{found.node.name} is called on an object, and {name} is the class: {name}(...) makes an object."
    missing = match[2].replace("'", "")
    by = place.words(place.node) if isinstance(place.node, ast.Call) else "the call"
    them = "them" if " " in missing else "it"
    return f"{written} in {found.place}, needs {missing}, and {by} does not give {them}."


def _too_many(match: re.Match[str], place: Place) -> str:
    if (called := _called(match[1], place)) is None:
        return ""
    found, written = called
    if _is_method(found) and (not found.parameters or found.parameters[0] != "self"):
        names = ", ".join(found.parameters)
        rule = "a method's first parameter is the object itself"
        return f"def {found.node.name}({names}) in class {match[1].partition('.')[0]} ({found.place}) has no self: {rule}."
    given = int(match[2]) - _is_method(found)
    return f"{written} in {found.place}, was called with {given} argument{'s' if given != 1 else ''}."


def _no_init(match: re.Match[str], place: Place) -> str:
    found = place.definition(match[1])
    if found is None:
        return ""
    guess = near("__init__", (name for name in attributes(found.node) if name != "__init__"))
    meant = f" It has {guess}: the name has two underscores on each side." if guess else ""
    return f"class {match[1]} in {found.place}, has no __init__.{meant}"


#: As `TABLE` of the translations.
LOOKUPS: Sequence[Rule] = (
    ("AttributeError", r"(?:type object '([\w.]{1,80})'|'([\w.]{1,80})' object) has no attribute '(\w{1,80})'", _attribute),
    ("AttributeError", r"module '([\w.]{1,80})' has no attribute '(\w{1,80})'", _of_a_module),
    ("NameError", r"name '(\w{1,80})' is not defined", _name),
    ("UnboundLocalError", r"cannot access local variable '(\w{1,80})' where it is not associated with a value", _unbound),
    ("TypeError", r"([\w.]{1,160})\(\) got an unexpected keyword argument '(\w{1,80})'(?:\. Did you mean '\w+'\?)?", _keyword),
    ("TypeError", r"([\w.]{1,160})\(\) missing \d+ required positional arguments?: ('.{1,200}')", _missing),
    ("TypeError", r"([\w.]{1,160})\(\) takes [\w ]{1,45} positional arguments? but (\d{1,6}) (?:was|were) given", _too_many),
    ("TypeError", r"(\w{1,80})\(\) takes no arguments", _no_init),
)
