"""Which students share code that hardly anybody else would have written: a place to look, never a verdict.

Of each function that the course asks for, the syntax tree is spelled with local names numbered and comments, docstrings
and annotations left out; a helper counts as part of what calls it. Equal spellings are a function in common, in whatever
order they stand and whatever is called how. It weighs as many bits as its share says, -log2, among the known answers and
those of the class outside the group: what many write weighs next to nothing, so that copies by half a class are found and
an honest class shows no group. What was handed out, and what the policy says is known, weighs nothing.
"""

import ast
import hashlib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Set
from pathlib import Path

import numpy as np
from msgspec import Struct

from grader.course import source_spans
from grader.course.course import Course
from grader.course.misconceptions import FILE_NAME, HELD_OUT, RIGHT, parse

#: What two students need in common: the first in a class of up to 60, the second from 300 on, and between them in between.
#: Chance gave 33 in a hundred honest classes of up to 60, 47 in a hundred of 300 and 1,000.
_LEAST_BITS = (40.0, 47.5)
_SIZES = (60, 300)
_MOST_SHARE = 0.75  #: of a class in one group: outside a larger one too few are left to say what is common
_MOST_BYTES = 1_000_000
_SILENT = {"annotation", "returns", "type_comment", "type_params", "ctx", "kind", "decorator_list"}
_Definition = ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef
Marks = Mapping[str, str]  #: a function, "Class.method" -> the hash of its spelling
Answers = Mapping[str, Mapping[str, int]]  #: a function -> hash -> how many of the known answers have it


class LookAlikes(Struct, frozen=True):
    """Students, each of whom shares enough with another one of them."""

    students: list[str]
    bits: float  #: of the two who share most
    pair: tuple[str, str]  #: these two
    functions: list[str]  #: that these two have in common, the most telling first


class Code:
    """The functions of a submission, or of a folder of known code.

    asked : functions of which each stands for itself; every other one is a helper, part of what calls it
    """

    def __init__(self, files: Mapping[str, bytes], asked: Iterable[str] = ()) -> None:
        self._asked = list(asked)
        self._apart = {*self._asked, *(name.partition(".")[0] for name in self._asked)}
        self._nodes: dict[str, tuple[ast.AST, str]] = {}  #: "Class.method" -> its definition, the file's text
        self._marks: dict[str, str] = {}
        self._modules: dict[str, str] = {}  #: "np" -> "numpy"
        for path in sorted(files):
            self._read(files[path])

    def marks(self) -> dict[str, str]:
        """Hashes of the functions asked for that are there; of all if none was asked for."""
        return {name: self._mark(name) for name in self._asked or list(self._nodes) if name in self._nodes}

    def text(self, name: str) -> str:
        """A function as it stands in its file."""
        node, source = self._nodes[name]
        return ast.get_source_segment(source, node, padded=True) or ""

    def _read(self, content: bytes) -> None:
        tree = source_spans.parse(content[:_MOST_BYTES])
        text = content[:_MOST_BYTES].decode("utf-8-sig") if tree else ""
        for top in tree.body if tree else ():  # what cannot be read as Python has no functions to compare
            if isinstance(top, ast.Import):
                self._modules |= {each.asname: each.name for each in top.names if each.asname}
            if isinstance(top, _Definition):
                self._nodes[top.name] = top, text
            if isinstance(top, ast.ClassDef):
                inner = [each for each in top.body if isinstance(each, _Definition)]
                self._nodes |= {f"{top.name}.{each.name}": (each, text) for each in inner}

    def _mark(self, name: str) -> str:
        if name not in self._marks:
            self._marks[name] = "itself"  # where it calls itself
            try:
                node, owner = self._nodes[name][0], name.rpartition(".")[0]
                spelled = "\0".join(_Spelling(self, node, owner).words)
            except RecursionError:
                spelled = name  # nested deeper than anybody writes
            self._marks[name] = hashlib.blake2b(spelled.encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()
        return self._marks[name]

    def spelled(self, name: str, owner: str) -> str:
        """A name that a function does not bind itself: a helper is what it does, a module by whatever name what it is."""
        found = next((full for full in (f"{owner}.{name}", name) if full in self._nodes), "")
        return self._mark(found) if found and found not in self._apart else self._modules.get(name, name)


class _Spelling:
    def __init__(self, code: Code, node: ast.AST, owner: str) -> None:
        self._code, self._owner = code, owner
        inner = [each for each in ast.walk(node) if each is not node]
        self._own = {each.arg for each in inner if isinstance(each, ast.arg)}
        self._own |= {each.id for each in inner if isinstance(each, ast.Name) and isinstance(each.ctx, ast.Store)}
        self._own |= {each.name for each in inner if isinstance(each, _Definition)}
        self._numbers: dict[str, str] = {}
        arguments = [each.arg for each in inner if isinstance(each, ast.arg)] if self._owner else []
        self._self = arguments[0] if arguments else ""
        self.words = list[str]()  # one list, not generators in one another: these take time for each level of each word
        self.of(node)

    def of(self, node: ast.AST) -> None:
        match node:
            case ast.Name(id=name) | ast.arg(arg=name):
                self.words.append(self._numbered(name) if name in self._own else self._code.spelled(name, ""))
            case ast.Attribute(value=ast.Name(id=first), attr=name) if first == self._self:
                method = self._code.spelled(name, self._owner)
                self.words.append("self." + (method if method != name else self._numbered(f".{name}")))
            case ast.Expr(value=ast.Constant(value=str())) | ast.AnnAssign(value=None):
                return  # a docstring; only a type
            case ast.AnnAssign(target=target, value=ast.expr() as value):
                self.of(ast.Assign([target], value))
            case ast.Constant(value=value):
                self.words.append(repr(value))
            case _:
                self.words.append(type(node).__name__)
                silent = _SILENT | {"name"} if isinstance(node, _Definition) else _SILENT
                for field, value in ast.iter_fields(node):
                    if field not in silent:
                        self.words.append(field)
                        for each in value if isinstance(value, list) else [value]:
                            if isinstance(each, ast.AST):
                                self.of(each)
                            elif each is not None:
                                self.words.append(str(each))

    def _numbered(self, name: str) -> str:
        return self._numbers.setdefault(name, f"_{len(self._numbers)}")


def known_answers(course: Course) -> dict[str, Counter[str]]:
    """How the functions of the course are written, so far as it knows: by its right answers and held-out forms.

    An answer that shares most of its functions with an earlier one was made from it: what they share counts once.
    """
    names, right = asked_for(course), course.folder / RIGHT
    wholes: list[dict[str, str]] = []
    for folder in filter(None, (course.reference, *sorted(path for path in right.glob("*/") if path.name[0] not in "._"))):
        own = Code(python_files(folder), names).marks()
        for other in wholes:
            if len(both := own.items() & other.items()) > len(own) / 2:
                own = dict(own.items() - both)
        wholes.append(own)
    for path in (*sorted(right.glob("*.py")), *sorted((course.folder / HELD_OUT).glob("*.py"))):
        for form in parse(path.read_text("utf-8"), path.stem):
            target, text = form.target.partition(".")[2], f"{form.helpers}\n\n{form.source}"
            own_name = {name: form.name + name.removeprefix(target) for name in names if f"{name}.".startswith(f"{target}.")}
            marks = Code({path.name: text.encode()}, own_name.values()).marks()
            wholes.append({name: marks[own] for name, own in own_name.items() if own in marks})
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for marks in wholes:
        for name in marks:
            found[name][marks[name]] += 1
    return found


def known_marks(course: Course, folders: Iterable[Path]) -> set[str]:
    """Hashes of what everybody was given, and of what stands in folders that all may have seen."""
    names, found = asked_for(course), set[str]()
    parts = [{path.as_posix(): path.read_bytes()} for path in sorted(course.tasks.glob("*/*.py")) if path.name != FILE_NAME]
    for folder in (course.student, *folders):
        parts += [python_files(each) for each in sorted({path.parent for path in folder.rglob("*.py")})]
    for files in parts:
        found |= {*Code(files, names).marks().values(), *Code(files).marks().values()}
    return found


def asked_for(course: Course) -> list[str]:
    """The functions that the course asks for, without their modules: "Class.method"."""
    return [name.partition(".")[2] for name in course.claimed_by()]


def python_files(folder: Path) -> dict[str, bytes]:
    """The Python files below a folder."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(folder.rglob("*.py"))}


def groups(students: Mapping[str, Marks], answers: Answers, known: Set[str] = frozenset()) -> list[LookAlikes]:
    """The groups of a class, the largest first. One that was found counts as one student for the next.

    students : each with the functions that they wrote
    known    : hashes that weigh nothing
    """
    found: list[LookAlikes] = []
    while those := _linked(students, answers, known):
        few = sum(len(group.students) for group in those) <= len(students) / 10  # what is common is so with and without them
        found += those if few else [max(those, key=lambda group: group.bits)]
        students = {name: marks for name, marks in students.items() if not few and name not in found[-1].students[1:]}
    return sorted(found, key=lambda group: (-len(group.students), group.students))


def _linked(students: Mapping[str, Marks], answers: Answers, known: Set[str]) -> list[LookAlikes]:
    """Students who are linked by pairs that share enough."""
    table = _Table(students, answers, known)
    together: dict[int, set[int]] = {}
    best: dict[int, tuple[float, int, list[str]]] = {}
    for one in range(len(students)):
        for other, bits, functions in table.around(one):
            best[one] = max(best.get(one, (0.0, one, [])), (bits, other, functions))
            joined = together.get(one, {one}) | together.get(other, {other})
            together |= dict.fromkeys(joined, joined)
    found, names = [], sorted(students)
    for members in {frozenset(joined) for joined in together.values()}:
        one = max(members & best.keys(), key=lambda member: (best[member][0], -member))
        bits, other, functions = best[one]
        those = [names[member] for member in sorted(members)]
        found.append(LookAlikes(those, round(bits), (names[one], names[other]), functions))
    return found


class _Table:
    """Who wrote what: a row a student, a column a function, a number for each spelling."""

    def __init__(self, students: Mapping[str, Marks], answers: Answers, known: Set[str]) -> None:
        self._slots = sorted({slot for marks in students.values() for slot in marks})
        numbers: dict[tuple[str, str], int] = {}
        self._cells = np.full((len(students), len(self._slots)), -1)  # -1: not written
        for row, name in enumerate(sorted(students)):
            for column, slot in enumerate(self._slots):
                if (mark := students[name].get(slot, "")) and mark not in known:
                    self._cells[row, column] = numbers.setdefault((slot, mark), len(numbers))
        self._answers = np.array([answers.get(slot, {}).get(mark, 0) for slot, mark in numbers] + [0])
        most = np.array([max(answers.get(slot, {"": 0}).values()) for slot, _ in numbers] + [0])
        self._usual = (self._answers > 1) & (self._answers == most)  #: what most known answers do
        self._written = self._cells >= 0
        self._everybody = self._written.sum(0) + [sum(answers.get(slot, {}).values()) for slot in self._slots]
        self._least = np.interp(len(students), _SIZES, _LEAST_BITS)

    def around(self, one: int) -> list[tuple[int, float, list[str]]]:
        """Who shares enough with one student: row, bits, functions in common.

        The group is not known beforehand: those who share most with the student are taken for it, as many as fit best.
        """
        equal = (self._cells == self._cells[one]) & self._written[one]
        shared = equal.sum(1)
        shared[one] += len(self._slots)  # the student comes first
        near = np.argsort(-shared, kind="stable")[: max(2, int(_MOST_SHARE * len(shared)))]
        inside = equal[near]
        outside = equal.sum(0) + self._answers[self._cells[one]] - inside.cumsum(0)
        weights = -np.log2((outside + 1) / (self._everybody - self._written[near].cumsum(0) + 1))
        weights = np.where(self._usual[self._cells[one]], np.minimum(weights, 1.0), weights)  # anybody may write that
        enough = np.flatnonzero((inside * weights).sum(1)[1:] >= self._least) + 1
        if not len(enough):
            return []
        weight = weights[enough[-1]]
        found = []
        for place in range(1, enough[-1] + 1):
            if (bits := float((inside[place] * weight).sum())) >= self._least:
                telling = sorted(np.flatnonzero(inside[place]), key=lambda column: -weight[column])
                found.append((int(near[place]), bits, [self._slots[column] for column in telling]))
        return found
