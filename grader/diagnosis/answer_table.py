"""What each known mistake of a stage answers to the questions of each check, as digests: a text file beside the checks.

The course's own test writes it, with the reference and the mistakes at hand. Where they are not, as in a learner's kit,
it is what is left of them: it recognises a mistake by its answers, and nobody can read from it how anything is written.
"""

from collections.abc import Collection, Iterable, Sequence
from functools import lru_cache
from itertools import groupby, zip_longest

import msgspec
from msgspec import Struct

from grader.course import fingerprint
from grader.course.course import Course
from grader.course.misconceptions import load
from grader.course.stage import TOOLBOX, Stage
from grader.diagnosis.digests import Digest, digest
from grader.diagnosis.drawn_digests import Features
from grader.diagnosis.same_answers import ALL_OF_HISTORY, VALIDATION_ONLY, Answer, comparable, is_history, readings

TABLE = "known_answers.jsonl"  #: in the folder of a stage
SEED = 0  #: of the checks, for which alone there are tables
OTHERS = (0, 1)  #: the questions of a check: those of its seed, and a second kind, by which twins part
_HISTORY, _READING = ";", "*"
_NO_HISTORY = digest(("call", "train", {}))  #: what nothing of a history is compared as
_ABOUT = "Digests of what known mistakes answer. Made by `make check-tasks ARGS=--tables`."


class TableHead(Struct, frozen=True):
    """The first line: of which reference, checks and mistakes the table was made."""

    about: str
    made_of: str


class KnownMistake(Struct, frozen=True, array_like=True, tag="mistake"):
    """One form of one mistake, without its code; fields as of `Misconception`."""

    name: str
    alike: str
    hint: str  #: nothing if it is that of the form before; so is the title
    title: str = ""

    @property
    def id(self) -> str:
        return self.name.split("__")[0]

    @property
    def group(self) -> str:
        return self.alike or self.id


class RightAnswers(Struct, frozen=True, array_like=True, tag="right"):
    """What the reference answers in a check.

    answers  : for each of OTHERS, from `as_text`
    features : of a check whose answers are drawn, else empty
    equal    : the feature of that name in all draws, else empty
    """

    check: str
    answers: list[str]
    features: Features = {}
    equal: list[int] = []


class KnownAnswers(Struct, frozen=True, array_like=True, tag="given"):
    """What a mistake answers in a check that is known to see it; nothing for what is as the right answer is.

    names    : of the mistakes that answer so, likeliest first, with a blank between two
    answers  : for each of OTHERS, from `differing`
    words    : digest of what the exception says that ended it
    features : those that are not as the right answers', from `told_apart`
    """

    check: str
    names: str
    answers: list[str]
    words: str = ""
    features: Features = {}

    def length(self, right: RightAnswers) -> int:
        """How many answers it gave to the first questions, of those of which features are made."""
        told = self.answers[0] or right.answers[0]
        return len(
            expanded(told, right.answers[0], VALIDATION_ONLY if _HISTORY in right.answers[0] else ALL_OF_HISTORY)
        )


class AllAnswers(Struct, frozen=True, array_like=True, tag="all"):
    """What a mistake answers to all questions of a check, even where the check would have failed before: for mistakes
    that another check's answers do not tell apart.

    names   : as of `KnownAnswers`; nothing for the reference
    answers : from `as_text` of the reference, from `differing` of a mistake
    """

    check: str
    names: str
    answers: str


Line = KnownMistake | RightAnswers | KnownAnswers | AllAnswers


class AnswerTable:
    """The table of one stage, as it is asked.

    mistakes : by name
    right    : by check
    known    : what mistakes answer, by check
    all      : what the reference and mistakes answer to all questions, by check and name
    fails    : the checks that see a mistake, by its name
    """

    def __init__(self, made_of: str, lines: Iterable[Line]):
        self.made_of, self.lines = made_of, list(lines)
        self.mistakes = {line.name: line for line in self.lines if isinstance(line, KnownMistake)}
        self.told = {m.group: (m.title, m.hint) for m in self.mistakes.values() if m.hint}
        self.right = {line.check: line for line in self.lines if isinstance(line, RightAnswers)}
        self.known: dict[str, list[KnownAnswers]] = {check: [] for check in self.right}
        self.all: dict[tuple[str, str], str] = {}
        self.fails: dict[str, set[str]] = {name: set() for name in self.mistakes}
        for line in self.lines:
            if isinstance(line, AllAnswers):
                self.all |= {(line.check, name): line.answers for name in line.names.split(" ")}
            elif isinstance(line, KnownAnswers):
                self.known[line.check].append(line)
                for name in line.names.split(" "):
                    self.fails[name].add(line.check)

    def text(self) -> str:
        """The file: the head, the mistakes as the bank has them, then a line a pair of check and mistake, in order."""
        lines = [msgspec.json.encode(line).decode() for line in (TableHead(_ABOUT, self.made_of), *self.lines)]
        first = len(self.mistakes) + 1
        return "\n".join([*lines[:first], *sorted(lines[first:]), ""])


def read_table(stage: Stage) -> AnswerTable | None:
    """The table of a stage; None if it has none, or one of another version of the course's engine."""
    try:
        return _parsed((stage.folder / TABLE).read_bytes())
    except (OSError, msgspec.MsgspecError, KeyError):
        return None


def has_tables(course: Course) -> bool:
    """Whether mistakes can be recognised in any stage."""
    return any((stage.folder / TABLE).is_file() for stage in course.stages)


def tables_of(course: Course, stages: Collection[str]) -> dict[str, AnswerTable]:
    """The tables of some stages, but for those that are not of today; where the reference is not, nobody can tell."""
    found: dict[str, AnswerTable] = {}
    for stage in course.stages:
        table = read_table(stage) if stage.id in stages else None
        if table is not None and (course.reference is None or table.made_of == made_of(course, stage)):
            found[stage.id] = table
    return found


@lru_cache(maxsize=64)
def _parsed(content: bytes) -> AnswerTable:
    head, _, rest = content.partition(b"\n")
    lines = msgspec.json.Decoder(Line).decode_lines(rest)
    return AnswerTable(msgspec.json.decode(head, type=TableHead).made_of, lines)


def made_of(course: Course, stage: Stage) -> str:
    """What a table of today is made of: reference, toolbox, checks and mistakes, as a fingerprint."""
    folders = [(course.reference, "*.py"), (course.tasks / TOOLBOX, "*.py"), (stage.folder, "*.py")]
    files = [path for folder, pattern in folders if folder is not None for path in sorted(folder.glob(pattern))]
    return fingerprint.of_text(*(text for path in files for text in (path.name, path.read_text("utf-8"))))[:16]


def stale_tables(course: Course) -> list[str]:
    """Ids of the stages that know mistakes, and have no table, or one that is not of today."""
    known = [stage for stage in course.stages if load(stage.folder)]
    return [stage.id for stage in known if stage.id not in tables_of(course, {stage.id})]


def digests(given: Sequence[Answer]) -> list[Digest]:
    """Of each question with its answer."""
    return [digest(answer) for answer in given]


def as_text(given: Sequence[Answer]) -> str:
    """A word an answer: its digest; of what train returned, also that of the measures on the validation set; and a mark
    before what only reads an answer."""
    found: list[str] = []
    for answer, reading in zip(given, readings(given)):
        (validation,) = comparable([answer], VALIDATION_ONLY) if is_history(*answer) else (None,)
        word = str(digest(answer)) + (f"{_HISTORY}{digest(validation)}" if validation else "")
        found.append(f"{_READING}{word}" if reading else word)
    return " ".join(found)


def differing(given: str, right: str) -> str:
    """The words of known code's answers, with "=3" for three as the right answers there are; nothing if all of them are."""
    pairs = zip_longest(given.split(), right.split(), fillvalue="")
    told = [word and ("" if _alike(word, theirs) else word) for word, theirs in pairs][: len(given.split())]
    if not any(told) and len(told) == len(right.split()):
        return ""
    runs = [(same, list(words)) for same, words in groupby(told, key=lambda word: not word)]
    return " ".join(f"={len(words)}" if same else " ".join(words) for same, words in runs)


def _alike(a: str, b: str) -> bool:
    parts = [word.removeprefix(_READING).split(_HISTORY) for word in (a, b)]
    return len(parts[0]) == len(parts[1]) and all(Digest.read(p).agrees(Digest.read(q)) for p, q in zip(*parts))


def agrees(own: Sequence[Digest], told: str, right: str, much: int = ALL_OF_HISTORY) -> bool:
    """Whether answers, of which so much of a history was compared, are those of the table, and not the right ones."""
    known = expanded(told, right, much) if told else []
    return len(own) == len(known) and all(mine.agrees(theirs) for mine, theirs in zip(own, known))


def expanded(told: str, right: str, much: int) -> list[Digest]:
    """The digests of what is compared, in full."""
    found: list[Digest] = []
    for word in _whole(told, right.split()):
        full, history, validation = word.removeprefix(_READING).partition(_HISTORY)
        if much == ALL_OF_HISTORY or not history:
            if much == ALL_OF_HISTORY or word[0] != _READING:
                found.append(Digest.read(full))
        else:
            found.append(Digest.read(validation) if much == VALIDATION_ONLY else _NO_HISTORY)
    return found


def _whole(told: str, right: list[str]) -> list[str]:
    """The words, with the right answers' own where they are the same."""
    found: list[str] = []
    for word in told.split():
        found += right[len(found) : len(found) + int(word[1:])] if word[0] == "=" else [word]
    return found
