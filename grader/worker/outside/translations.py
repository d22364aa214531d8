"""What NumPy and Python say about an error, said of the learner's own expressions and the shapes they had.

A table of patterns, each with the function that puts it into words. A function that finds nothing to add gives "", and the
original sentence stands alone; it is never left out.
"""

import ast
import re
from collections.abc import Sequence

from grader.worker.outside.expressions import NamedValue, Place, Rule
from grader.worker.outside.kinds import KINDS, nothing
from grader.worker.outside.lookups import LOOKUPS

_SHAPE = r"(\([\d, ]{0,200}\))"
_NUMBER = r"(\d{1,15})"


def translated(kind: str, message: str, place: Place) -> str:
    """A sentence or two about an exception in terms of the code that raised it; "" if there is nothing to add.

    kind    : name of the exception's class
    message : its own words
    """
    if isinstance(place.node, ast.Raise):
        return ""  # the learner's own words, whatever they look like
    for name, pattern, words in TABLE:
        if kind == name and (match := re.fullmatch(pattern, message)):
            return words(match, place)
    return ""


def _shape(text: str) -> tuple[int, ...]:
    """(5, 4) of "(5,4)"."""
    return tuple(int(size) for size in re.findall(_NUMBER, text)[:8])


def _matmul(match: re.Match[str], place: Place) -> str:
    """matmul names the two sizes alone, the right one first; the shapes are what the names held."""
    right, left = match[1], match[2]
    if (operands := place.operands()) is None:
        return f"For `@` the inner two sizes must agree, and {left} is not {right}."
    facts = [f"{place.words(node)} is {held.phrase}" for node in operands[:2] if (held := place.value(node))]
    if len(facts) == 2:
        return f"{', '.join(facts)}: for {operands[2]} the inner two must agree, and {left} is not {right}."
    a, b = map(place.words, operands[:2])
    known = f" ({facts[0]})" if facts else ""
    return f"For {operands[2]} the inner two sizes must agree: the last of {a} is {left}, the first of {b} is {right}{known}."


def _not_aligned(match: re.Match[str], place: Place) -> str:
    """np.dot names both shapes."""
    if (operands := place.operands()) is None:
        return ""
    a, b = map(place.words, operands[:2])
    facts = f"{a} is {_shape(match[1])}, {b} is {_shape(match[2])}"
    return f"{facts}: for {operands[2]} the inner two must agree, and {match[3]} is not {match[4]}."


def _no_array(match: re.Match[str], place: Place) -> str:
    if (operands := place.operands()) is None:
        return ""
    left, right, operator = operands
    node = right if match[1] == "1" else left
    held = place.value(node)
    if held and held.kind == "NoneType":
        return nothing(node, place)
    said = held.phrase if held else "a single value"
    return f"For {operator} both sides must be arrays with rows or columns, and {place.words(node)} is {said}."


def _broadcast(match: re.Match[str], place: Place) -> str:
    """Two operands, and in place (`-=`) the result once more."""
    shapes = [_shape(text) for text in re.findall(_SHAPE, match[1])[:8]]
    operands = place.operands()
    if operands is None or len(shapes) not in (2, 3):
        return f"The shapes are {' and '.join(map(str, shapes))}: {_differ(shapes)}."
    a, b = shapes[:2]
    left, right = map(place.words, operands[:2])
    row = next((vector for vector, other in ((a, b), (b, a)) if len(vector) == 1 and vector == other[:1]), None)
    more = f" An array of shape {row} counts as one row of {row[0]}, not as a column." if row else ""
    return f"{left} is {a}, {right} is {b}: for {operands[2]} {_differ(shapes[:2])}.{more}"


def _differ(shapes: Sequence[tuple[int, ...]]) -> str:
    """The rule of broadcasting, and the first two sizes from the right that break it."""
    rule = "the sizes must agree, counted from the right, unless one is 1"
    for sizes in zip(*(shape[::-1] for shape in shapes)):
        unlike = sorted({size for size in sizes if size != 1}, key=sizes.index)
        if len(unlike) > 1:
            return f"{rule}, and {unlike[0]} is not {unlike[1]}"
    return rule


def _grows(match: re.Match[str], place: Place) -> str:
    if (operands := place.operands()) is None:
        return ""
    target = place.words(operands[0])
    became = f"with {place.words(operands[1])} the result is {_shape(match[2])}"
    return f"{target} is {_shape(match[1])}, and {became}: {operands[2]} writes into {target}, whose shape stays."


def _assigned(match: re.Match[str], place: Place) -> str:
    statement = place.parent(ast.Assign)
    if not isinstance(statement, ast.Assign) or not isinstance(place.node, ast.Subscript):
        return f"What is assigned is {_shape(match[1])}, and there is room for {_shape(match[2])}."
    room = f"{place.words(place.node)} has room for {_shape(match[2])}"
    return f"{room}, and {place.words(statement.value)} is {_shape(match[1])}."


_WHOLE = "any() and all() would make one answer of the whole array."
#: Functions that ask by themselves whether a value is true, or larger than another.
_ASKING = ("max", "min", "sorted", "any", "all", "bool", "filter")


def _truth(_match: re.Match[str], place: Place) -> str:
    node = getattr(place.node, "test", place.node)  # Python 3.11 names the whole statement where it jumps
    match node:
        case ast.Call(func=ast.Name(id=name)) if name in _ASKING:
            use = f"np.{name}imum compares two arrays entry by entry." if name in ("max", "min") else _WHOLE
            return f"{place.words(node)}: {name} needs one True or False to go by, and gets one for each entry. {use}"
        case ast.Compare(ops=[_, _, *_]):
            return f"{place.words(node)} is two comparisons with `and` between them. {_between('and')}"
        case ast.Compare(ops=[ast.In() | ast.NotIn()]):
            return ""
        case ast.expr():
            asks = next((other for other in (node, *reversed(place.path)) if isinstance(other, _ASKS)), None)
            return _asked(node, asks, place)
    return ""


_ASKS = (ast.If, ast.IfExp, ast.While, ast.Assert, ast.BoolOp, ast.UnaryOp)


def _asked(node: ast.expr, asks: ast.AST | None, place: Place) -> str:
    """What asked for the truth of an array, and what answers entry by entry."""
    if isinstance(asks, ast.BoolOp):
        return _between("and" if isinstance(asks.op, ast.And) else "or")
    if isinstance(asks, ast.UnaryOp):
        return f"`not` needs one True or False, and {place.words(asks.operand)} is an array; `~` works entry by entry."
    if asks is None or getattr(asks, "test", node) is not node:
        return ""
    word = {ast.While: "while", ast.Assert: "assert"}.get(type(asks), "if")
    entry = f"np.where, np.maximum or a mask work entry by entry; {_WHOLE}"
    return f"`{word}` needs one True or False, and {place.words(node)} is an array with one for each entry. {entry}"


def _between(word: str) -> str:
    sign = "&" if word == "and" else "|"
    return f"`{word}` needs one True or False on each side; `{sign}` works entry by entry, with parentheses on both sides."


# -- indices -----------------------------------------------------------------------------------------------------------


def _subscript(place: Place) -> tuple[str, str, NamedValue | None, NamedValue | None]:
    """What was indexed and by what, and what the two held."""
    node = place.node
    if not isinstance(node, ast.Subscript):
        return "", "", None, None
    return place.words(node.value), place.words(node.slice), place.value(node.value), place.value(node.slice)


def _out_of_bounds(match: re.Match[str], place: Place) -> str:
    asked, axis, size = match[1], int(match[2]), int(match[3])
    whole, index, held, _ = _subscript(place)
    if isinstance(place.node, ast.Subscript) and isinstance(place.node.slice, ast.Tuple):
        parts = place.node.slice.elts
        plain = all(not isinstance(part, ast.Constant) or isinstance(part.value, int) for part in parts)
        index = place.words(parts[axis]) if plain and axis < len(parts) else index
    numbered = f", numbered 0 to {size - 1}" if size else ""
    asks = f"{index or 'the index'} asks for number {asked}" if index != asked else f"number {asked} is asked for"
    shape = f"is {held.phrase}: it " if held and held.kind == "ndarray" else ""
    return f"{whole or 'The array'} {shape}has {_many(size, 'place')} along axis {axis}{numbered}, and {asks}."


def _past_the_end(match: re.Match[str], place: Place) -> str:
    whole, index, held, number = _subscript(place)
    if not whole:
        return ""
    size = held.sizes[0] if held and held.kind in ("list", "tuple") else None
    if size is None:
        has = f"{whole} has fewer items than that"
    else:
        has = f"{whole} has {_many(size, 'item')}" + (f", numbered 0 to {size - 1}" if size else "")
    asks = f"{index} is {number.phrase}" if number and number.kind == "int" else f"{index} asks for another"
    return f"{has}, and {asks}."


def _too_many_axes(match: re.Match[str], place: Place) -> str:
    whole, index, held, _ = _subscript(place)
    if not whole:
        return ""
    shape = f"is {held.phrase}: it " if held and held.kind == "ndarray" else ""
    return f"{whole} {shape}has {_many(int(match[1]), 'axis', 'axes')}, and [{index.strip('`')}] asks for {match[2]}."


def _no_such_axis(match: re.Match[str], place: Place) -> str:
    match place.node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="np" | "numpy")), args=[node, *_]):
            whole = node
        case ast.Call(func=ast.Attribute(value=node)):
            whole = node
        case _:
            return ""
    held, count = place.value(whole), int(match[2])
    shape = f"is {held.phrase}: it " if held and held.kind == "ndarray" else ""
    numbered = f", numbered 0 to {count - 1}" if count else ""
    return f"{place.words(whole)} {shape}has {_many(count, 'axis', 'axes')}{numbered}, and axis {match[1]} is asked for."


def _index_arrays(match: re.Match[str], place: Place) -> str:
    shapes = [str(_shape(text)) for text in re.findall(_SHAPE, match[1])[:8]]
    node = place.node
    parts = node.slice.elts if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Tuple) else []
    rule = "arrays in one pair of square brackets name places together, one by one"
    if len(parts) != len(shapes):
        return f"The index arrays are {' and '.join(shapes)}: {rule}."
    return f"{', '.join(f'{place.words(part)} is {shape}' for part, shape in zip(parts, shapes))}: {rule}."


def _many(count: int, one: str, many: str = "") -> str:
    return f"{count} {one if count == 1 else many or one + 's'}"


#: (kind of exception, the whole of what it says, what puts it into words)
TABLE: Sequence[Rule] = (
    ("ValueError", rf"matmul: Input operand 1 has a mismatch in its .*\(size {_NUMBER} is different from {_NUMBER}\)", _matmul),
    ("ValueError", rf"shapes {_SHAPE} and {_SHAPE} not aligned: {_NUMBER} \(dim \d\) != {_NUMBER} \(dim \d\)", _not_aligned),
    ("ValueError", r"matmul: Input operand ([01]) does not have enough dimensions .*", _no_array),
    ("ValueError", r"operands could not be broadcast together with shapes ([\d(), ]+)", _broadcast),
    ("ValueError", rf"non-broadcastable output operand with shape {_SHAPE} doesn't match the broadcast shape {_SHAPE}", _grows),
    ("ValueError", rf"could not broadcast input array from shape {_SHAPE} into shape {_SHAPE}", _assigned),
    ("ValueError", r"The truth value of an array with more than one element is ambiguous\..*", _truth),
    ("IndexError", rf"index (-?\d{{1,15}}) is out of bounds for axis (\d{{1,2}}) with size {_NUMBER}", _out_of_bounds),
    ("IndexError", r"(?:list|tuple)(?: assignment)? index out of range", _past_the_end),
    ("IndexError", r"too many indices for array: array is (\d{1,2})-dimensional, but (\d{1,2}) were indexed", _too_many_axes),
    ("IndexError", r"shape mismatch: indexing arrays could not be broadcast together with shapes ([\d(), ]+)", _index_arrays),
    ("AxisError", r"axis (-?\d{1,9}) is out of bounds for array of dimension (\d{1,2})", _no_such_axis),
    *KINDS,
    *LOOKUPS,
)
