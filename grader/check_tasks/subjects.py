"""What the course tests itself with: mutants, right answers, and answers that earn nothing."""

from pathlib import Path

from grader.course.course import Course
from grader.course.misconceptions import Misconception, apply, load, parse
from grader.submission import Submission, read_submission

#: In a course's folder.
RIGHT, HELD_OUT = "tests/mistakes/right", "tests/mistakes/held_out"


def mutants(course: Course, reference: Submission) -> dict[str, tuple[Misconception, Submission]]:
    """The reference with one misconception in it, by "stage:name"."""
    bank = [m for stage in course.stages for m in load(stage.folder)]
    return {f"{m.stage}:{m.name}": (m, apply(reference, m)) for m in bank}


def right_answers(course: Course, reference: Submission, slow: bool = True) -> dict[str, Submission]:
    """Whole submissions, and single functions in another style put into the reference, by name.

    slow : also those with which training on all images would take hours
    """
    folder = course.folder / RIGHT
    if not folder.is_dir():
        return {}
    found = {path.name: read_submission(path) for path in sorted(folder.iterdir()) if _is_submission(path)}
    for path in sorted(folder.glob("*.py")):
        for form in parse(path.read_text(encoding="utf-8"), path.stem):
            if slow or not form.slow:
                found[form.name] = apply(reference, form)
    return found


def held_out(course: Course, reference: Submission) -> dict[str, tuple[Misconception, Submission]]:
    """Second implementations of misconceptions, which `diagnose` has never seen, by "stage:name"."""
    found = {}
    for stage in course.stages:
        path = course.folder / HELD_OUT / f"{stage.id}.py"
        if path.is_file():
            for m in parse(path.read_text(encoding="utf-8"), stage.id):
                found[f"{m.stage}:{m.name}"] = (m, apply(reference, m))
    return found


def degenerate(course: Course, reference: Submission) -> dict[str, tuple[str, Submission]]:
    """All functions of a stage answering without an idea, by "stage:kind"; kinds as in DEGENERATE."""
    found = {}
    for stage in course.stages:
        functions = [claim for claim in stage.claims if not claim.rpartition(".")[2].isupper()]
        for kind, change in DEGENERATE.items():
            texts = dict(reference.modules)
            for name in functions:
                module, *path = name.split(".")
                where, names = ".".join(path), {"change": change, "path": ".".join(path)}
                text = _AT_BIRTH if where.endswith("__init__") else _LATER
                texts[module] += _CHANGES + text.format(**names)
            if functions:
                found[f"{stage.id}:{kind}"] = (stage.id, reference.replaced(texts, f"{stage.id}-{kind}"))
    return found


#: What becomes of the right answer, by name.
DEGENERATE = {
    "zeros": "_each(lambda v: v * 0, right)",
    "its input": "([a for a in arguments if isinstance(a, np.ndarray)] or [None])[0]",
    "a constant": "1.0",
    "another shape": "_each(lambda v: np.asarray(v)[None], right)",
}

_CHANGES = """

import copy
import numpy as np

def _each(change, value):
    if isinstance(value, dict):
        return {name: _each(change, item) for name, item in value.items()}
    if isinstance(value, list):
        return [_each(change, item) for item in value]
    if isinstance(value, (int, float, np.number, np.ndarray)):
        return change(value)
    return None if value is None else [_each(change, item) for item in map(list, value)]

def _around(method, change):
    def changed(*arguments, **named):
        kept = [np.copy(a) for a in arguments[1] if isinstance(a, np.ndarray)] if method.__name__ == "step" else []
        if method.__name__ == "train":
            arguments = (copy.deepcopy(arguments[0]), *arguments[1:])  # the caller's network stays as it is
        right = method(*arguments, **named)
        for array, was in zip(arguments[1], kept) if kept else ():
            array[...] = was  # what works in place does nothing
        for name in ("dW", "db") if method.__name__ == "backward" else ():
            if hasattr(arguments[0], name):
                setattr(arguments[0], name, change(getattr(arguments[0], name), arguments))
        return change(right, arguments)
    return changed
"""

_LATER = """
{path} = _around({path}, lambda right, arguments: {change})
"""

_AT_BIRTH = """
def _born(self, *arguments, _init={path}, **named):
    _init(self, *arguments, **named)
    for name, right in list(vars(self).items()):
        value = (lambda right, arguments: {change})(right, (right,))
        setattr(self, name, value if not isinstance(right, list) else [])
{path} = _born
"""


def _is_submission(path: Path) -> bool:
    return path.is_dir() and path.name[0] not in "._" and (path / "layers.py").is_file()
