"""Which misconceptions can be what a failed check sees, and which numbers may stand in the place of an open one?

Those of the submission's own code, and clean ratios.
"""

import ast
import contextlib
import operator
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache
from typing import Any

import numpy as np

from grader.course.misconceptions import Misconception, Number, load
from grader.course.source_spans import parse
from grader.course.stage import Check
from grader.diagnosis.same_answers import Answers, same
from grader.running.context import Context
from grader.submission import Submission

MOST = 24  #: numbers of one submission that are tried
_DIGITS = 4  #: of a clean number
_DULL = (0, 1, -1)  #: they stand in almost every function, and mostly make another mistake, or none, of a slip
_LARGEST_POWER = 400
_LARGEST = 1e300  #: nobody means a larger one
_DEEPEST = 12  #: operations in operations: in a longer sum each part would be added up again for each part
_OPERATIONS: dict[type[ast.operator], Callable[[Any, Any], object]] = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.FloorDiv: operator.floordiv,
    ast.Pow: lambda p, q: float(p) ** q if max(abs(p), abs(q)) <= _LARGEST_POWER else None,
}  # fmt: skip


class Candidates:
    """The bank, as far as it comes into question for a submission.

    context : with the results of the checks, some of which contradict a mistake
    """

    def __init__(self, context: Context):
        self.context = context
        self.order = {stage.id: k for k, stage in enumerate(context.course.stages)}
        self.bank = {stage.id: load(stage.folder) for stage in context.course.stages}
        self._numbers = cache(lambda functions: related(own_numbers(context.submission, functions)))

    def as_they_stand(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        """Misconceptions of the functions that can be what this check sees, those of its own stage first.

        Not those that another check contradicts; of its own stage, only those that this check is known to see; and of
        later stages none, for those are known to pass here.
        """
        own = self._about(check, functions)
        able = [m for m in own if m.stage != check.stage or check.id in m.fails or not m.fails]
        return [m for m in able if not any(self._passes(m.stage, name) for name in m.fails)]

    def filled(self, check: Check, functions: Sequence[str]) -> list[Misconception]:
        """Those with an open number, with each number of the submission's own code in its place.

        Which checks see it then is not known, so that none that passes contradicts it unasked.
        """
        able = self.open(check, functions)
        numbers = self._numbers(tuple(functions)) if able else []
        return [form for m in able for form in fillings(m, numbers)]

    def open(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        """Those with an open number, as they stand, whichever checks are known to see them."""
        return [m for m in self._about(check, functions) if m.open is not None]

    def passing(self, m: Misconception) -> list[Check]:
        """The checks of its stage that are for what this mistake is in, and that hold."""
        checks = self.context.course.stage(m.stage).checks
        return [c for c in checks if self._passes(m.stage, c.id) and any(_within(f, m.target) for f in c.functions)]

    def _about(self, check: Check, functions: Iterable[str]) -> list[Misconception]:
        everything = [m for bank in self.bank.values() for m in bank if self.order[m.stage] <= self.order[check.stage]]
        own = dict.fromkeys(m for f in functions for m in everything if _within(f, m.target))
        return sorted(own, key=lambda m: -self.order[m.stage])

    def _passes(self, stage: str, check: str) -> bool:
        result = self.context.state.results.get((stage, check))
        return result is not None and result.state == "pass"


def _within(function: str, target: str) -> bool:
    return function == target or function.startswith(f"{target}.")


def own_numbers(submission: Submission, functions: Iterable[str]) -> list[Number]:
    """The numbers in some functions of a submission, in the classes they are methods of, and in all that these name.

    A number may be written as 10**-9 or 1/1000; nothing is run.
    """
    trees = {module: tree for module, text in submission.modules.items() if (tree := parse(text)) is not None}
    defined: dict[str, list[ast.stmt]] = {}
    for tree in trees.values():
        for node in tree.body:
            for name in _bound(node):
                defined.setdefault(name, []).append(node)
    todo = list(dict.fromkeys(name.split(".")[1] for name in functions if "." in name))
    seen, found = set(todo), dict[Number, None]()
    while todo:
        for statement in defined.get(todo.pop(0), []):
            found |= dict.fromkeys(_numbers(statement))
            named = {getattr(n, "id", getattr(n, "attr", "")) for n in ast.walk(statement)}
            todo += sorted(named & defined.keys() - seen)
            seen |= named
    return [number for number in found if number not in _DULL][:MOST]


def fillings(m: Misconception, numbers: Iterable[Number]) -> list[Misconception]:
    """A misconception with each of some numbers that fits the place of its open one."""
    if m.open is None:
        return []
    whole = isinstance(m.open, int)
    fitting = [int(n) if whole else n for n in numbers if not whole or (n == int(n) and n > 1)]
    return [m.filled(n) for n in dict.fromkeys(fitting) if n != m.open]


def related(numbers: Sequence[Number]) -> list[Number]:
    """The numbers, then what else they may stand for: 1/n of a divisor, 1 - n of a share."""
    return list(dict.fromkeys([*numbers, *(1 / n for n in numbers if abs(n) > 1), *(1 - n for n in numbers if 0 < n < 1)]))


def clean_ratios(m: Misconception, given: Answers, theirs: Answers) -> list[Number]:
    """Numbers that would take the answers of a misconception to those that were given, if they differ by a clean factor.

    given, theirs : what the submission answered, and what the misconception answers with its own number
    """
    first = next((k for k, (a, b) in enumerate(zip(given, theirs)) if not same(a[2], b[2])), None)
    if first is None or m.open is None:
        return []
    factor = _factor(given[first][2], theirs[first][2])
    wanted = (m.open * factor, m.open / factor) if factor else ()
    clean = [(float(f"{value:.{_DIGITS}g}"), value) for value in wanted]
    return [number for number, value in clean if abs(number - value) <= 1e-9 * abs(value) and number not in _DULL]


def _factor(mine: object, others: object) -> float:
    """By how much all numbers of one answer are larger than those of another; 0 if that cannot be said."""
    if not isinstance(mine, float | np.ndarray) or not isinstance(others, float | np.ndarray):
        return 0.0
    p, q = np.atleast_1d(mine), np.atleast_1d(others)
    if p.dtype.kind + q.dtype.kind != "ff" or p.shape != q.shape or not p.size:
        return 0.0
    if not np.all(np.isfinite(p) & np.isfinite(q) & (q != 0)):
        return 0.0
    factor = float(np.median(p / q))
    return factor if same(p, factor * q) else 0.0


def _bound(node: ast.stmt) -> Iterator[str]:
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        yield node.name
    elif isinstance(node, ast.Assign | ast.AnnAssign):
        targets = node.targets if isinstance(node, ast.Assign) else [node.target]
        yield from (n.id for target in targets for n in ast.walk(target) if isinstance(n, ast.Name))


def _numbers(node: ast.AST) -> Iterator[Number]:
    """Every number of a text, those that are calculated before their parts."""
    for inner in ast.walk(node):
        if isinstance(inner, ast.Attribute) and inner.attr in ("eps", "epsilon"):
            yield float(np.finfo(float).eps)  # np.finfo(float).eps, sys.float_info.epsilon
        if (value := _value(inner)) is not None:
            yield value


def _value(node: ast.AST, deep: int = _DEEPEST) -> Number | None:
    """What an expression of numbers alone gives; None if that is not a number, or a very large one."""
    value: Any = None
    with contextlib.suppress(ArithmeticError, TypeError):  # the learner's own code will meet the one; no number is the other
        if isinstance(node, ast.Constant):
            value = node.value
        elif isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub) and deep:
            value = _OPERATIONS[ast.Sub](0, _value(node.operand, deep - 1))
        elif isinstance(node, ast.BinOp) and type(node.op) in _OPERATIONS and deep:
            right = _value(node.right, deep - 1)  # first: in a long sum it is the short one
            value = _OPERATIONS[type(node.op)](_value(node.left, deep - 1) if right is not None else None, right)
    fits = isinstance(value, int | float) and not isinstance(value, bool) and abs(value) < _LARGEST
    return value if fits else None
