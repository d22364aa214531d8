"""Values of another kind than a line needs: None, lists, functions that were not called, what cannot be taken apart."""

import ast
import re
from collections.abc import Sequence

import numpy as np

from grader.worker.outside.expressions import NamedValue, Place, Rule


def nothing(node: ast.expr, place: Place) -> str:
    """That an expression is None, and where the None came from, as far as the lines show it."""
    said, gave = place.words(node), "A function that ends without `return` gives None."
    match node:
        case ast.Call():
            return f"{said} gave None. {gave}"
        case ast.Name(id=name):
            return _local_nothing(name, place, gave)
        case ast.Attribute(value=ast.Name(id="self"), attr=name) if place.owner:
            setting = place.sets_attribute(place.owner, name)
            calls = [node for _, node in setting if isinstance(node.value, ast.Call)]
            if len(calls) == 1:
                return f"{said} is None, set in line {calls[0].lineno}: {place.words(calls[0].value)}. {gave}"
            others = [
                method for method, node in setting if not (isinstance(node.value, ast.Constant) and node.value.value is None)
            ]
            if others:
                return f"{said} is still None: {' and '.join(dict.fromkeys(others))} had not set it."
            return f"{said} is None" + (", and no method sets it to anything else." if setting else ".")
    return f"{said} is None."


def _local_nothing(name: str, place: Place, gave: str) -> str:
    assigned = place.set_before(name)
    if assigned is not None and isinstance(assigned.value, ast.Call):
        return f"{name} is None: {place.words(assigned.value)} in line {assigned.lineno} returned nothing. {gave}"
    if assigned is None and place.function is not None and name in [a.arg for a in place.function.args.args]:
        callers = [frame for frame in place.frames[:-1] if frame.marked]
        by = f" by {callers[-1].file}, line {callers[-1].marked[0]}" if callers else ""
        return f"{name} is None: it was passed in as None{by}. {gave}"
    return f"{name} is None."


def _operand(match: re.Match[str], place: Place) -> str:
    """One side is not an array: None, a list, or a function that was not called."""
    if (operands := place.operands()) is None:
        return ""
    left, right, operator = operands
    named = [*match.groups(), "", ""][:2]
    for node, kind in ((left, named[0]), (right, named[1])):
        held = place.value(node) or NamedValue(kind)
        if held.kind == "NoneType":
            return nothing(node, place)
        if held.kind in ("list", "tuple"):
            array = f"np.array({place.words(node).strip('`')})"
            return f"{place.words(node)} is {held.phrase}: {operator} works entry by entry only on arrays; {array} makes one."
        if held.kind in ("function", "method", "builtin_function_or_method"):
            return f"{place.words(node)} is a function that was not called: parentheses after its name call it."
    return ""


def _no_entries(match: re.Match[str], place: Place) -> str:
    """None was indexed, called, counted or gone through."""
    match getattr(place.node, "iter", place.node):  # Python 3.11 names the whole loop
        case ast.Subscript(value=node) if match[1] == "subscriptable":
            return nothing(node, place)
        case ast.Call(func=node) if match[1] == "callable":
            return nothing(node, place)
        case ast.Call(func=ast.Name(), args=arguments):  # zip(params, grads)
            missing = [node for node in arguments if (held := place.value(node)) and held.kind == "NoneType"]
            found = missing or arguments
            return nothing(found[0], place) if len(found) == 1 else ""
        case ast.expr() as node:
            return nothing(node, place)
    return ""


def _one_number(_: re.Match[str], place: Place) -> str:
    """A function for one number was given an array."""
    match place.node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="math"), attr=name), args=[node]) if hasattr(np, name):
            return f"math.{name} takes one number, and {place.words(node)} is an array: np.{name} works entry by entry."
    return ""


def _taken_apart(place: Place) -> tuple[str, ast.expr | None, str, bool]:
    """The names on the left, what is taken apart, what that is called, and whether it is each item of the expression."""
    left = place.words(place.node) if isinstance(place.node, ast.expr) else ""
    match place.parent(ast.Assign, ast.For):
        case ast.Assign(targets=[target], value=value) if target is place.node:
            return left, value, place.words(value), False
        case ast.For(target=target, iter=value) if target is place.node:
            return left, value, f"each item of {place.words(value)}", True
    return left, None, "", False


def _parts(match: re.Match[str], place: Place) -> str:
    left, value, whose, each = _taken_apart(place)
    if value is None:
        return ""
    held = None if each else place.value(value)
    found = match.groupdict().get("found") or (str(held.sizes[0]) if held and held.kind in ("list", "tuple") else "more")
    shape = place.value(value.value) if isinstance(value, ast.Attribute) and value.attr == "shape" else None
    known = f": it is {shape.phrase}" if shape and shape.kind == "ndarray" else ""
    return f"{left} takes {match['wanted']} values, and {whose} holds {found}{known}."


def _no_parts(match: re.Match[str], place: Place) -> str:
    left, value, whose, each = _taken_apart(place)
    if value is None:
        return ""
    if match[1] == "NoneType" and not each:
        return nothing(value, place)
    return f"{left} takes several values, and {whose} is one alone."


#: As `TABLE` of the translations.
KINDS: Sequence[Rule] = (
    ("TypeError", r"unsupported operand type\(s\) for [^:]{1,20}: '([\w.]+)' and '([\w.]+)'", _operand),
    ("TypeError", r"'[<>]=?' not supported between instances of '([\w.]+)' and '([\w.]+)'", _operand),
    ("TypeError", r"can't multiply sequence by non-int of type '[\w.]+'", _operand),
    ("TypeError", r"can only concatenate (list|tuple) \(not \"[\w.]+\"\) to (?:list|tuple)", _operand),
    ("TypeError", r"'NoneType' object is not (subscriptable|callable|iterable)", _no_entries),
    ("TypeError", r"object of type 'NoneType' has no (len)\(\)", _no_entries),
    ("ValueError", r"too many values to unpack \(expected (?P<wanted>\d{1,9})(?:, got (?P<found>\d{1,9}))?\)", _parts),
    ("ValueError", r"not enough values to unpack \(expected (?:at least )?(?P<wanted>\d{1,9}), got (?P<found>\d{1,9})\)", _parts),
    ("TypeError", r"only (?:0-dimensional|length-1|size-1) arrays can be converted to Python scalars", _one_number),
    ("TypeError", r"cannot unpack non-iterable ([\w.]+) object", _no_parts),
)
